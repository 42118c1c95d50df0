package http1

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cork-go/cork/internal/netpoll"
)

// TestSlowReaderOfLastAnswer: a client that is still reading is not idle.
func TestSlowReaderOfLastAnswer(t *testing.T) {
	want := bodyOf(12 << 20)
	ls := startLoops(t, &Server{Loops: 1, IdleTimeout: time.Millisecond, OnRequest: func(_ *IncomingMessage, res *ServerResponse) {
		res.EndBytes(want)
	}})
	c := ls.dial(t)
	io.WriteString(c, getA)
	time.Sleep(keepAliveBuffer + 300*time.Millisecond)
	if _, body := readAnswer(t, bufio.NewReader(c)); !bytes.Equal([]byte(body), want) {
		t.Errorf("%d bytes, want %d", len(body), len(want))
	}
}

// chanListener accepts what it is given, also when it is closed.
type chanListener struct {
	net.Listener
	conns chan net.Conn
}

func (l *chanListener) Accept() (net.Conn, error) {
	c, ok := <-l.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

// slowDup takes a connection in when it is told to.
type slowDup struct {
	*books
	gate chan bool
}

func (b *slowDup) Dup(fd int) (int, error) {
	b.gate <- true // it was called
	<-b.gate
	return b.books.Dup(fd)
}

// TestAdoptedWhileClosing: a connection that is accepted while the server closes
// is closed too.
func TestAdoptedWhileClosing(t *testing.T) {
	needLoops(t)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &chanListener{inner, make(chan net.Conn)}
	connect := func() (client, server net.Conn) {
		client = dial(t, inner.Addr().String())
		server, err := inner.Accept()
		if err != nil {
			t.Fatal(err)
		}
		return client, server
	}
	first, firstServer := connect()
	second, secondServer := connect()
	entered := make(chan bool)
	b := &slowDup{newBooks(), make(chan bool)}
	s := &Server{Carrier: CarrierLoop, Loops: 1, sys: b}
	s.OnRequest = func(_ *IncomingMessage, res *ServerResponse) {
		res.OnClose(func() { b.gate <- true }) // while Close is at work
		close(entered)
	}
	ls := &loopServer{Server: s, sys: b.books, served: make(chan error, 1), before: goroutines()}
	go func() { ls.served <- s.Serve(l) }()
	l.conns <- firstServer
	<-b.gate
	b.gate <- true
	io.WriteString(first, getA)
	<-entered
	l.conns <- secondServer
	<-b.gate
	s.Close()
	close(l.conns)
	ls.checkGone(t)
	if _, err := second.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the second connection is open: %v", err)
	}
}

// slowSys lets the client of the last connection take as much as it is told to.
type slowSys struct {
	*books
	room atomic.Int64
	poll atomic.Int64 // poller and descriptor of the connection
	fd   atomic.Int64
}

func (s *slowSys) PollAdd(poll, fd int, mode netpoll.Mode) error {
	if mode == netpoll.ReadEdge {
		s.poll.Store(int64(poll))
		s.fd.Store(int64(fd))
	}
	return s.books.PollAdd(poll, fd, mode)
}

// admit makes room for n more bytes, and tells of it if it is an edge.
func (s *slowSys) admit(n int64, edge bool) {
	s.room.Add(n)
	if edge {
		_ = netpoll.OS.PollMod(int(s.poll.Load()), int(s.fd.Load()), netpoll.ReadWriteEdge)
	}
}

func (s *slowSys) Write(fd int, p []byte) (int, error) {
	n := min(s.room.Load(), int64(len(p)))
	if n == 0 {
		return 0, syscall.EAGAIN
	}
	s.room.Add(-n)
	return s.books.Write(fd, p[:n])
}

// Unacked: there is room for what the client has taken.
func (s *slowSys) Unacked(int) (int, error) { return 0, nil }

func (s *slowSys) Writev(fd int, bufs [][]byte) (int, error) {
	return s.Write(fd, bytes.Join(bufs, nil))
}

// TestWriteTimeout: a client gets WriteTimeout for each 256 KiB, or what there is
// of them, neither more nor less.
func TestWriteTimeout(t *testing.T) {
	const limit = 400 * time.Millisecond
	for _, test := range []struct {
		name  string
		size  int
		every time.Duration
		room  int64
		edges bool
		whole bool
	}{
		{"a byte at a time", 400 << 10, 5 * time.Millisecond, 1, true, false},
		{"in time", 3 << 20, 20 * time.Millisecond, 64 << 10, true, true},
		{"in time, without events", 3 << 20, 20 * time.Millisecond, 64 << 10, false, true},
		{"too slow", 1 << 20, 50 * time.Millisecond, 16 << 10, true, false},
		{"a small one, slow but in time", 1000, 20 * time.Millisecond, 250, true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			sys := &slowSys{books: newBooks()}
			ls := startLoops(t, &Server{Loops: 1, WriteTimeout: limit, sys: sys,
				OnRequest: func(_ *IncomingMessage, res *ServerResponse) { res.EndBytes(bodyOf(test.size)) }})
			c := ls.dial(t)
			io.WriteString(c, getA)
			stop := make(chan bool)
			var wg sync.WaitGroup
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					case <-time.After(test.every):
						sys.admit(test.room, test.edges)
					}
				}
			})
			res, err := http.ReadResponse(bufio.NewReader(c), nil)
			whole := err == nil
			if whole {
				b, err := io.ReadAll(res.Body)
				whole = err == nil && bytes.Equal(b, bodyOf(test.size))
			}
			if whole != test.whole {
				t.Errorf("whole: %v, want %v", whole, test.whole)
			}
			close(stop)
			wg.Wait()
		})
	}
}

// TestGoexitInUpgrade: a hook that ends its goroutine leaves no socket open.
func TestGoexitInUpgrade(t *testing.T) {
	addr := start(t, &Server{OnRequest: hello, OnUpgrade: func(*IncomingMessage, net.Conn, []byte) { runtime.Goexit() }})
	c := dial(t, addr)
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read: %v", err)
	}
}
