//go:build linux

package main

import (
	"log"
	"net"
	"runtime"
	"time"

	"github.com/cork-go/cork/internal/netpoll"
)

// way is one answer to the question where handlers run.
type way struct {
	name       string
	what       string
	goroutines bool // one for each request
	pool       int  // so many goroutines take requests from a channel
	follows    bool // leader and follower
	tick       time.Duration
	standBy    bool
	patience   time.Duration // of the stand-by
	learns     bool
	yieldAfter time.Duration // a leader that does not park
	handsOver  bool          // what is learned runs where it is, and another goroutine leads on
}

const (
	often   = time.Millisecond
	seldom  = 20 * time.Millisecond // as if it were not there
	yielded = 100 * time.Microsecond
)

var ways = []way{
	{name: "inline", what: "handlers run on the loop, which waits for them"},
	{name: "goroutine", what: "a new goroutine for each request", goroutines: true},
	{name: "pool", what: "256 goroutines take requests from a channel", pool: 256},
	{name: "monitor", what: "leader and follower, a monitor looks each millisecond", follows: true, tick: often},
	{name: "monitor-100", what: "the same, it asks to look each 100 µs", follows: true, tick: 100 * time.Microsecond},
	{name: "standby", what: "leader and follower, a stand-by goroutine in the run queue", follows: true, standBy: true, tick: seldom},
	{name: "standby-50", what: "the same, it looks again 50 µs later", follows: true, standBy: true, patience: 50 * time.Microsecond, tick: seldom},
	{name: "learned-burst", what: "what has blocked starts on another goroutine", follows: true, learns: true, tick: seldom},
	{name: "learned-often", what: "the same, the loop yields each 100 µs, the monitor looks each millisecond", follows: true, learns: true, yieldAfter: yielded, tick: often},
	{name: "learned", what: "the same, it looks seldom", follows: true, learns: true, yieldAfter: yielded, tick: seldom},
	{name: "learned-over", what: "what has blocked keeps its goroutine, and another one leads", follows: true, learns: true, handsOver: true, tick: seldom},
	{name: "learned-standby", what: "learned, and a stand-by", follows: true, learns: true, yieldAfter: yielded, standBy: true, tick: seldom},
}

// server is what the loops share.
type server struct {
	way    way
	loops  []*loop
	work   chan request
	known  known
	spares spares
}

const body = "Hello, World!"

var response = []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n" +
	"Date: Sat, 01 Jan 2000 00:00:00 GMT\r\nContent-Length: 13\r\n\r\n" + body)

// handle is the application.
func handle(r request) {
	if r.slow {
		time.Sleep(50 * time.Millisecond)
	}
}

func answer(r request) {
	_, _ = netpoll.OS.Write(r.fd, response) // a client that has gone is found out when it is read
}

func (s *server) serve(r request) {
	handle(r)
	answer(r)
}

// serve serves for ever.
func serve(w way, addr string) {
	s := &server{way: w, work: make(chan request, 1024), spares: spares{make(chan chan job, 256)}}
	for range w.pool {
		go func() {
			for r := range s.work {
				s.serve(r)
			}
		}()
	}
	for range runtime.GOMAXPROCS(0) {
		s.loops = append(s.loops, newLoop(s))
	}
	if w.tick > 0 {
		go s.monitor()
	}
	listener, err := net.Listen("tcp", addr)
	check(err)
	for i := 0; ; i++ {
		c, err := listener.Accept()
		check(err)
		raw, err := c.(*net.TCPConn).SyscallConn()
		check(err)
		fd := -1
		check(raw.Control(func(own uintptr) { fd, err = netpoll.OS.Dup(int(own)) }))
		check(err)
		_ = c.Close()
		check(netpoll.OS.PollAdd(s.loops[i%len(s.loops)].poller.FD(), fd, netpoll.ReadEdge))
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
