package http1

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// eventLog notes what happens to a request and its response.
type eventLog struct {
	mu  sync.Mutex
	all []string
}

func (l *eventLog) note(event string) {
	l.mu.Lock()
	l.all = append(l.all, event)
	l.mu.Unlock()
}

func (l *eventLog) watch(req *IncomingMessage, res *ServerResponse) {
	note := func(event string) func() { return func() { l.note(event) } }
	l.note("request")
	req.OnEnd(note("req end"))
	req.OnAborted(note("req aborted"))
	req.OnError(func(err error) { l.note("req error " + err.Error()) })
	req.OnClose(note("req close"))
	res.OnFinish(note("res finish"))
	res.OnClose(note("res close"))
}

func (l *eventLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, ", ")
}

// TestEventOrder: Node's order of events, whatever becomes of request and
// connection.
func TestEventOrder(t *testing.T) {
	const (
		post    = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
		aborted = "request, req aborted, res close, req error http1: request aborted, req close"
	)
	read := func(l *eventLog) handlerFunc {
		return func(req *IncomingMessage, res *ServerResponse) {
			l.watch(req, res)
			req.OnData(func([]byte) {})
			req.OnEnd(func() { l.note("req end"); res.End("x") })
		}
	}
	ignore := func(l *eventLog) handlerFunc {
		return func(req *IncomingMessage, res *ServerResponse) { l.watch(req, res); res.End("x") }
	}
	wait := func(l *eventLog) handlerFunc {
		return func(req *IncomingMessage, res *ServerResponse) { l.watch(req, res); req.Resume() }
	}
	for _, test := range []struct {
		name    string
		handler func(l *eventLog) handlerFunc
		in      []string
		eof     bool
		want    string
	}{
		{"read", read, []string{getA}, false, "request, req end, res finish, res close, req close"},
		{"read, body", read, []string{post, "hel", "lo"}, false, "request, req end, res finish, res close, req close"},
		{"read, last", read, []string{lastGet}, false, "request, req end, res finish, res close, req close"},
		{"ignored", ignore, []string{getA}, false, "request, res finish, res close, req end, req close"},
		{"ignored, body", ignore, []string{post, "hel", "lo"}, false, "request, res finish, res close, req end, req close"},
		{"ignored, last", ignore, []string{lastGet}, false, "request, res finish, res close, req end, req close"},
		{"ignored, body cut off", ignore, []string{post, "hel"}, true, "request, res finish, res close"},
		{"cut off in the body", read, []string{post, "hel"}, true, aborted},
		{"cut off in the body, resumed", wait, []string{post, "hel"}, true, aborted},
		{"cut off while it waits", wait, []string{getA}, true, "request, req end, req close, res close"},
		{"fault in the body", read, []string{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "zz\r\n"}, false, aborted},
	} {
		var l eventLog
		f := newFake(t, &Server{OnRequest: test.handler(&l)})
		f.eof = test.eof
		f.feed(test.in...)
		if got := l.String(); got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.name, got, test.want)
		}
	}
}

// TestEventOrderPipelined: a client that goes away is told to all, also to those
// whose turn has not come.
func TestEventOrderPipelined(t *testing.T) {
	var logs [2]eventLog
	n := 0
	f := newFake(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		logs[n].watch(req, res)
		n++
	}})
	f.eof = true
	f.feed(getA + getA)
	for i := range logs {
		if got := logs[i].String(); got != "request, req aborted, res close, req error http1: request aborted, req close" {
			t.Errorf("%d: %s", i, got)
		}
	}
}

// TestPause: between Pause and Resume nothing is delivered and nothing read.
func TestPause(t *testing.T) {
	var log []string
	var req *IncomingMessage
	f := newFake(t, &Server{OnRequest: func(q *IncomingMessage, res *ServerResponse) {
		req = q
		q.OnData(func(p []byte) {
			log = append(log, string(p))
			q.Pause()
		})
		q.OnEnd(func() { log = append(log, "end"); res.End() })
	}})
	if s := f.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n", "ab", "cd", "ef"); s != stepWait {
		t.Errorf("step %d, want stepWait", s)
	}
	for _, want := range []string{"ab", "ab cd", "ab cd ef", "ab cd ef end"} {
		if got := strings.Join(log, " "); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		req.Resume()
		f.drive()
	}
}

// TestResumeDrops: Resume without OnData reads a body of no interest to its end.
func TestResumeDrops(t *testing.T) {
	ended := false
	f := newFake(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		req.OnEnd(func() { ended = true; res.End() })
		req.Resume()
	}})
	f.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n", "abc", "def")
	if !ended || len(bodies(t, f.out)) != 1 {
		t.Errorf("ended %v, %q", ended, f.out)
	}
}

// TestQuiet: who is told that a connection is quiet, and what becomes of it.
func TestQuiet(t *testing.T) {
	const second = time.Second
	partial := "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"
	for _, test := range []struct {
		name    string
		timeout time.Duration
		hook    bool
		handler func(l *eventLog, req *IncomingMessage, res *ServerResponse)
		in      string
		after   time.Duration
		want    string
		state   string
	}{
		{"nothing sent", second, false, nil, "", second, "", "closed"},
		{"too early", second, false, nil, "", second - 1, "", "open"},
		{"nothing sent, hook", second, true, nil, "", second, "server", "open"},
		{"a request waits", second, false, nil, getA, second, "", "closed"},
		{"a request waits, hook", second, true, nil, getA, second, "server", "open"},
		{"idle is another matter", second, false, func(_ *eventLog, _ *IncomingMessage, res *ServerResponse) { res.End() }, getA, second, "", "open"},
		{"idle", second, false, func(_ *eventLog, _ *IncomingMessage, res *ServerResponse) { res.End() }, getA, 6 * second, "", "closed"},
		{"idle, hook", 0, true, func(_ *eventLog, _ *IncomingMessage, res *ServerResponse) { res.End() }, getA, 6 * second, "server", "open"},
		{"response", 0, false, func(l *eventLog, _ *IncomingMessage, res *ServerResponse) {
			res.SetTimeout(second, func() { l.note("response") })
		}, getA, second, "response", "open"},
		{"response without callback", 0, false, func(_ *eventLog, _ *IncomingMessage, res *ServerResponse) { res.SetTimeout(second, nil) }, getA, second, "", "closed"},
		{"request", 0, false, func(l *eventLog, req *IncomingMessage, _ *ServerResponse) {
			req.SetTimeout(second, func() { l.note("request") })
			req.Resume()
		}, partial, second, "request", "open"},
		{"request that is complete", 0, false, func(l *eventLog, req *IncomingMessage, _ *ServerResponse) {
			req.SetTimeout(second, func() { l.note("request") })
		}, getA, second, "", "closed"},
		{"all", 0, true, func(l *eventLog, req *IncomingMessage, res *ServerResponse) {
			res.SetTimeout(second, func() { l.note("response") })
			req.SetTimeout(second, func() { l.note("request") })
			req.Resume()
		}, partial, second, "request, response, server", "open"},
		{"switched off", second, false, func(_ *eventLog, req *IncomingMessage, _ *ServerResponse) { req.Socket().SetTimeout(0) }, getA, 100 * second, "", "open"},
	} {
		var l eventLog
		now := testTime
		s := &Server{Timeout: test.timeout, ReadTimeout: -1, ReadHeaderTimeout: -1, now: func() time.Time { return now },
			OnRequest: func(req *IncomingMessage, res *ServerResponse) {
				if test.handler != nil {
					test.handler(&l, req, res)
				}
			}}
		if test.hook {
			s.OnTimeout = func(Socket) { l.note("server") }
		}
		f := newFake(t, s)
		f.feed(test.in)
		for range 2 { // it is told once
			now = now.Add(test.after)
			f.conn.mu.Lock()
			f.conn.tick(f.now())
			f.conn.unlock()
			f.drive()
			if test.state == "open" && test.want == "" {
				break
			}
		}
		time.Sleep(time.Millisecond) // it may come on a goroutine of its own
		for range 1000 {
			if l.String() == test.want {
				break
			}
			time.Sleep(time.Millisecond)
		}
		if got := l.String(); got != test.want || f.state() != test.state {
			t.Errorf("%s: told %q, want %q; connection %s, want %s", test.name, got, test.want, f.state(), test.state)
		}
	}
}

// TestQuietGoesOn: input and output begin the time anew.
func TestQuietGoesOn(t *testing.T) {
	now := testTime
	var res *ServerResponse
	f := newFake(t, &Server{Timeout: time.Second, now: func() time.Time { return now }, OnRequest: func(_ *IncomingMessage, r *ServerResponse) { res = r }})
	step := func(what func()) {
		t.Helper()
		now = now.Add(900 * time.Millisecond)
		what()
		f.conn.mu.Lock()
		f.conn.tick(f.now())
		f.conn.unlock()
		f.drive()
		if f.state() != "open" {
			t.Errorf("%s", f.state())
		}
	}
	step(func() { f.feed("GET / HT") })
	step(func() { f.feed("TP/1.1\r\nHost: a\r\n\r\n") })
	step(func() { res.WriteString("x") })
	step(func() { res.FlushHeaders(); res.WriteString("x") })
}

// TestRequestFacts: what else a request tells.
func TestRequestFacts(t *testing.T) {
	var version []string
	s := &Server{HTTPValidation: ValidationInsecure, OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		version = append(version, req.HTTPVersion())
		if req.Upgrade() || req.Socket().RemoteAddr() == nil || req.Socket().LocalAddr() == nil {
			t.Error("upgrade or no address")
		}
		res.End()
	}}
	f := newFake(t, s)
	f.feed(getA + "GET / HTTP/1.7\r\nHost: a\r\n\r\n" + "GET / HTTP/1.0\r\n\r\n")
	if !slices.Equal(version, []string{"1.1", "1.7", "1.0"}) {
		t.Errorf("%q", version)
	}
}

// TestJoinDuplicateHeaders: fields of which the first counts are joined.
func TestJoinDuplicateHeaders(t *testing.T) {
	for join, want := range map[bool]string{false: "a", true: "a, b"} {
		var header, headers string
		f := newFake(t, &Server{JoinDuplicateHeaders: join, OnRequest: func(req *IncomingMessage, res *ServerResponse) {
			header, headers = req.Header("User-Agent"), req.Headers()["user-agent"]
			res.End()
		}})
		f.feed("GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: a\r\nuser-agent: b\r\n\r\n")
		if header != want || headers != want {
			t.Errorf("join %v: %q, %q", join, header, headers)
		}
	}
}
