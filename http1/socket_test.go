package http1

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// TestSocket: what a connection tells and does, over real sockets.
func TestSocket(t *testing.T) {
	sockets := make(chan Socket, 9)
	s := &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		switch socket := req.Socket(); req.URL() {
		case "/end":
			if err := socket.End([]byte("raw end")); err != nil {
				t.Error(err)
			}
		case "/write":
			socket.Write([]byte("raw "))
			socket.Write([]byte("write"))
			socket.Destroy()
		case "/reset":
			socket.ResetAndDestroy()
		default:
			res.End("x")
		}
	}, OnConnection: func(socket Socket) { sockets <- socket }}
	addr := start(t, s)

	c := dial(t, addr)
	socket := <-sockets
	if socket.RemoteAddr().String() != c.LocalAddr().String() || socket.LocalAddr().String() != c.RemoteAddr().String() {
		t.Errorf("addresses %v, %v", socket.RemoteAddr(), socket.LocalAddr())
	}
	for _, err := range []error{socket.SetNoDelay(false), socket.SetKeepAlive(net.KeepAliveConfig{Enable: true, Idle: time.Minute})} {
		if err != nil {
			t.Error(err)
		}
	}
	io.WriteString(c, getA)
	buf := make([]byte, 1000)
	n, err := c.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "counters", func() bool {
		return socket.BytesRead() == uint64(len(getA)) && socket.BytesWritten() == uint64(n) && socket.Writable()
	})
	c.Close()
	eventually(t, "the end", func() bool { return !socket.Writable() })
	if _, err := socket.Write([]byte("x")); err != ErrConnectionClosed || socket.End(nil) != ErrConnectionClosed || socket.SetNoDelay(true) != ErrConnectionClosed {
		t.Errorf("Write after the end: %v", err)
	}
	socket.Destroy()
	socket.ResetAndDestroy()
	socket.SetTimeout(time.Second)

	if out := talk(t, addr, "GET /end HTTP/1.1\r\nHost: a\r\n\r\n"+getA); out != "raw end" {
		t.Errorf("/end: %q", out)
	}
	if out := talk(t, addr, "GET /write HTTP/1.1\r\nHost: a\r\n\r\n"+getA); out != "raw write" {
		t.Errorf("/write: %q", out)
	}
	c = dial(t, addr)
	io.WriteString(c, "GET /reset HTTP/1.1\r\nHost: a\r\n\r\n")
	if out, err := io.ReadAll(c); err == nil || !strings.Contains(err.Error(), "reset") {
		t.Errorf("/reset: %q, %v", out, err)
	}
}

// TestSocketTimeout: a quiet connection meets the server's hook, or its end.
func TestSocketTimeout(t *testing.T) {
	addr := start(t, &Server{Timeout: 50 * time.Millisecond, OnRequest: func(*IncomingMessage, *ServerResponse) {},
		OnTimeout: func(socket Socket) { socket.End([]byte("quiet")) }})
	if out := talk(t, addr, ""); out != "quiet" {
		t.Errorf("nothing sent: %q", out)
	}
	if out := talk(t, addr, getA); out != "quiet" {
		t.Errorf("request: %q", out)
	}
	addr = start(t, &Server{Timeout: 50 * time.Millisecond, OnRequest: func(*IncomingMessage, *ServerResponse) {}})
	if out := talk(t, addr, getA); out != "" {
		t.Errorf("without hook: %q", out)
	}
}

// TestSocketTimeoutSetLater: a connection that sleeps already.
func TestSocketTimeoutSetLater(t *testing.T) {
	sockets := make(chan Socket, 1)
	addr := start(t, &Server{OnRequest: hello, OnConnection: func(socket Socket) { sockets <- socket }})
	c := dial(t, addr)
	socket := <-sockets
	time.Sleep(10 * time.Millisecond)
	socket.SetTimeout(50 * time.Millisecond)
	if out, err := io.ReadAll(c); len(out) > 0 || err != nil {
		t.Errorf("%q, %v", out, err)
	}
}

// TestUnreadBodyTimeout: a client that stops in a body that nobody reads is cut
// off; one that has sent all of it is not to blame.
func TestUnreadBodyTimeout(t *testing.T) {
	answered := make(chan bool)
	addr := start(t, &Server{ReadTimeout: 100 * time.Millisecond, OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		go func() {
			time.Sleep(300 * time.Millisecond)
			res.End("late")
			answered <- true
		}()
	}})
	for body, want := range map[string]string{"ab": "HTTP/1.1 408 ", "abcde": "HTTP/1.1 200 "} {
		c := dial(t, addr)
		io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\n"+body)
		out, _ := io.ReadAll(c)
		if !strings.HasPrefix(string(out), want) {
			t.Errorf("body %q: %q", body, out)
		}
		<-answered
	}
}

// TestCloseConnections: which connections the server's calls end.
func TestCloseConnections(t *testing.T) {
	s := &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		if req.URL() != "/wait" {
			res.End("x")
		}
	}}
	addr := start(t, s)
	fresh, idle, busy, partial := dial(t, addr), dial(t, addr), dial(t, addr), dial(t, addr)
	io.WriteString(idle, getA)
	io.WriteString(busy, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
	io.WriteString(partial, getA+"GET ")
	buf := make([]byte, 1000)
	idle.Read(buf)
	partial.Read(buf)
	time.Sleep(20 * time.Millisecond)
	ended := func(c net.Conn) bool {
		c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		_, err := c.Read(buf)
		e, ok := err.(net.Error)
		return !ok || !e.Timeout()
	}
	s.CloseIdleConnections()
	if !ended(idle) || ended(fresh) || ended(busy) || ended(partial) {
		t.Error("CloseIdleConnections closes another set")
	}
	s.CloseAllConnections()
	for name, c := range map[string]net.Conn{"fresh": fresh, "busy": busy, "partial": partial} {
		if !ended(c) {
			t.Errorf("CloseAllConnections: the %s one is open", name)
		}
	}
	if out := talk(t, addr, lastGet); !strings.HasSuffix(out, "x") {
		t.Errorf("afterwards: %q", out)
	}
}
