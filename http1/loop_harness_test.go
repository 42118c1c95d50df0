package http1

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"sync"
	"testing"

	"github.com/cork-go/cork/internal/netpoll"
	"github.com/cork-go/cork/internal/netpoll/faulty"
)

// loopServer is a server on event loops, and the books of its descriptors.
type loopServer struct {
	*Server
	sys     *books
	network string
	addr    string
	served  chan error
	before  int // goroutines
}

// needLoops skips what tests event loops where there are none, and the second
// time.
func needLoops(t testing.TB) {
	t.Helper()
	if !netpoll.Supported || testCarrier == CarrierNet {
		t.Skip("no event loops")
	}
}

// startLoops serves s on event loops until the test ends, and then checks that
// nothing is left of it.
func startLoops(t *testing.T, s *Server) *loopServer {
	t.Helper()
	ls := serveLoops(t, s)
	t.Cleanup(func() {
		s.Close()
		ls.checkGone(t)
	})
	return ls
}

// serveLoops serves s on event loops. Somebody has to end that, and should call
// checkGone then.
func serveLoops(t testing.TB, s *Server) *loopServer {
	t.Helper()
	needLoops(t)
	ls := &loopServer{Server: s, before: goroutines(), served: make(chan error, 1)}
	if s.sys == nil {
		s.sys = newBooks()
	}
	switch sys := s.sys.(type) {
	case *books:
		ls.sys = sys
	case *slowSys:
		ls.sys = sys.books
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	s.Carrier = CarrierLoop
	s.wary = wary(t)
	listening := make(chan bool)
	go func() {
		ls.served <- s.listenAndServe("127.0.0.1:0", []func(){func() { close(listening) }})
	}()
	select {
	case <-listening:
	case err := <-ls.served:
		t.Fatalf("not listening: %v", err)
	}
	ls.addr = s.Address().String()
	return ls
}

// wary reports whether the requests of a test begin on the loop, or elsewhere if
// they are the first of their kind. It is drawn by lot.
func wary(t testing.TB) bool {
	wary := rand.IntN(2) == 1
	t.Cleanup(func() {
		if wary && t.Failed() {
			t.Log("the server was wary")
		}
	})
	return wary
}

// checkGone checks that a server that was closed has left nothing behind.
func (ls *loopServer) checkGone(t testing.TB) {
	t.Helper()
	if err := <-ls.served; err != http.ErrServerClosed {
		t.Errorf("Serve: %v", err)
	}
	what := ""
	if !soon(func() bool { what = ls.left(); return what == "" }) {
		t.Errorf("left behind: %s", what)
	}
	if misuse := ls.sys.Misuse(); len(misuse) > 0 {
		t.Errorf("misuse: %v", misuse)
	}
}

// left says what is still there of a server.
func (ls *loopServer) left() string {
	what := lent(ls.Server)
	if n := ls.alive.Load(); n != 0 {
		what += fmt.Sprint(n, " connections alive ")
	}
	if ls.loops != nil {
		if n := ls.loops.group.Connections(); n != 0 {
			what += fmt.Sprint(n, " connections ")
		}
		if n := ls.loops.group.Chunks(); n != 0 {
			what += fmt.Sprint(n, " chunks ")
		}
	}
	if n := runtime.NumGoroutine(); n > ls.before {
		what += fmt.Sprint(n-ls.before, " goroutines ")
	}
	if open := ls.sys.Open(); len(open) > 0 {
		what += fmt.Sprint("descriptors ", open)
	}
	return what
}

// books is a faulty.Sys that knows what happens to a connection that is handed
// over: package net closes it.
type books struct {
	*faulty.Sys
	mu        sync.Mutex
	listeners map[int]bool
}

func newBooks() *books {
	return &books{Sys: faulty.New(netpoll.OS), listeners: map[int]bool{}}
}

func (b *books) PollAdd(poll, fd int, mode netpoll.Mode) error {
	if mode == netpoll.ReadLevelExclusive {
		b.mu.Lock()
		b.listeners[fd] = true
		b.mu.Unlock()
	}
	return b.Sys.PollAdd(poll, fd, mode)
}

func (b *books) PollDel(poll, fd int) error {
	err := b.Sys.PollDel(poll, fd)
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.listeners[fd] {
		b.Forget(fd)
	}
	return err
}

// dialLoops opens a connection to ls.
func (ls *loopServer) dial(t testing.TB) *net.TCPConn {
	t.Helper()
	return dial(t, ls.addr)
}
