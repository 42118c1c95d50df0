package http1

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// startHow is start, for a listener that is given to Serve or one of the server's
// own. served gets what it returns; who calls it ends the server.
func startHow(t *testing.T, s *Server, how string) (addr string, served chan error) {
	t.Helper()
	s.Carrier, s.Addr = testCarrier, "127.0.0.1:0"
	served = make(chan error, 1)
	ready := make(chan string, 1)
	s.OnListening = func() { ready <- s.Address().String() }
	if how == "Serve" {
		l := listenTCP(t)
		go func() { served <- s.Serve(l) }()
	} else {
		go func() { served <- s.ListenAndServe() }()
	}
	select {
	case addr = <-ready:
	case err := <-served:
		t.Fatal(err)
	}
	return addr, served
}

var startHows = []string{"Serve", "ListenAndServe"}

// lifeStates are the states in which the end of a server meets a connection: what
// brings it there, and what its client does then to have its answer.
var lifeStates = []struct {
	name     string
	in, rest string
	idle     bool // Shutdown closes it
	answers  int  // before the end, if the client sends the rest
}{
	{name: "nothing sent, and nothing to come", idle: true},
	{name: "nothing sent", rest: getA, answers: 1},
	{name: "between requests", in: getA, idle: true, answers: 1},
	{name: "half a head", in: "GET / HTTP/1.1\r\nHo", rest: "st: a\r\n\r\n", answers: 1},
	{name: "half a head behind a request", in: getA + "G", rest: "ET / HTTP/1.1\r\nHost: a\r\n\r\n", answers: 2},
	{name: "half a body that is read", in: "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab", rest: "cd", answers: 1},
	{name: "half a body that is not", in: "POST /block HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab", rest: "cd", answers: 1},
	{name: "in a handler", in: "GET /block HTTP/1.1\r\nHost: a\r\n\r\n", answers: 1},
	{name: "in a handler, with more behind", in: "GET /block HTTP/1.1\r\nHost: a\r\n\r\n" + hidden, answers: 1},
	{name: "answered later", in: "GET /late HTTP/1.1\r\nHost: a\r\n\r\n", answers: 1},
	{name: "in an answer that is large", in: "GET /big HTTP/1.1\r\nHost: a\r\n\r\n", answers: 1},
}

// lifeServer serves lifeStates; what blocks does so until gate is closed.
func lifeServer(gate chan bool) *Server {
	s := &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		switch req.URL() {
		case "/read":
			io.Copy(io.Discard, req.Body())
		case "/block":
			<-gate
		case "/late":
			go func() { <-gate; res.End("x") }()
			return
		case "/big":
			res.End(earnedBig)
			return
		}
		res.End("x")
	}}
	s.OnUpgrade = func(_ *IncomingMessage, socket net.Conn, _ []byte) { io.Copy(socket, socket); socket.Close() }
	return s
}

// enterStates opens a connection for each state, and one that is handed over.
func enterStates(t *testing.T, addr string) (all []*net.TCPConn, tunnel *net.TCPConn) {
	t.Helper()
	tunnel = dial(t, addr)
	io.WriteString(tunnel, upgradeOf("/"))
	for _, state := range lifeStates {
		c := dial(t, addr)
		io.WriteString(c, state.in)
		all = append(all, c)
	}
	time.Sleep(30 * time.Millisecond)
	return all, tunnel
}

// echoes checks that a connection that was handed over works.
func echoes(t *testing.T, c net.Conn) {
	t.Helper()
	io.WriteString(c, "echo")
	if _, err := io.ReadFull(c, make([]byte, 4)); err != nil {
		t.Errorf("the connection that was handed over: %v", err)
	}
}

// TestShutdownInAllStates: whoever has begun a request has its answer, whole and
// with the word that it is the last one; whoever has not is closed. Connections that
// were handed over are nobody's business.
func TestShutdownInAllStates(t *testing.T) {
	for _, how := range startHows {
		t.Run(how, func(t *testing.T) {
			gate, closed := make(chan bool), make(chan bool, 9)
			s := lifeServer(gate)
			s.OnClose = func() { closed <- true }
			addr, served := startHow(t, s, how)
			all, tunnel := enterStates(t, addr)
			done := make(chan error, 1)
			go func() { done <- s.Shutdown(context.Background()) }()
			if err := <-served; err != http.ErrServerClosed {
				t.Errorf("served: %v", err)
			}
			if s.Address() != nil {
				t.Error("it has an address still")
			}
			if c, err := net.Dial("tcp", addr); err == nil {
				c.Close()
				t.Error("it takes connections still")
			}
			var wg sync.WaitGroup
			for i, state := range lifeStates {
				wg.Go(func() {
					time.Sleep(50 * time.Millisecond)
					io.WriteString(all[i], state.rest)
					out, err := io.ReadAll(all[i])
					all[i].Close()
					answers := answersIn(t, out)
					if err != nil || len(answers) != state.answers {
						t.Errorf("%s: %d answers, want %d; %v", state.name, len(answers), state.answers, err)
					} else if n := len(answers); !state.idle && answers[n-1].get("Connection")[0] != "close" && state.name != "in an answer that is large" {
						t.Errorf("%s: the last answer says %q", state.name, answers[n-1].get("Connection"))
					}
				})
			}
			time.AfterFunc(100*time.Millisecond, func() { close(gate) })
			wg.Wait()
			if err := <-done; err != nil {
				t.Errorf("Shutdown: %v", err)
			}
			<-closed
			if n := s.alive.Load(); n != 0 || len(closed) != 0 {
				t.Errorf("%d connections, OnClose %d times more", n, len(closed))
			}
			echoes(t, tunnel)
			tunnel.Close()
			if err := s.Shutdown(context.Background()); err != nil {
				t.Errorf("again: %v", err)
			}
		})
	}
}

// TestCloseInAllStates: Close ends them all but the one that was handed over, at
// once, also when Shutdown waits.
func TestCloseInAllStates(t *testing.T) {
	for _, how := range startHows {
		for _, waits := range []bool{false, true} {
			t.Run(fmt.Sprint(how, ", Shutdown waits: ", waits), func(t *testing.T) {
				before := goroutines()
				gate := make(chan bool)
				s := lifeServer(gate)
				addr, served := startHow(t, s, how)
				all, tunnel := enterStates(t, addr)
				done := make(chan error, 1)
				if waits {
					go func() { done <- s.Shutdown(context.Background()) }()
					time.Sleep(20 * time.Millisecond)
				}
				begin := time.Now()
				s.Close()
				if took := time.Since(begin); took > time.Second {
					t.Errorf("Close takes %v", took)
				}
				if waits {
					if err := <-done; err != nil {
						t.Errorf("Shutdown: %v", err)
					}
				}
				if err := <-served; err != http.ErrServerClosed {
					t.Errorf("served: %v", err)
				}
				for i, state := range lifeStates {
					if _, err := io.Copy(io.Discard, all[i]); errors.Is(err, os.ErrDeadlineExceeded) {
						t.Errorf("%s: the connection is open", state.name)
					}
				}
				echoes(t, tunnel)
				tunnel.Close()
				close(gate)
				eventually(t, "what was lent", func() bool { return lent(s) == "" && s.alive.Load() == 0 })
				eventually(t, "goroutines gone", func() bool { return runtime.NumGoroutine() <= before })
			})
		}
	}
}

// TestCloseWhileAccepting: connections that come in while the server is closed are
// closed too, or refused; nothing is left.
func TestCloseWhileAccepting(t *testing.T) {
	for _, how := range startHows {
		before := goroutines()
		for range 20 {
			s := &Server{OnRequest: hello}
			addr, served := startHow(t, s, how)
			var answered atomic.Int64
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for {
						c, err := net.Dial("tcp", addr)
						if err != nil {
							return
						}
						c.SetDeadline(time.Now().Add(10 * time.Second))
						io.WriteString(c, getA)
						n, err := c.Read(make([]byte, 1000))
						c.Close()
						if errors.Is(err, os.ErrDeadlineExceeded) {
							t.Errorf("%s: a connection is neither served nor closed", how)
							return
						}
						if n > 0 {
							answered.Add(1)
						}
					}
				})
			}
			eventually(t, "a few answers", func() bool { return answered.Load() > 3 })
			s.Close()
			wg.Wait()
			if err := <-served; err != http.ErrServerClosed {
				t.Errorf("%s: served: %v", how, err)
			}
			eventually(t, "all connections gone", func() bool { return s.alive.Load() == 0 && lent(s) == "" })
		}
		eventually(t, "goroutines gone", func() bool { return runtime.NumGoroutine() <= before })
	}
}

// TestListenersOfOneServer: they come and go apart from each other.
func TestListenersOfOneServer(t *testing.T) {
	s := &Server{OnRequest: hello, Carrier: testCarrier, Addr: "127.0.0.1:0"}
	ask := func(c net.Conn) error {
		t.Helper()
		c.SetDeadline(time.Now().Add(10 * time.Second))
		io.WriteString(c, getA)
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err == nil {
			_, err = io.ReadAll(res.Body)
		}
		return err
	}
	var listeners []net.Listener
	var serveds []chan error
	serve := func() {
		l, served := listenTCP(t), make(chan error, 1)
		listeners, serveds = append(listeners, l), append(serveds, served)
		go func() { served <- s.Serve(l) }()
	}
	serve()
	serve()
	var conns []net.Conn
	for _, l := range listeners {
		c := dial(t, l.Addr().String())
		if err := ask(c); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	listeners[0].Close()
	if err := <-serveds[0]; err == nil || err == http.ErrServerClosed {
		t.Errorf("Serve of a listener that was closed: %v", err)
	}
	if got := s.Address(); got == nil || got.String() != listeners[1].Addr().String() {
		t.Errorf("the address is %v", got)
	}
	serve()
	conns = append(conns, dial(t, listeners[1].Addr().String()), dial(t, listeners[2].Addr().String()))
	for i, c := range conns {
		if err := ask(c); err != nil {
			t.Errorf("connection %d: %v", i, err)
		}
	}
	s.Close()
	for i, served := range serveds[1:] {
		if err := <-served; err != http.ErrServerClosed {
			t.Errorf("listener %d: %v", i+1, err)
		}
	}
	serve()
	if err := <-serveds[3]; err != http.ErrServerClosed {
		t.Errorf("Serve of a server that was closed: %v", err)
	}
	for i, l := range listeners {
		if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
			c.Close()
			t.Errorf("listener %d is open", i)
		}
	}
	if err := s.ListenAndServe(); err != http.ErrServerClosed {
		t.Errorf("ListenAndServe of a server that was closed: %v", err)
	}
}

// TestCloseWhenListening: a server may be closed as soon as it listens, by its own
// hook, or before it comes to that.
func TestCloseWhenListening(t *testing.T) {
	for _, how := range startHows {
		for _, end := range []func(s *Server){func(s *Server) { s.Close() }, func(s *Server) { s.Shutdown(context.Background()) }} {
			begin := func(s *Server) error {
				s.OnRequest, s.Carrier, s.Addr = hello, testCarrier, "127.0.0.1:0"
				if how == "Serve" {
					return s.Serve(listenTCP(t))
				}
				return s.ListenAndServe()
			}
			s := &Server{}
			s.OnListening = func() { end(s) }
			if err := begin(s); err != http.ErrServerClosed {
				t.Errorf("%s, closed in OnListening: %v", how, err)
			}
			for range 20 {
				s := &Server{}
				go end(s)
				if err := begin(s); err != http.ErrServerClosed {
					t.Errorf("%s, closed meanwhile: %v", how, err)
				}
			}
		}
	}
}

// TestCloseIdleWhileBusy: CloseIdleConnections never takes an answer from anybody: a
// connection that it closes is between two of them.
func TestCloseIdleWhileBusy(t *testing.T) {
	s := &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		switch req.URL() {
		case "/late":
			go res.End(req.URL())
		case "/big":
			res.End(earnedBig[:100<<10])
		default:
			res.End(req.URL())
		}
	}}
	addr := start(t, s)
	stop := make(chan bool)
	go func() {
		defer close(stop)
		for range 100 {
			time.Sleep(2 * time.Millisecond)
			s.CloseIdleConnections()
		}
	}()
	var wg sync.WaitGroup
	var closed, answered atomic.Int64
	for i := range 8 {
		wg.Go(func() {
			url := []string{"/", "/late", "/big"}[i%3]
			c := dial(t, addr)
			r := bufio.NewReader(c)
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				time.Sleep(time.Duration(n%3) * 500 * time.Microsecond)
				_, werr := io.WriteString(c, getOf(url))
				_, err := r.Peek(1)
				if err != nil || werr != nil { // closed before the request was seen
					closed.Add(1)
					c.Close()
					c = dial(t, addr)
					r.Reset(c)
					continue
				}
				res, err := http.ReadResponse(r, nil)
				if err == nil {
					_, err = io.Copy(io.Discard, res.Body)
				}
				if err != nil {
					t.Errorf("an answer to %s is cut: %v", url, err)
					return
				}
				answered.Add(1)
			}
		})
	}
	wg.Wait()
	if closed.Load() == 0 || answered.Load() < 100 {
		t.Errorf("%d connections were closed, %d requests answered", closed.Load(), answered.Load())
	}
}

// TestReusePortHandsOver: of two servers at one address either may be closed; who
// connects then gets the other.
func TestReusePortHandsOver(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere the system need not spread connections")
	}
	begin := func(name, addr string) (*Server, string, chan error) {
		ready, served := make(chan string, 1), make(chan error, 1)
		s := &Server{Carrier: testCarrier, Addr: addr, ReusePort: true, OnRequest: func(_ *IncomingMessage, res *ServerResponse) { res.End(name) }}
		s.OnListening = func() { ready <- s.Address().String() }
		go func() { served <- s.ListenAndServe() }()
		return s, <-ready, served
	}
	old, addr, oldServed := begin("old", "127.0.0.1:0")
	kept := dial(t, addr)
	next, _, nextServed := begin("new", addr)
	ask := func() string {
		c := dial(t, addr)
		defer c.Close()
		io.WriteString(c, lastGet)
		out, err := io.ReadAll(c)
		if err != nil || len(out) < 3 {
			t.Fatalf("%q, %v", out, err)
		}
		return string(out[len(out)-3:])
	}
	who := make(map[string]int)
	for range 40 {
		who[ask()]++
	}
	if who["old"] == 0 || who["new"] == 0 {
		t.Errorf("who answers: %v, want both", who)
	}
	done := make(chan error, 1)
	go func() { done <- old.Shutdown(context.Background()) }()
	if err := <-oldServed; err != http.ErrServerClosed {
		t.Errorf("served: %v", err)
	}
	for range 20 {
		if name := ask(); name != "new" {
			t.Errorf("%q answers", name)
		}
	}
	io.WriteString(kept, lastGet)
	if out, err := io.ReadAll(kept); err != nil || !strings.HasSuffix(string(out), "old") {
		t.Errorf("a connection of the old one: %q, %v", out, err)
	}
	kept.Close()
	if err := <-done; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	next.Close()
	<-nextServed
}

// TestShutdownWaitsForHandlers: one whose client has gone may be in the middle of
// something: Shutdown waits for it, and Close does not.
func TestShutdownWaitsForHandlers(t *testing.T) {
	for name, in := range map[string]string{"handler": getOf("/handler"), "data": postOf("/data"), "Goexit": getOf("/Goexit"), "panic": getOf("/panic"), "read": "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab"} {
		entered, gate := make(chan bool), make(chan bool)
		closed := make(chan bool, 1)
		block := func() { entered <- true; <-gate }
		s := &Server{Carrier: testCarrier, OnRequest: func(req *IncomingMessage, res *ServerResponse) {
			res.OnClose(func() { closed <- true })
			switch req.URL() {
			case "/data":
				req.OnData(func([]byte) { block(); res.End() })
				return
			case "/read":
				io.Copy(io.Discard, req.Body())
			}
			block()
			switch req.URL() {
			case "/Goexit":
				runtime.Goexit()
			case "/panic":
				panic("boom")
			}
			res.End()
		}}
		s.Logger = slog.New(slog.DiscardHandler)
		addr, served := startHow(t, s, "ListenAndServe")
		c := dial(t, addr)
		io.WriteString(c, in)
		if name == "read" {
			time.Sleep(5 * time.Millisecond)
			c.Close()
		}
		<-entered
		c.SetLinger(0)
		c.Close()
		select {
		case <-closed: // the client is known to have gone
		case <-time.After(20 * time.Millisecond):
		}
		done := make(chan error, 1)
		go func() { done <- s.Shutdown(context.Background()) }()
		<-served
		select {
		case err := <-done:
			t.Errorf("%s: Shutdown does not wait: %v", name, err)
		case <-time.After(50 * time.Millisecond):
		}
		close(gate)
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("%s: Shutdown: %v", name, err)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s: Shutdown waits for ever", name)
		}
	}
}
