package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cork-go/cork/http1"
)

// kind is what a test is run with.
type kind struct {
	carrier http1.Carrier
	netHTTP bool
}

func (k kind) String() string { return k.carrier.String() + ", " + k.handler() }

// handler is what -handler has to be.
func (k kind) handler() string {
	if k.netHTTP {
		return "nethttp"
	}
	return "native"
}

// eachKind runs a test once for each carrier that there is and each way to write
// the routes.
func eachKind(t *testing.T, test func(t *testing.T, of kind)) {
	for _, of := range kinds(t) {
		t.Run(of.String(), func(t *testing.T) { test(t, of) })
	}
}

func kinds(t *testing.T) (all []kind) {
	t.Helper()
	for _, carrier := range carriers(t) {
		all = append(all, kind{carrier, false}, kind{carrier, true})
	}
	return all
}

func carriers(t *testing.T) []http1.Carrier {
	t.Helper()
	b, err := listen(options{addr: "127.0.0.1:0", carrier: http1.CarrierLoop})
	if errors.Is(err, errors.ErrUnsupported) {
		t.Log("no event loops here")
		return []http1.Carrier{http1.CarrierNet}
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = b.server.Close()
	<-b.served
	return []http1.Carrier{http1.CarrierLoop, http1.CarrierNet}
}

// start runs the server of a test on a free port and returns its address.
func start(t *testing.T, of kind) string {
	t.Helper()
	b, err := listen(options{addr: "127.0.0.1:0", carrier: of.carrier, netHTTP: of.netHTTP})
	if err != nil {
		t.Fatal(err)
	}
	stopAtEnd(t, b)
	return b.addr.String()
}

// stopAtEnd sees to it that the server stops when the test ends.
func stopAtEnd(t *testing.T, b *bed) {
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := b.server.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-b.served; err != http.ErrServerClosed {
			t.Errorf("serve: %v, want %v", err, http.ErrServerClosed)
		}
	})
}

// client is a connection that speaks raw bytes.
type client struct {
	*net.TCPConn
	t *testing.T
	r *bufio.Reader
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	socket, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	_ = socket.SetDeadline(time.Now().Add(60 * time.Second)) // a test that hangs says where
	return &client{socket.(*net.TCPConn), t, bufio.NewReader(socket)}
}

// send writes text with CRLF for its line ends.
func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, strings.ReplaceAll(text, "\n", "\r\n")); err != nil {
		c.t.Fatalf("send %q: %v", text, err)
	}
}

// reply is an answer, read whole.
type reply struct {
	*http.Response
	text string
}

// receive reads the answer to a request with the method. It may be called by any
// goroutine; if there is no answer it fails the test and returns an empty one.
func (c *client) receive(method string) reply {
	c.t.Helper()
	res, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		c.t.Errorf("answer to %s: %v", method, err)
		return reply{Response: new(http.Response)}
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Errorf("body of the answer to %s: %v", method, err)
	}
	return reply{res, string(body)}
}

// expectEnd fails the test unless the server has closed the connection in good
// order: an end, and no reset. It closes its own side then, for which the server
// waits.
func (c *client) expectEnd() {
	c.t.Helper()
	if rest, err := io.ReadAll(c.r); err != nil || len(rest) > 0 {
		c.t.Errorf("behind the last answer: %q, %v; want the end", rest, err)
	}
	c.Close()
}

// narrow gives a connection small buffers, so that what is in flight is little.
func narrow(socket *net.TCPConn) {
	_ = socket.SetReadBuffer(64 << 10)
	_ = socket.SetWriteBuffer(64 << 10)
}
