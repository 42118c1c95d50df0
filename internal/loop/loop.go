package loop

import (
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cork-go/cork/internal/netpoll"
	"github.com/cork-go/cork/internal/timewheel"
)

const (
	// readBytes is the size of a loop's read buffer, Node's.
	readBytes = 64 << 10

	// eventsMax is how many events are taken from the kernel at a time. What does
	// not fit comes next time.
	eventsMax = 256

	// groupMax is how many of what is ready make a group. A larger one makes it no
	// cheaper.
	groupMax = 32

	// keptBytesMax is how much output of a socket is kept for the end of a group. To
	// copy more costs what the caches save: pipelined answers.
	keptBytesMax = 1 << 10

	// aheadBytesMin is how much room there must be for another socket's input.
	aheadBytesMin = 4 << 10

	// yieldAfter is how long a leader that always finds something to do keeps its
	// processor from goroutines that are ready to run, and from timers. The scheduler
	// alone would let them wait for 10 ms. Where handlers have blocked, they are among
	// those, and to let them wait makes them come in bursts.
	yieldAfter       = 500 * time.Microsecond
	yieldAfterShared = 100 * time.Microsecond

	// busyEvents is how many events at a time make it likely that there are more
	// already.
	busyEvents = 4
)

// Task is what other goroutines want done by the one that leads the loop.
type Task interface {
	// Run is called once per Post. It must not block but between Turn.Enter and
	// Turn.Leave.
	Run(turn *Turn)
}

// Loop is one event loop.
type Loop struct {
	group  *Group
	poller *netpoll.Poller

	// Data is for the user of the package. Set before the first connection.
	Data any

	// word is the token: a number that grows with each Enter and each change of
	// the leader, times two, plus one while the leader is inside code that may
	// block. Whoever increments the number of an odd word has the token.
	word atomic.Uint64

	// standsBy: a stand-by is ready to run, or there should be none.
	standsBy atomic.Bool

	count atomic.Int32 // sockets

	// Owned by the goroutine that leads.
	events   []netpoll.Event
	ready    []readyItem
	next     int // of ready
	groupEnd int // of ready: read ahead and pushed together
	buf      []byte
	ahead    []byte    // what was read ahead
	kept     []byte    // output of pushes
	pushes   []*Socket // to be pushed, from pushed on
	pushed   int
	time     time.Time
	nanos    int64   // time, on the clock of timers
	inside   Handler // set by Enter
	yielded  int64   // when other goroutines could run last, by nanos
	busy     bool    // there were many events last time

	mu          sync.Mutex
	sockets     []*Socket // by descriptor
	listeners   map[int32]*Listener
	posts       []Task
	wheel       timewheel.Wheel[Socket]
	expire      func(*Socket) // l.expired, made once
	parked      bool          // the leader waits in the poller, and has to be woken
	parkedUntil int64         // … and wakes at this time by itself
	closed      bool
}

func newLoop(g *Group, i int) (*Loop, error) {
	poller, err := netpoll.NewPoller(g.sys)
	if err != nil {
		return nil, err
	}
	l := &Loop{group: g, poller: poller, events: make([]netpoll.Event, eventsMax), time: g.now(),
		listeners: make(map[int32]*Listener)}
	l.expire = l.expired
	l.standsBy.Store(true)
	l.wheel.Init(max(0, g.nanos(l.time)))
	return l, nil
}

// Post has task run by the goroutine that leads the loop, soon. Any goroutine may
// call it. A loop that has ended drops it.
func (l *Loop) Post(task Task) {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	l.posts = append(l.posts, task)
	wake := l.unpark()
	l.mu.Unlock()
	if wake {
		l.wake()
	}
}

// unpark reports whether the leader has to be woken, once. mu is held.
func (l *Loop) unpark() bool {
	wake := l.parked
	l.parked = false
	return wake
}

func (l *Loop) wake() {
	if err := l.poller.Wake(); err != os.ErrClosed { // the loop has ended meanwhile
		l.group.fail(err)
	}
}

// stop ends the loop: its leader, or the next one, does not wait any more.
func (l *Loop) stop() {
	l.mu.Lock()
	l.closed = true
	clear(l.posts)
	l.posts = nil
	wake := l.unpark()
	l.mu.Unlock()
	if wake {
		l.wake()
	}
}

// lead takes turns while t has the token.
func (l *Loop) lead(t *Turn) {
	for {
		if l.next == l.groupEnd && !t.nextGroup() {
			return
		}
		item := l.ready[l.next]
		l.ready[l.next] = readyItem{}
		l.next++
		t.dispatch(&item)
		if !t.leads() {
			return
		}
	}
}

// end is the last thing that a loop does.
func (l *Loop) end() {
	l.mu.Lock()
	_ = l.poller.Close()
	l.mu.Unlock()
	l.group.running.Add(-1)
}

// refill makes a new ready list. It reports false when the loop has ended.
func (l *Loop) refill() bool {
	l.ready, l.next, l.groupEnd = l.ready[:0], 0, 0
	if since := l.nanos - l.yielded; since > int64(yieldAfterShared) && (since > int64(yieldAfter) || l.group.shares.Load()) {
		l.yielded = l.nanos
		runtime.Gosched()
	}
	for len(l.ready) == 0 {
		n, ok := l.wait()
		if !ok {
			return false
		}
		l.look()
		if !l.collect(n) {
			return false
		}
	}
	return true
}

// wait asks for events, and parks if there are none. A leader that had few of
// them last time is likely to park, and the poller asks once more before that.
func (l *Loop) wait() (n int, ok bool) {
	if l.busy {
		n, err := l.poller.Poll(l.events)
		if l.busy = n >= busyEvents; n > 0 || err != nil {
			return n, l.usable(err)
		}
	}
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return 0, false
	}
	timeout := l.timeout()
	if len(l.posts) > 0 {
		timeout = 0
	}
	l.parked = timeout != 0
	l.mu.Unlock()
	n, err := l.poller.Wait(l.events, timeout)
	l.mu.Lock()
	l.parked = false
	l.mu.Unlock()
	l.busy = n >= busyEvents
	return n, l.usable(err)
}

// timeout is how long the leader may park, negative for ever. It counts from the
// begin of the turn: timers may be late by as long as that took. mu is held.
func (l *Loop) timeout() time.Duration {
	when, armed := l.wheel.Next()
	if !armed {
		l.parkedUntil = 1<<63 - 1
		return -1
	}
	l.parkedUntil = when
	return max(0, time.Duration(when-l.nanos))
}

// usable reports whether the loop can go on.
func (l *Loop) usable(err error) bool {
	if err == nil {
		return true
	}
	l.mu.Lock()
	closed := l.closed
	l.mu.Unlock()
	if closed {
		return false
	}
	l.group.fail(err)
	time.Sleep(time.Millisecond) // no memory, perhaps: do not spin
	return true
}

// readyItem is something to be done: by a socket, a listener or a task.
type readyItem struct {
	socket   *Socket
	listener *Listener
	task     Task
	flags    netpoll.Flags
	timeout  bool
}

// look looks at the clock, once a turn.
func (l *Loop) look() {
	l.time = l.group.now()
	l.nanos = l.group.nanos(l.time)
}

// collect makes the ready list of n events, of timers and of posts. It reports
// false when the loop has ended.
func (l *Loop) collect(n int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	for _, e := range l.events[:n] {
		if int(e.FD) < len(l.sockets) && l.sockets[e.FD] != nil {
			l.ready = append(l.ready, readyItem{socket: l.sockets[e.FD], flags: e.Flags})
		} else if listener := l.listeners[e.FD]; listener != nil {
			l.ready = append(l.ready, readyItem{listener: listener})
		}
	}
	for i, task := range l.posts {
		l.ready = append(l.ready, readyItem{task: task})
		l.posts[i] = nil
	}
	l.posts = l.posts[:0]
	if l.wheel.Len() > 0 {
		l.wheel.Advance(l.nanos, l.expire)
	}
	return true
}

func (l *Loop) expired(s *Socket) {
	l.ready = append(l.ready, readyItem{socket: s, timeout: true})
}

// watch has the poller tell of fd, or changes what it tells. The poller's
// descriptor is used under mu, so that it is not closed meanwhile.
func (l *Loop) watch(fd int, mode netpoll.Mode, again bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return syscall.ECANCELED
	case again:
		return l.group.sys.PollMod(l.poller.FD(), fd, mode)
	}
	return l.group.sys.PollAdd(l.poller.FD(), fd, mode)
}

// unwatch has the poller forget fd.
func (l *Loop) unwatch(fd int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		_ = l.group.sys.PollDel(l.poller.FD(), fd)
	}
}
