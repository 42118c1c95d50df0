package http1

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestCloseWaiting: Close ends connections that do not look at their socket,
// because they wait for the application, and tells their responses.
func TestCloseWaiting(t *testing.T) {
	for _, test := range []struct {
		name, in string
		requests int
	}{
		{"body that nobody takes", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc", 1},
		{"full pipeline", strings.Repeat(getA, pipelineRequestsMax+6), pipelineRequestsMax},
	} {
		t.Run(test.name, func(t *testing.T) {
			entered, closed := make(chan bool, 100), make(chan bool, 100)
			s := &Server{OnRequest: func(_ *IncomingMessage, res *ServerResponse) {
				res.OnClose(func() { closed <- true })
				entered <- true
			}}
			c := dial(t, start(t, s))
			io.WriteString(c, test.in)
			for range test.requests {
				<-entered
			}
			time.Sleep(20 * time.Millisecond) // for the connection to wait
			s.Close()
			for i := range test.requests {
				select {
				case <-closed:
				case <-time.After(5 * time.Second):
					t.Fatalf("OnClose of %d responses, want %d", i, test.requests)
				}
			}
		})
	}
}

// TestCloseHeldWrite: a Write that waits for its response's turn returns when
// the server is closed.
func TestCloseHeldWrite(t *testing.T) {
	first := true
	wrote := make(chan error, 1)
	s := &Server{OnRequest: func(_ *IncomingMessage, res *ServerResponse) {
		if first {
			first = false
			return
		}
		var err error
		for err == nil {
			_, err = res.Write(make([]byte, highWaterMark))
		}
		wrote <- err
	}}
	c := dial(t, start(t, s))
	io.WriteString(c, getA+getA)
	time.Sleep(20 * time.Millisecond)
	s.Close()
	select {
	case err := <-wrote:
		if err != ErrConnectionClosed {
			t.Errorf("Write: %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("Write waits")
	}
}

// TestCloseInHook: a server that is closed by OnClientError borrows no buffer
// for the answer.
func TestCloseInHook(t *testing.T) {
	s := &Server{OnRequest: hello}
	s.OnClientError = func(*ClientError) { s.Close() }
	c := dial(t, start(t, s))
	io.WriteString(c, "nonsense\r\n\r\n")
	_, _ = io.ReadAll(c)
}

// TestGoexitElsewhere: a handler that ends its goroutine while others use its
// request and response ends the connection for them too.
func TestGoexitElsewhere(t *testing.T) {
	for range 20 {
		read, wrote, closed := make(chan error, 1), make(chan error, 1), make(chan bool, 1)
		addr := start(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
			res.OnClose(func() { closed <- true })
			started := make(chan bool)
			go func() {
				close(started)
				_, err := io.ReadAll(req.Body())
				read <- err
			}()
			go func() {
				var err error
				for err == nil {
					_, err = res.Write(make([]byte, 1<<20))
				}
				wrote <- err
			}()
			<-started
			time.Sleep(2 * time.Millisecond)
			runtime.Goexit()
		}})
		c := dial(t, addr)
		io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
		if err := <-read; err != ErrAborted {
			t.Errorf("Read: %v", err)
		}
		if err := <-wrote; err != ErrConnectionClosed {
			t.Errorf("Write: %v", err)
		}
		<-closed
	}
}

// TestGoexitInEvent: so does an OnFinish, and the events behind it are not lost.
func TestGoexitInEvent(t *testing.T) {
	closed := make(chan bool, 1)
	addr := start(t, &Server{OnRequest: func(_ *IncomingMessage, res *ServerResponse) {
		res.OnFinish(func() { runtime.Goexit() })
		res.OnClose(func() { closed <- true })
		res.End("x")
	}})
	c := dial(t, addr)
	io.WriteString(c, getA)
	_, _ = io.ReadAll(c)
	<-closed
}

// TestHandOverBuffer: a connection that was handed over holds no buffer of the
// server's.
func TestHandOverBuffer(t *testing.T) {
	out := make(chan int, 1)
	var s *Server
	s = &Server{OnRequest: hello, OnUpgrade: func(_ *IncomingMessage, socket net.Conn, head []byte) {
		s.netPools.mu.Lock()
		out <- s.netPools.buffers.Stats().Out()
		s.netPools.mu.Unlock()
		if string(head) != "head" {
			t.Errorf("head %q", head)
		}
		socket.Close()
	}}
	c := dial(t, start(t, s))
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nhead")
	if n := <-out; n != 0 {
		t.Errorf("%d buffers out", n)
	}
}

// TestUpgradeOfHTTP10: an HTTP/1.0 client gets an ordinary answer.
func TestUpgradeOfHTTP10(t *testing.T) {
	s := &Server{OnRequest: hello, OnUpgrade: func(_ *IncomingMessage, socket net.Conn, _ []byte) {
		t.Error("OnUpgrade")
		socket.Close()
	}}
	out := talk(t, start(t, s), "GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
	if !strings.HasPrefix(out, "HTTP/1.1 200 ") {
		t.Errorf("%q", out)
	}
}

// TestReadTooLate: a body that is still being read when its exchange is over,
// as net/http's Transport does with the one it forwards, is never another
// request's.
func TestReadTooLate(t *testing.T) {
	var late io.Reader
	addr := start(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		if req.URL() == "/late" {
			late = req.Body()
			late.Read(make([]byte, 1))
			res.End("x")
			return
		}
		p := make([]byte, 9)
		if n, err := late.Read(p); err != http.ErrBodyReadAfterClose {
			t.Errorf("Read: %q, %v", p[:n], err)
		}
		b, err := io.ReadAll(req.Body())
		res.End(fmt.Sprint(string(b), err))
	}})
	out := talk(t, addr, "POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"+
		"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 6\r\n\r\nsecret")
	if !strings.HasSuffix(out, "secret<nil>") {
		t.Errorf("%q", out)
	}
}

// TestHeaderBytesBound: names, values and target stay below MaxHeaderBytes.
func TestHeaderBytesBound(t *testing.T) {
	head := "GET / HTTP/1.1\r\nHost: a\r\nX: "
	room := 100 - len("/") - len("Host"+"a") - len("X")
	for n, want := range map[int]string{room - 1: "HTTP/1.1 200 ", room: "HTTP/1.1 431 "} {
		f := newFake(t, &Server{OnRequest: hello, MaxHeaderBytes: 100})
		f.feed(head + strings.Repeat("x", n) + "\r\n\r\n")
		if !strings.HasPrefix(string(f.out), want) {
			t.Errorf("%d bytes: %q, want %s", n, f.out, want)
		}
	}
}

// TestParted: a client that has said that it sends no more is not waited for; one
// that sends more nevertheless is, so that it can read its answer.
func TestParted(t *testing.T) {
	if !(&Server{Carrier: testCarrier}).usesLoops() {
		t.Skip("a net.Conn does not tell whether there is more to read: it lingers")
	}
	for _, test := range []struct {
		name, in string
		gone     bool
	}{
		{"nothing more", lastGet, true},
		{"HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", true},
		{"more", lastGet + getA, false},
	} {
		s := &Server{OnRequest: hello}
		c := dial(t, start(t, s))
		io.WriteString(c, test.in)
		if out, err := io.ReadAll(c); err != nil || !strings.HasSuffix(string(out), "Hello World") {
			t.Errorf("%s: %q, %v", test.name, out, err)
		}
		if test.gone {
			eventually(t, "the end of the connection", func() bool { return s.alive.Load() == 0 })
		} else if time.Sleep(10 * time.Millisecond); s.alive.Load() != 1 {
			t.Errorf("%s: the connection is gone", test.name)
		}
	}
}
