//go:build linux

package main

import (
	"bytes"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/cork-go/cork/internal/netpoll"
)

// loop is a sketch of an event loop: no faults, no pipelines, no output that
// does not fit, one request per read. What a connection is, is its descriptor.
type loop struct {
	*server
	poller *netpoll.Poller
	events [256]netpoll.Event
	n      int // events
	next   int
	buf    []byte

	yielded time.Time

	// word is the token: a number, times two, plus one while the leader is inside
	// of a handler. Who changes it has the token.
	word atomic.Uint64

	standing atomic.Bool // the stand-by is in some run queue, or runs
	standBy  chan *loop
}

func newLoop(s *server) *loop {
	poller, err := netpoll.NewPoller(netpoll.OS)
	check(err)
	l := &loop{server: s, poller: poller, buf: make([]byte, 4096)}
	if s.way.standBy {
		l.newStandBy()
	}
	go l.lead(0)
	return l
}

// request is what a handler gets to know.
type request struct {
	fd   int
	slow bool
	key  uint32
}

// lead serves what is ready while it has the token.
func (l *loop) lead(number uint64) {
	for {
		if l.next == l.n {
			l.yield()
			n, err := 0, error(nil)
			if l.n >= 4 { // else it is likely to wait, and Wait asks too
				n, err = l.poller.Poll(l.events[:])
			}
			if n == 0 && err == nil {
				n, err = l.poller.Wait(l.events[:], -1)
			}
			check(err)
			l.n, l.next = n, 0
			continue
		}
		fd := int(l.events[l.next].FD)
		l.next++
		r, ok := read(fd, l.buf)
		if !ok {
			continue
		}
		switch {
		case l.way.goroutines:
			go l.serve(r)
		case l.way.pool > 0:
			l.work <- r
		case !l.way.follows:
			l.serve(r)
		case l.way.learns && l.known.blocks(r.key):
			if l.way.handsOver {
				l.word.Store((number + 1) << 1)
				l.spares.work(job{of: l, number: number + 1})
				job{request: r, of: l, known: true}.do()
				return
			}
			l.spares.work(job{request: r, of: l, known: true})
		default:
			number++
			l.word.Store(number<<1 | 1)
			if l.way.standBy && !l.standing.Load() {
				l.standing.Store(true)
				l.standBy <- l
			}
			handle(r)
			led := l.word.CompareAndSwap(number<<1|1, number<<1)
			answer(r)
			if !led {
				if l.way.learns {
					l.known.blocked(r.key)
				}
				return
			}
		}
	}
}

// yield lets other goroutines run, and timers.
func (l *loop) yield() {
	if l.way.yieldAfter == 0 {
		return
	}
	if now := time.Now(); now.Sub(l.yielded) > l.way.yieldAfter {
		l.yielded = now
		runtime.Gosched()
	}
}

// take takes the token from a leader that is inside.
func (l *loop) take(word uint64) bool {
	number := word>>1 + 1
	return l.word.CompareAndSwap(word, number<<1)
}

// newStandBy makes the goroutine that leads on when the leader blocks: it is
// ready to run while the leader is in a handler, and runs when that gives the
// processor away.
func (l *loop) newStandBy() {
	l.standBy = make(chan *loop)
	go func() {
		for range l.standBy {
			word := l.word.Load()
			if l.way.patience > 0 && word&1 == 1 {
				time.Sleep(l.way.patience) // somebody else's processor, perhaps
			}
			if word&1 == 1 && l.take(word) {
				l.newStandBy()
				l.standing.Store(false)
				l.lead(word>>1 + 1)
				return
			}
			l.standing.Store(false)
		}
	}()
}

// monitor takes the token from leaders that are where they were a tick ago.
func (s *server) monitor() {
	last := make([]uint64, len(s.loops))
	for {
		time.Sleep(s.way.tick)
		for i, l := range s.loops {
			word := l.word.Load()
			if word&1 == 1 && word == last[i] && l.take(word) {
				s.spares.work(job{of: l, number: word>>1 + 1})
			}
			last[i] = word
		}
	}
}

// job is what a spare goroutine gets to do: lead, or serve.
type job struct {
	request
	of     *loop
	number uint64
	known  bool // serve
}

func (j job) do() {
	if !j.known {
		j.of.lead(j.number)
		return
	}
	begin := time.Now()
	handle(j.request)
	j.of.known.ran(j.key, time.Since(begin))
	answer(j.request)
}

// spares are goroutines without work; the last that came goes first.
type spares struct {
	idle chan chan job
}

func (s *spares) work(j job) {
	select {
	case c := <-s.idle:
		c <- j
	default:
		go func() {
			c := make(chan job)
			for {
				j.do()
				select {
				case s.idle <- c:
				default:
					return
				}
				j = <-c
			}
		}()
	}
}

// read reads a request. It is whole, since the load sends it so.
func read(fd int, buf []byte) (r request, ok bool) {
	n, err := netpoll.OS.Read(fd, buf)
	if n <= 0 || err != nil {
		if err == nil {
			_ = netpoll.OS.Close(fd)
		}
		return r, false
	}
	r.fd = fd
	if path, found := bytes.CutPrefix(buf[:n], []byte("GET ")); found {
		end := bytes.IndexByte(path, ' ')
		r.slow = bytes.HasPrefix(path, []byte("/s"))
		r.key = hash(path[:max(0, end)])
	}
	return r, true
}

func hash(p []byte) uint32 {
	h := uint32(2166136261)
	for _, b := range p {
		h = (h ^ uint32(b)) * 16777619
	}
	return h
}
