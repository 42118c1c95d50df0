package http1

import (
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestMaxConnections: connections beyond the bound are closed at once, and there
// is room again when one ends.
func TestMaxConnections(t *testing.T) {
	drops := make(chan Drop, 10)
	s := &Server{OnRequest: hello, MaxConnections: 2, OnDrop: func(d Drop) { drops <- d }}
	addr := start(t, s)
	ask := func(c net.Conn) string {
		io.WriteString(c, getA)
		out := make([]byte, 200)
		n, _ := c.Read(out)
		return string(out[:n])
	}
	first, second := dial(t, addr), dial(t, addr)
	for _, c := range []net.Conn{first, second} {
		if out := ask(c); !strings.HasPrefix(out, "HTTP/1.1 200 ") {
			t.Fatalf("%q", out)
		}
	}
	third := dial(t, addr)
	if out, err := io.ReadAll(third); len(out) > 0 || err != nil {
		t.Errorf("a connection too many got %q, %v", out, err)
	}
	d := <-drops
	if d.RemoteAddr.String() != third.LocalAddr().String() || d.LocalAddr.String() != addr {
		t.Errorf("OnDrop was told %v", d)
	}
	first.Close()
	eventually(t, "room for another connection", func() bool {
		return strings.HasPrefix(ask(dial(t, addr)), "HTTP/1.1 200 ")
	})
}

// TestServerHooks: OnListening comes first, OnClose last and once.
func TestServerHooks(t *testing.T) {
	listening, closed := make(chan bool, 1), make(chan bool, 9)
	var answered atomic.Bool
	s := &Server{
		OnRequest:   hello,
		OnListening: func() { listening <- true },
		OnClose:     func() { closed <- answered.Load() },
	}
	addr := start(t, s)
	<-listening
	talk(t, addr, lastGet)
	answered.Store(true)
	s.Close()
	s.Close()
	if !<-closed {
		t.Error("OnClose was called too early")
	}
	select {
	case <-closed:
		t.Error("OnClose was called twice")
	case <-time.After(20 * time.Millisecond):
	}
}

// TestMaxConnectionsDefault: it is what the process may have open, nearly.
func TestMaxConnectionsDefault(t *testing.T) {
	for _, test := range []struct{ field, min, max int64 }{{0, 0, 1 << 40}, {7, 7, 7}, {-1, 0, 0}} {
		s := &Server{OnRequest: hello, MaxConnections: int(test.field)}
		if err := s.prepare(); err != nil {
			t.Fatal(err)
		}
		if n := s.connectionsMax; n < test.min || n > test.max {
			t.Errorf("MaxConnections %d: bound of %d", test.field, n)
		}
	}
}

// TestInheritedOptions: connections have what the server's listener was given.
func TestInheritedOptions(t *testing.T) {
	for _, nagle := range []bool{false, true} {
		served := make(chan error, 1)
		got := make(chan error, 1)
		s := &Server{Addr: "127.0.0.1:0", Nagle: nagle, Carrier: testCarrier, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: time.Minute}}
		s.OnRequest = func(req *IncomingMessage, res *ServerResponse) {
			got <- checkOptions(req.conn, nagle)
			res.End()
		}
		ready := make(chan string, 1)
		s.OnListening = func() { ready <- s.Address().String() }
		go func() { served <- s.ListenAndServe() }()
		talk(t, <-ready, lastGet)
		if err := <-got; err != nil {
			t.Error(err)
		}
		s.Close()
		<-served
	}
}
