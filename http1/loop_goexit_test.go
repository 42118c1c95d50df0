package http1

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"runtime"
	"testing"
	"time"
	"weak"
)

// userCode is a place where code of the application runs: how to put it there and
// what reaches it.
type userCode struct {
	name   string
	set    func(s *Server, f func())
	in     string
	within bool // Goexit there leaves the connection to others
}

const post3 = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"

var userCodes = []userCode{
	{name: "handler", in: getA, set: func(s *Server, f func()) {
		s.OnRequest = func(*IncomingMessage, *ServerResponse) { f() }
	}},
	{name: "handler that has written", in: getA, set: func(s *Server, f func()) {
		s.OnRequest = func(_ *IncomingMessage, res *ServerResponse) { res.WriteString("begun"); f() }
	}},
	{name: "handler that has ended", in: getA + getA, set: func(s *Server, f func()) {
		s.OnRequest = func(_ *IncomingMessage, res *ServerResponse) { res.End("x"); f() }
	}},
	{name: "handler behind Read", in: post3, set: func(s *Server, f func()) {
		s.OnRequest = func(req *IncomingMessage, _ *ServerResponse) { io.ReadAll(req.Body()); f() }
	}},
	{name: "OnData", in: post3, set: func(s *Server, f func()) {
		s.OnRequest = func(req *IncomingMessage, _ *ServerResponse) { req.OnData(func([]byte) { f() }) }
	}},
	{name: "OnEnd", in: post3, set: func(s *Server, f func()) {
		s.OnRequest = func(req *IncomingMessage, _ *ServerResponse) { req.OnData(func([]byte) {}); req.OnEnd(f) }
	}},
	{name: "OnFinish", in: getA, within: true, set: func(s *Server, f func()) {
		s.OnRequest = func(_ *IncomingMessage, res *ServerResponse) { res.OnFinish(f); res.End("x") }
	}},
	{name: "OnClose", in: getA, within: true, set: func(s *Server, f func()) {
		s.OnRequest = func(_ *IncomingMessage, res *ServerResponse) { res.OnClose(f); res.End("x") }
	}},
	{name: "OnFinish of a late answer", in: getA, within: true, set: func(s *Server, f func()) {
		s.OnRequest = func(_ *IncomingMessage, res *ServerResponse) { res.OnFinish(f); go res.End("x") }
	}},
	{name: "OnClientError", in: "nonsense\r\n\r\n", set: func(s *Server, f func()) {
		s.OnClientError = func(*ClientError) { f() }
	}},
	{name: "OnUpgrade", in: "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", set: func(s *Server, f func()) {
		s.OnUpgrade = func(*IncomingMessage, net.Conn, []byte) { f() }
	}},
	{name: "OnConnect", in: "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", set: func(s *Server, f func()) {
		s.OnConnect = func(*IncomingMessage, net.Conn, []byte) { f() }
	}},
	{name: "ShouldUpgrade", in: "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", set: func(s *Server, f func()) {
		s.OnUpgrade = func(_ *IncomingMessage, socket net.Conn, _ []byte) { socket.Close() }
		s.ShouldUpgrade = func(*IncomingMessage) bool { f(); return false }
	}},
	{name: "OnCheckContinue", in: "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n", set: func(s *Server, f func()) {
		s.OnCheckContinue = func(*IncomingMessage, *ServerResponse) { f() }
	}},
	{name: "OnCheckExpectation", in: "POST / HTTP/1.1\r\nHost: a\r\nExpect: more\r\nContent-Length: 3\r\n\r\n", set: func(s *Server, f func()) {
		s.OnCheckExpectation = func(*IncomingMessage, *ServerResponse) { f() }
	}},
	{name: "OnDropRequest", in: getA + getA + getA, set: func(s *Server, f func()) {
		s.MaxRequestsPerSocket = 1
		s.OnDropRequest = func(*IncomingMessage, Socket) { f() }
	}},
	{name: "OnConnection", in: getA, set: func(s *Server, f func()) {
		first := true // the other connection
		s.OnConnection = func(Socket) {
			if !first {
				f()
			}
			first = false
		}
	}},
	{name: "OnTimeout", in: "GET / HTTP/1.1\r\nHo", set: func(s *Server, f func()) {
		s.Timeout = 20 * time.Millisecond
		s.OnTimeout = func(Socket) { f() }
	}},
}

// TestEndOfGoroutine: whatever code of the application panics or ends its
// goroutine, on the one that leads or one that was left behind, others go on and
// nothing is left behind.
func TestEndOfGoroutine(t *testing.T) {
	for _, code := range userCodes {
		for _, how := range []string{"Goexit", "late Goexit", "panic", "late panic"} {
			t.Run(code.name+", "+how, func(t *testing.T) {
				s := &Server{Loops: 1, OnRequest: func(req *IncomingMessage, res *ServerResponse) { res.End(req.URL()) }}
				reached := make(chan bool, 100)
				code.set(s, func() {
					reached <- true
					if how == "late Goexit" || how == "late panic" {
						time.Sleep(5 * time.Millisecond)
					}
					if how == "panic" || how == "late panic" {
						panic("as planned")
					}
					runtime.Goexit()
				})
				inner := s.OnRequest
				s.OnRequest = func(req *IncomingMessage, res *ServerResponse) {
					if req.URL() == "/other" {
						res.End("other")
					} else {
						inner(req, res)
					}
				}
				ls := startLoops(t, s)
				other := ls.dial(t)
				r := bufio.NewReader(other)
				ping := func() {
					if err := ask(other, r, "/other", "other"); err != nil && s.OnTimeout == nil && s.MaxRequestsPerSocket == 0 {
						t.Errorf("another connection: %v", err)
					}
				}
				ping()
				c := ls.dial(t)
				io.WriteString(c, code.in)
				select {
				case <-reached:
				case <-time.After(5 * time.Second):
					t.Fatal("not reached")
				}
				ping()
				if (how == "Goexit" || how == "late Goexit") && !code.within {
					if _, err := io.Copy(io.Discard, c); err != nil && isTimeout(err) {
						t.Errorf("the connection is open")
					}
				}
				c.Close()
				ping()
				other.Close()
				eventually(t, "all connections gone", func() bool { return s.loops.group.Connections() == 0 && s.alive.Load() == 0 })
			})
		}
	}
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

// TestClosedConnectionsAreCollected: nothing holds on to a connection that has
// ended, whatever it has been through.
func TestClosedConnectionsAreCollected(t *testing.T) {
	const n = 40
	conns := make(chan weak.Pointer[conn], n)
	ls := startLoops(t, &Server{Loops: 1, OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		conns <- weak.Make(req.conn)
		switch req.URL() {
		case "/block":
			time.Sleep(2 * time.Millisecond)
		case "/later":
			res.OnFinish(func() {})
			go res.End("later")
			return
		case "/goexit":
			runtime.Goexit()
		}
		res.End("x")
	}})
	for i := range n {
		c := ls.dial(t)
		path := []string{"/", "/block", "/later", "/goexit"}[i%4]
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path)
		_, _ = c.Read(make([]byte, 1000))
		c.Close()
	}
	var all []weak.Pointer[conn]
	for range n {
		all = append(all, <-conns)
	}
	// The loop may hold the last one that it was inside of.
	held := 0
	if !soon(func() bool {
		runtime.GC()
		held = 0
		for _, c := range all {
			if c.Value() != nil {
				held++
			}
		}
		return held <= 1
	}) {
		t.Errorf("%d of %d closed connections are held", held, n)
	}
}

// TestCloseWhileHandlersBlock: Close does not wait for them, and ends all but them.
func TestCloseWhileHandlersBlock(t *testing.T) {
	gate := make(chan bool)
	entered := make(chan bool, 10)
	block := func() { entered <- true; <-gate }
	ls := serveLoops(t, &Server{Loops: 2, OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		switch req.URL() {
		case "/data":
			req.OnData(func([]byte) { block() })
		case "/finish":
			res.OnFinish(block)
			res.End("x")
		case "/write":
			entered <- true
			for { // until the connection is closed
				if _, err := res.Write(make([]byte, 1<<20)); err != nil {
					break
				}
			}
			<-gate
		case "/read":
			entered <- true
			io.ReadAll(req.Body())
			<-gate
		default:
			block()
		}
	}})
	for _, path := range []string{"/", "/data", "/finish", "/write", "/read", "/"} {
		c := ls.dial(t)
		fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc", path)
		<-entered
	}
	begin := time.Now()
	ls.Close()
	if took := time.Since(begin); took > time.Second {
		t.Errorf("Close takes %v", took)
	}
	eventually(t, "descriptors", func() bool { return len(ls.sys.Open()) == 0 })
	close(gate)
	ls.checkGone(t)
}
