package http1

import (
	"io"
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
			_, err = res.Write(make([]byte, heldBytesMax))
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
