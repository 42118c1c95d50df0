package http1

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// bodyOf is n bytes that tell where they belong.
func bodyOf(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte('a' + (i^i>>8^i>>16)%26)
	}
	return p
}

// readAnswer reads one answer and its body with net/http's eyes.
func readAnswer(t testing.TB, r *bufio.Reader) (status int, body string) {
	t.Helper()
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// TestHandlersAtTheTick: handlers that return just when their loop goes on
// without them.
func TestHandlersAtTheTick(t *testing.T) {
	ls := startLoops(t, &Server{Loops: 2, OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		time.Sleep(time.Duration(rand.IntN(2500)) * time.Microsecond)
		res.End(req.URL())
	}})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			c := ls.dial(t)
			r := bufio.NewReader(c)
			for n := range 60 {
				path := fmt.Sprintf("/%d/%d", i, n)
				fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path)
				if _, body := readAnswer(t, r); body != path {
					t.Errorf("%s: %q", path, body)
				}
			}
		})
	}
	wg.Wait()
}

// TestBlockingOnData: pieces of a body wait for an OnData that blocks, and for a
// handler that does after it has set one.
func TestBlockingOnData(t *testing.T) {
	for _, test := range []struct {
		name             string
		handler, onPiece time.Duration
	}{
		{"OnData", 0, 5 * time.Millisecond},
		{"handler", 20 * time.Millisecond, 0},
		{"both", 10 * time.Millisecond, 3 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			ls := startLoops(t, &Server{Loops: 1, OnRequest: func(req *IncomingMessage, res *ServerResponse) {
				var got []byte
				req.OnData(func(p []byte) {
					time.Sleep(test.onPiece)
					got = append(got, p...)
				})
				req.OnEnd(func() { res.EndBytes(got) })
				time.Sleep(test.handler)
			}})
			c := ls.dial(t)
			want := bodyOf(5000)
			fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", len(want))
			for rest := want; len(rest) > 0; rest = rest[100:] {
				c.Write(rest[:100])
				time.Sleep(time.Millisecond)
			}
			if _, body := readAnswer(t, bufio.NewReader(c)); body != string(want) {
				t.Errorf("%d bytes came through, want %d: %q", len(body), len(want), body)
			}
		})
	}
}

// TestOnCloseOfBlockedHandler: a handler that waits for OnClose is told, however
// its connection goes away.
func TestOnCloseOfBlockedHandler(t *testing.T) {
	get := "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	for _, test := range []struct {
		name, in string
		server   *Server
		write    int
		client   func(c *net.TCPConn)
	}{
		{"close", get, &Server{}, 0, func(c *net.TCPConn) { c.Close() }},
		{"reset", get, &Server{}, 0, func(c *net.TCPConn) { c.SetLinger(0); c.Close() }},
		{"reset while pending", get, &Server{}, 60 << 20, func(c *net.TCPConn) { c.SetLinger(0); c.Close() }},
		{"does not read", get, &Server{WriteTimeout: 20 * time.Millisecond}, 60 << 20, func(*net.TCPConn) {}},
		{"slow body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
			&Server{ReadTimeout: 20 * time.Millisecond}, 0, func(*net.TCPConn) {}},
	} {
		t.Run(test.name, func(t *testing.T) {
			entered, left := make(chan bool), make(chan bool)
			s := test.server
			s.Loops = 1
			s.OnRequest = func(_ *IncomingMessage, res *ServerResponse) {
				closed := make(chan bool)
				res.OnClose(func() { close(closed) })
				entered <- true
				if test.write > 0 {
					res.Write(make([]byte, test.write))
				}
				<-closed
				left <- true
			}
			ls := startLoops(t, s)
			c := ls.dial(t)
			io.WriteString(c, test.in)
			<-entered
			time.Sleep(5 * time.Millisecond) // the loop goes on without the handler
			test.client(c)
			select {
			case <-left:
			case <-time.After(5 * time.Second):
				t.Error("the handler waits")
			}
		})
	}
}

// TestEventsOfTwo: while somebody calls OnFinish of an answer, and OnClose is due
// behind it, the connection and its loop go on.
func TestEventsOfTwo(t *testing.T) {
	gate := make(chan bool)
	addr := start(t, &Server{Loops: 1, OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		if req.URL() != "/later" {
			res.End(req.URL())
			return
		}
		res.OnFinish(func() { <-gate })
		res.OnClose(func() {})
		go func() {
			time.Sleep(5 * time.Millisecond)
			res.End("later")
		}()
	}})
	c := dial(t, addr)
	r := bufio.NewReader(c)
	io.WriteString(c, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n")
	if _, body := readAnswer(t, r); body != "later" {
		t.Errorf("%q", body)
	}
	defer close(gate)
	c.SetDeadline(time.Now().Add(2 * time.Second))
	io.WriteString(c, "GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
	if _, body := readAnswer(t, r); body != "/next" {
		t.Errorf("%q", body)
	}
}

// TestHeadStaysWhileBodyIsRead: on a goroutine that was left behind, the buffer
// that a request's head is in is not the one that its body is read into.
func TestHeadStaysWhileBodyIsRead(t *testing.T) {
	gate := make(chan bool)
	ls := startLoops(t, &Server{Loops: 1, OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		if req.Method() == "GET" { // its text is not made

			<-gate
			res.End()
			return
		}
		body, err := io.ReadAll(req.Body())
		res.End(req.Header("X-Name"), fmt.Sprint(len(body)))
		if err != nil {
			t.Error(err)
		}
	}})
	c := ls.dial(t)
	io.WriteString(c, "GET /block HTTP/1.1\r\nHost: a\r\n\r\n")
	time.Sleep(10 * time.Millisecond)
	// What is read ahead of a handler that blocks fills up …
	ahead := fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nX-Name: first\r\nContent-Length: %d\r\n\r\n%s", readAheadMax, bodyOf(readAheadMax))
	io.WriteString(c, ahead)
	time.Sleep(10 * time.Millisecond)
	// … and this one stays in the socket's buffer.
	n := 4 * readBufferBytes
	io.WriteString(c, fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nX-Name: second\r\nContent-Length: %d\r\n\r\n%s", n, bodyOf(n)))
	time.Sleep(10 * time.Millisecond)
	close(gate)
	r := bufio.NewReader(c)
	for _, want := range []string{"", fmt.Sprint("first", readAheadMax), fmt.Sprint("second", n)} {
		if _, body := readAnswer(t, r); body != want {
			t.Errorf("%q, want %q", body, want)
		}
	}
}
