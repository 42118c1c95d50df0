package http1

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// settled waits until n has not changed for a while, and returns it.
func settled(n *atomic.Int64) int64 {
	for last := int64(-1); ; time.Sleep(50 * time.Millisecond) {
		now := n.Load()
		if now == last {
			return now
		}
		last = now
	}
}

// TestPipelineIsBounded: a client that sends requests and reads no answers has a
// bounded number of them executed, however fast they are answered, and a bounded
// number of bytes kept for it.
func TestPipelineIsBounded(t *testing.T) {
	const requests = 1000000 // more than kernels hold
	answer := strings.Repeat("x", 16<<10)
	for _, test := range []struct {
		name string
		most int64 // requests that are executed
		how  func(res *ServerResponse)
	}{
		{"never answered", pipelineRequestsMax, func(*ServerResponse) {}},
		// What the kernel's buffers hold, some MiB, and what we do.
		{"answered at once", 1000, func(res *ServerResponse) { res.End(answer) }},
		{"answered in pieces", 1000, func(res *ServerResponse) {
			for range 4 {
				res.WriteString(answer[:len(answer)/4])
			}
			res.End()
		}},
		{"answered later", 1000, func(res *ServerResponse) { time.AfterFunc(time.Millisecond, func() { res.End(answer) }) }},
		{"the first never answered", pipelineRequestsMax, func(res *ServerResponse) {
			if res.GetHeader("X-First") == "" {
				res.End(answer)
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var executed atomic.Int64
			addr := start(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
				if executed.Add(1) == 1 {
					res.SetHeader("X-First", "1")
				}
				test.how(res)
			}})
			c := dial(t, addr)
			c.SetReadBuffer(4 << 10)
			before := heapBytes()
			sent := make(chan error, 1)
			go func() {
				b := bulk{fill: getA, count: requests}
				sent <- b.writeTo(c)
			}()
			eventually(t, "a few requests", func() bool { return executed.Load() >= 4 })
			settled(&executed)
			grown := heapBytes() - before
			c.Close()
			if err := <-sent; err == nil {
				t.Error("the server has taken all requests")
			}
			n := settled(&executed)
			if n > test.most {
				t.Errorf("%d requests were executed, want at most %d", n, test.most)
			}
			// Answers that wait, 64 requests and what buffers have grown to.
			if most := 3 << 20; grown > most {
				t.Errorf("%d bytes are kept, want at most %d", grown, most)
			}
		})
	}
}

// TestBadRequestWaitsItsTurn: answers that were earned are delivered before the
// refusal of a request behind them, whenever they are finished, and nothing
// behind the bad one is executed.
func TestBadRequestWaitsItsTurn(t *testing.T) {
	var executed atomic.Int64
	addr := start(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		executed.Add(1)
		switch {
		case strings.HasPrefix(req.URL(), "/late"):
			time.AfterFunc(20*time.Millisecond, func() { res.End(req.URL()) })
		case strings.HasPrefix(req.URL(), "/blocking"):
			time.Sleep(20 * time.Millisecond)
			res.End(req.URL())
		case strings.HasPrefix(req.URL(), "/pieces"):
			res.WriteString(req.URL())
			time.AfterFunc(20*time.Millisecond, func() { res.End() })
		default:
			if _, err := io.ReadAll(req.Body()); err == nil {
				res.End(req.URL())
			}
		}
	}})
	bad := map[string]int{
		"nonsense\r\n\r\n":                                 400,
		"GET / HTTP/2.0\r\nHost: a\r\n\r\n":                505,
		post("Content-Length: x\r\n", ""):                  400,
		"GET /" + strings.Repeat("x", 20000) + " HTTP/1.1": 414,
		get("X: " + strings.Repeat("x", 20000)):            431,
		get("Expect: x\r\n"):                               417,
		"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n":        501,
		chunked("3\r\nabcX"):                               400,
	}
	var all [][]string
	for in := range bad {
		for _, urls := range []string{"/at-once /late /at-once", "/late /late", "/blocking /late /blocking", "/pieces /at-once /pieces", "/late /pieces /blocking /at-once"} {
			all = append(all, append([]string{in}, strings.Fields(urls)...))
		}
	}
	together(t, 16, all, func(c []string) string { return fmt.Sprintf("%.30q behind %s", c[0], c[1:]) }, func(t *testing.T, test []string) {
		var in strings.Builder
		urls := test[1:]
		for _, url := range urls {
			fmt.Fprintf(&in, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", url)
		}
		out := talk(t, addr, in.String()+test[0]+strings.Repeat(hidden, 100))
		answers := answersIn(t, []byte(out))
		if len(answers) != len(urls)+1 {
			t.Fatalf("answers %v behind %d requests", statuses(answers), len(urls))
		}
		for i, url := range urls {
			if got := string(answers[i].body); got != url {
				t.Errorf("answer %d is %.100q, want %q", i, got, url)
			}
		}
		if got := answers[len(urls)].status; got != bad[test[0]] {
			t.Errorf("the last answer is %d, want %d", got, bad[test[0]])
		}
	})
	perRound := int64(3 + 2 + 3 + 3 + 4)
	want := int64(len(bad)) * perRound
	if got := executed.Load(); got != want+5 { // the request whose chunks are bad is executed
		t.Errorf("%d requests were executed, want %d", got, want+5)
	}
}

// TestNothingBehindTheLast: once an answer has said that it is the last one, no
// further request of its connection is executed (RFC 9112 section 9.6), for
// nobody would get its answer.
func TestNothingBehindTheLast(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	later := make(chan func(), 10)
	s := &Server{}
	s.OnRequest = func(req *IncomingMessage, res *ServerResponse) {
		mu.Lock()
		seen = append(seen, req.URL())
		mu.Unlock()
		switch req.URL() {
		case "/closes":
			res.SetHeader("Connection", "close")
			res.WriteHead(200)
			later <- func() { res.End("x") }
		case "/until-close":
			res.RemoveHeader("Content-Length")
			res.RemoveHeader("Transfer-Encoding")
			res.WriteString("x")
			later <- func() { res.End() }
		case "/closes-body":
			res.SetHeader("Connection", "close")
			res.FlushHeaders()
			go func() {
				_, err := io.ReadAll(req.Body())
				res.End(fmt.Sprint(err))
			}()
		case "/panics":
			panic(http.ErrAbortHandler)
		default:
			res.End("x")
		}
	}
	addr := start(t, s)
	for _, test := range []struct{ url, in string }{
		{"/closes", "GET /closes HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"/until-close", "GET /until-close HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"/closes-body", "POST /closes-body HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"},
		{"/old", "GET /old HTTP/1.0\r\nHost: a\r\n\r\n"},
		{"/asked", "GET /asked HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
		{"/panics", "GET /panics HTTP/1.1\r\nHost: a\r\n\r\n"},
	} {
		for _, pause := range []time.Duration{0, 5 * time.Millisecond} {
			seen = nil
			c := dial(t, addr)
			io.WriteString(c, before+test.in)
			time.Sleep(pause)
			io.WriteString(c, strings.Repeat(hidden, 20))
			time.Sleep(5 * time.Millisecond)
			select {
			case end := <-later:
				end()
			default:
			}
			out, err := io.ReadAll(c)
			if errors.Is(err, syscall.ECONNRESET) {
				err = nil // who goes on after its own close has no claim to more than the answers
			}
			// One that has said that it sends no more, and does, may meet a reset.
			cut := slices.Contains([]string{"/panics", "/old", "/asked"}, test.url)
			if err != nil || !cut && strings.Count(string(out), "HTTP/1.1 200") < 1 {
				t.Errorf("%s: %q, %v", test.url, out, err)
			}
			mu.Lock()
			if want := []string{"/before", test.url}; !slices.Equal(seen, want) {
				t.Errorf("%s: handled %q, want %q", test.url, seen, want)
			}
			mu.Unlock()
		}
	}
}
