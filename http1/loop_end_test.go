package http1

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"time"
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
	ls := &loopServer{Server: s, sys: b.books, served: make(chan error, 1), before: runtime.NumGoroutine()}
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
