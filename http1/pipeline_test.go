package http1

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const getA = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

// bodies returns what the answers in out carry, read one after the other.
func bodies(t testing.TB, out []byte) (all []string) {
	t.Helper()
	r := newStrictReader(out)
	for !r.done() {
		a, err := r.answer(false)
		if err != nil {
			t.Fatalf("answer %d: %v in %q", len(all), err, out)
		}
		all = append(all, string(a.body))
	}
	return all
}

// TestPipelineOrder: answers leave in the order of the requests, in whatever
// order they are finished, and each as early as it may.
func TestPipelineOrder(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 0, 3, 2}, {2, 3, 0, 1}, {1, 3, 0, 2}} {
		var all []*ServerResponse
		f := newFake(t, &Server{OnRequest: func(_ *IncomingMessage, res *ServerResponse) { all = append(all, res) }})
		f.feed(strings.Repeat(getA, 4))
		if len(all) != 4 {
			t.Fatalf("%d requests were handled, want 4", len(all))
		}
		ended := map[int]bool{}
		for _, i := range order {
			if err := all[i].End(fmt.Sprint("answer ", i)); err != nil {
				t.Fatal(err)
			}
			ended[i] = true
			front := 0
			for ended[front] {
				front++
			}
			if got := len(bodies(t, f.out)); got != front {
				t.Fatalf("order %v: %d answers are out after %d, want %d", order, got, i, front)
			}
		}
		want := []string{"answer 0", "answer 1", "answer 2", "answer 3"}
		if got := bodies(t, f.out); !slices.Equal(got, want) {
			t.Errorf("order %v: %q, want %q", order, got, want)
		}
	}
}

// TestPipelineBatch: the answers to a batch that came in one read leave in one
// write.
func TestPipelineBatch(t *testing.T) {
	f := newFake(t, &Server{OnRequest: hello})
	f.feed(strings.Repeat(getA, 16))
	if n := len(bodies(t, f.out)); n != 16 || f.writes != 1 {
		t.Errorf("%d answers in %d writes, want 16 in 1", n, f.writes)
	}
}

// TestOneWrite: head, pieces and tail of an answer leave in one write.
func TestOneWrite(t *testing.T) {
	f := newFake(t, &Server{OnRequest: func(_ *IncomingMessage, res *ServerResponse) {
		res.WriteHead(200)
		res.WriteString("Hello ")
		res.End("World")
	}})
	f.feed(getA)
	if f.writes != 1 {
		t.Errorf("%d writes, want 1", f.writes)
	}
}

// TestHeldOutputLeaves: what is written leaves though the handler blocks.
func TestHeldOutputLeaves(t *testing.T) {
	release := make(chan bool)
	defer close(release)
	f := newFake(t, &Server{OnRequest: func(_ *IncomingMessage, res *ServerResponse) {
		res.WriteString("x")
		<-release
	}})
	f.holds = holdTime
	go f.feed(getA)
	for range 1000 {
		f.conn.mu.Lock()
		out := len(f.out)
		f.conn.mu.Unlock()
		if out > 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Error("nothing left in a second")
}

// TestPipelineLimit: past the bound requests are left unread, and taken in when
// answers have left.
func TestPipelineLimit(t *testing.T) {
	var all []*ServerResponse
	f := newFake(t, &Server{OnRequest: func(_ *IncomingMessage, res *ServerResponse) { all = append(all, res) }})
	if s := f.feed(strings.Repeat(getA, 3*pipelineRequestsMax)); s != stepWait {
		t.Errorf("step is %d, want stepWait", s)
	}
	if len(all) != pipelineRequestsMax {
		t.Fatalf("%d requests were handled, want %d", len(all), pipelineRequestsMax)
	}
	for i := 0; i < len(all); i++ {
		all[i].End("x")
		f.drive()
	}
	if n := len(bodies(t, f.out)); n != 3*pipelineRequestsMax {
		t.Errorf("%d answers, want %d", n, 3*pipelineRequestsMax)
	}
}

// TestHeldBytesLimit: a connection that holds much is not read, and a Write that
// would hold more waits.
func TestHeldBytesLimit(t *testing.T) {
	var all []*ServerResponse
	f := newFake(t, &Server{OnRequest: func(_ *IncomingMessage, res *ServerResponse) { all = append(all, res) }})
	f.feed(getA + getA)
	var wg sync.WaitGroup
	written := make(chan int, 100)
	wg.Go(func() {
		for range 100 {
			n, _ := all[1].Write(make([]byte, 10000))
			written <- n
		}
		all[1].End()
		close(written)
	})
	for range 6 {
		<-written
	}
	time.Sleep(20 * time.Millisecond)
	if n := len(written); n > 1 {
		t.Errorf("%d more writes did not wait", n)
	}
	if s := f.feed(getA); s != stepWait {
		t.Errorf("step is %d, want stepWait", s)
	}
	all[0].End("first")
	wg.Wait()
	f.drive()
	if got := bodies(t, f.out); len(got) != 2 || got[0] != "first" || len(got[1]) != 1000000 {
		t.Errorf("got %d answers", len(got))
	}
}

// TestAborted: a client that goes away aborts what is pending.
func TestAborted(t *testing.T) {
	var req *IncomingMessage
	var res *ServerResponse
	closed, finished := 0, 0
	f := newFake(t, &Server{OnRequest: func(q *IncomingMessage, s *ServerResponse) {
		req, res = q, s
		s.OnClose(func() { closed++ })
		s.OnFinish(func() { finished++ })
	}})
	f.eof = true
	f.feed("GET /url HTTP/1.1\r\nHost: a\r\n\r\n")
	if closed != 1 || finished != 0 || !req.Aborted() || !f.closed {
		t.Errorf("closed %d, finished %d, aborted %v, connection %s", closed, finished, req.Aborted(), f.state())
	}
	if err := res.End("x"); err != ErrConnectionClosed {
		t.Errorf("End: %v, want ErrConnectionClosed", err)
	}
	if err := res.End("x"); err != ErrWriteAfterEnd {
		t.Errorf("second End: %v, want ErrWriteAfterEnd", err)
	}
	if got := req.URL() + req.Header("host"); got != "/urla" {
		t.Errorf("URL and Host after the end: %q", got)
	}
}

// TestAllowHalfOpen: with it such a client gets its answers.
func TestAllowHalfOpen(t *testing.T) {
	var all []*ServerResponse
	f := newFake(t, &Server{AllowHalfOpen: true, OnRequest: func(_ *IncomingMessage, s *ServerResponse) { all = append(all, s) }})
	f.eof = true
	if s := f.feed(getA + getA); s != stepWait {
		t.Fatalf("step is %d, want stepWait", s)
	}
	all[1].End("2")
	all[0].End("1")
	f.drive()
	if got := bodies(t, f.out); !slices.Equal(got, []string{"1", "2"}) || !f.closed {
		t.Errorf("got %q, connection %s", got, f.state())
	}
}

// TestEvents: pieces, end, finish and close come in order and once.
func TestEvents(t *testing.T) {
	var log []string
	note := func(s string) func() { return func() { log = append(log, s) } }
	f := newFake(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		req.OnData(func(p []byte) { log = append(log, string(p)) })
		req.OnEnd(func() {
			log = append(log, "end "+req.Trailers()["x-t"])
			res.End("x")
		})
		res.OnFinish(note("finish"))
		res.OnClose(note("close"))
		log = append(log, "returned")
	}})
	f.feed("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc", "\r\n2\r\nde\r\n0\r\nX-", "T: 1\r\n\r\n", getA)
	want := []string{"returned", "ab", "c", "de", "end 1", "finish", "close", "returned", "end ", "finish", "close"}
	if !slices.Equal(log, want) {
		t.Errorf("got  %q\nwant %q", log, want)
	}
	if f.conn.work != nil {
		t.Error("a connection without messages has kept its parser")
	}
}

// TestEventPanic: a panic in OnData or OnEnd is a 500, in OnFinish it is only
// logged.
func TestEventPanic(t *testing.T) {
	boom := func() { panic("boom") }
	for name, handler := range map[string]handlerFunc{
		"OnData": func(req *IncomingMessage, _ *ServerResponse) { req.OnData(func([]byte) { boom() }) },
		"OnEnd":  func(req *IncomingMessage, _ *ServerResponse) { req.OnData(func([]byte) {}); req.OnEnd(boom) },
		"OnFinish": func(_ *IncomingMessage, res *ServerResponse) {
			res.StatusCode = 500
			res.OnFinish(boom)
			res.OnClose(boom)
			res.End()
		},
	} {
		f := newFake(t, &Server{OnRequest: handler})
		f.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab")
		if !strings.HasPrefix(string(f.out), "HTTP/1.1 500 ") {
			t.Errorf("%s: %q", name, f.out)
		}
	}
}

// TestBodyFlow: who may read a body, and until when.
func TestBodyFlow(t *testing.T) {
	post := "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n"
	t.Run("unread stops the connection", func(t *testing.T) {
		var req *IncomingMessage
		var res *ServerResponse
		f := newFake(t, &Server{OnRequest: func(q *IncomingMessage, s *ServerResponse) { req, res = q, s }})
		if s := f.feed(post, "abc", "def"); s != stepWait || len(f.pieces) != 1 {
			t.Fatalf("step %d with %d pieces unread, want stepWait and 1", s, len(f.pieces))
		}
		p := make([]byte, 2)
		n, err := req.Body().Read(p)
		if string(p[:n]) != "ab" || err != nil {
			t.Errorf("Read: %q, %v", p[:n], err)
		}
		res.End("x")
		if s := f.drive(); s != stepRead || f.conn.reading != readIdle {
			t.Errorf("step %d, reading %d after the answer", s, f.conn.reading)
		}
		if _, err := req.Body().Read(p); err != http.ErrBodyReadAfterClose {
			t.Errorf("Read after the answer: %v", err)
		}
	})
	t.Run("reader and events exclude each other", func(t *testing.T) {
		var err error
		f := newFake(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
			req.OnData(func([]byte) {})
			_, err = req.Body().Read(make([]byte, 1))
			res.End()
		}})
		f.feed(post + "abcdef")
		if err != errBodyTaken {
			t.Errorf("Read: %v", err)
		}
	})
	t.Run("end of input in the body", func(t *testing.T) {
		var got []byte
		var err, endErr error
		f := newFake(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
			got, err = io.ReadAll(req.Body())
			endErr = res.End("x")
		}})
		f.eof = true
		f.feed(post, "ab", "c")
		if string(got) != "abc" || !errors.Is(err, ErrAborted) || endErr != ErrConnectionClosed {
			t.Errorf("got %q, %v, End: %v", got, err, endErr)
		}
		if string(f.out) != string(cannedAnswer(400)) {
			t.Errorf("answer %q", f.out)
		}
	})
	t.Run("too long to be dropped", func(t *testing.T) {
		f := newFake(t, &Server{OnRequest: hello})
		f.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n")
		if f.state() != "ended" {
			t.Errorf("sized: connection is %s", f.state())
		}
		f = newFake(t, &Server{OnRequest: hello})
		f.feed("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n", strings.Repeat("x", 0xfffff))
		if f.state() != "ended" {
			t.Errorf("chunked: connection is %s", f.state())
		}
	})
	t.Run("head survives the reading", func(t *testing.T) {
		f := newFake(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
			b, _ := io.ReadAll(req.Body())
			res.End(req.URL(), " ", req.Header("X"), " ", string(b))
		}})
		f.feed("POST /u HTTP/1.1\r\nHost: a\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n3", "\r\nabc\r", "\n1\r\nd\r\n0\r\nA", ": b\r\n\r", "\n"+getA)
		if got := bodies(t, f.out); !slices.Equal(got, []string{"/u y abcd", "/  "}) {
			t.Errorf("got %q", got)
		}
	})
}

// TestWriteError: a transport that fails ends the connection and tells.
func TestWriteError(t *testing.T) {
	var err error
	closed := false
	f := newFake(t, &Server{OnRequest: func(_ *IncomingMessage, res *ServerResponse) {
		res.OnClose(func() { closed = true })
		_, _ = res.WriteString("x")
		err = res.FlushHeaders()
	}})
	f.writeErr = io.ErrClosedPipe
	f.feed(getA)
	if err != ErrConnectionClosed || !closed || !f.closed {
		t.Errorf("FlushHeaders: %v, closed %v, connection %s", err, closed, f.state())
	}
}

// TestLostAnswer: of a response that has ended, and whose bytes the transport
// does not take, OnClose is called and OnFinish is not.
func TestLostAnswer(t *testing.T) {
	for _, late := range []bool{false, true} {
		var kept *ServerResponse
		log := make(chan string, 9)
		f := newFake(t, &Server{OnRequest: func(_ *IncomingMessage, res *ServerResponse) {
			res.OnFinish(func() { log <- "finish" })
			res.OnClose(func() { log <- fmt.Sprint("close ", res.Destroyed()) })
			if kept = res; !late {
				res.End("x")
			}
		}})
		f.writeErr = io.ErrClosedPipe
		f.feed(getA)
		if late {
			if err := kept.End("x"); err != ErrConnectionClosed {
				t.Errorf("End: %v", err)
			}
		}
		if got := <-log; got != "close true" || len(log) > 0 {
			t.Errorf("late %v: %q", late, got)
		}
	}
}

// TestParsersComeBack: however a connection ends, its parser and buffers are
// free afterwards.
func TestParsersComeBack(t *testing.T) {
	s := &Server{OnRequest: hello}
	for name, in := range map[string]string{
		"quiet": "", "idle": getA, "in a head": "GET /", "refused": "x\r\n\r\n",
		"closed": "GET / HTTP/1.0\r\n\r\n", "in a body": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab",
	} {
		f := newFake(t, s)
		f.eof = true
		f.feed(in)
		if !f.closed {
			t.Errorf("%s: connection is %s", name, f.state())
		}
		f.conn.mu.Lock()
		f.conn.shut() // a second time does nothing
		f.conn.unlock()
	}
	if n := s.netPools.parsers.Stats().Out(); n != 0 {
		t.Errorf("%d parsers are out", n)
	}
	if n := s.netPools.buffers.Stats().Out(); n != 0 {
		t.Errorf("%d buffers are out", n)
	}
}

// TestTicks: what a deadline does in each state.
func TestTicks(t *testing.T) {
	for _, test := range []struct {
		name, in string
		after    time.Duration
		out      string
		state    string
	}{
		{"nothing sent", "", 60 * time.Second, "408", "ended"},
		{"in a head", "GET / HT", 60 * time.Second, "408", "ended"},
		{"in a body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab", 300 * time.Second, "408", "ended"},
		{"idle", getA, 6 * time.Second, "200", "closed"},
		{"lingering", "x\r\n\r\n", lingerTimeout, "400", "closed"},
	} {
		now := testTime
		s := &Server{now: func() time.Time { return now }, OnRequest: func(req *IncomingMessage, res *ServerResponse) {
			if req.Method() == "GET" {
				res.End()
			}
		}}
		f := newFake(t, s)
		f.feed(test.in)
		c := f.conn
		c.mu.Lock()
		if d := s.realTime(c.deadline()); !d.Equal(now.Add(test.after)) {
			t.Errorf("%s: deadline is %v after, want %v", test.name, d.Sub(now), test.after)
		}
		before := f.state()
		c.tick(s.instant(now.Add(test.after - 1)))
		c.unlock()
		f.drive()
		if f.state() != before {
			t.Errorf("%s: %s before its time", test.name, f.state())
		}
		now = now.Add(test.after)
		c.mu.Lock()
		c.tick(s.instant(now))
		c.unlock()
		f.drive()
		if !strings.HasPrefix(string(f.out), "HTTP/1.1 "+test.out) || f.state() != test.state {
			t.Errorf("%s: %q, %s, want %s, %s", test.name, f.out, f.state(), test.out, test.state)
		}
	}
}
