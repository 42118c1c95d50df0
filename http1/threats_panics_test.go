package http1

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// errorLog counts what is logged as an error.
type errorLog struct {
	mu   sync.Mutex
	text []string
}

func (l *errorLog) Enabled(context.Context, slog.Level) bool { return true }
func (l *errorLog) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *errorLog) WithGroup(string) slog.Handler            { return l }
func (l *errorLog) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		var b bytes.Buffer
		fmt.Fprint(&b, r.Message)
		r.Attrs(func(a slog.Attr) bool { fmt.Fprint(&b, " ", a); return true })
		l.mu.Lock()
		l.text = append(l.text, b.String())
		l.mu.Unlock()
	}
	return nil
}

// taken returns what has been logged, and forgets it.
func (l *errorLog) taken() (text []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text, l.text = l.text, nil
	return text
}

// viper panics when it is printed.
type viper struct{}

func (viper) String() string { panic("bitten") }

// ends are the ways in which code of an application does not return.
var ends = map[string]func(){
	"panic":        func() { panic("boom") },
	"nil":          func() { panic(nil) },
	"runtime":      func() { var s []int; s[len(s)] = 1 },
	"viper":        func() { panic(viper{}) },
	"error":        func() { panic(io.ErrUnexpectedEOF) },
	"abort":        func() { panic(http.ErrAbortHandler) },
	"Goexit":       func() { runtime.Goexit() },
	"late abort":   func() { time.Sleep(5 * time.Millisecond); panic(http.ErrAbortHandler) },
	"late panic":   func() { time.Sleep(5 * time.Millisecond); panic("boom") }, // the loop has gone on
	"late Goexit":  func() { time.Sleep(5 * time.Millisecond); runtime.Goexit() },
	"nested panic": func() { defer func() { panic("boom") }(); panic("first") },
}

// TestPanics: wherever code of the application panics, or ends its goroutine, the
// server lives, earlier answers are delivered, the request is answered with 500 if
// nothing of its answer is out and else cut off, nothing behind it is executed, and
// it is said once in the log.
func TestPanics(t *testing.T) {
	const (
		asked    = iota // the code is asked for an answer: 500
		begun           // … and has begun one: it is cut off
		answered        // the answer is there
		refused         // a refusal is due: it is sent
		closed          // no answer is due: the connection is closed
		served          // the request is served all the same
	)
	places := map[string]struct {
		in   string
		kind int
	}{
		"/handler":    {getOf("/handler"), asked},
		"/head":       {getOf("/head"), asked}, // built, not out
		"/flushed":    {getOf("/flushed"), begun},
		"/piece":      {getOf("/piece"), begun},
		"/until":      {"GET /until HTTP/1.0\r\nHost: a\r\n\r\n", begun},
		"/ended":      {getOf("/ended"), answered},
		"/data":       {postOf("/data"), asked},
		"/data-begun": {postOf("/data-begun"), begun},
		"/end":        {postOf("/end"), asked},
		"/finish":     {getOf("/finish"), answered},
		"/close":      {getOf("/close"), answered},
		"/req-close":  {postOf("/req-close"), answered},
		"/upgrade":    {upgradeOf("/upgrade"), closed},
		"/connect":    {"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", closed},
		"/should":     {upgradeOf("/should"), served},
		"/continue":   {"POST /continue HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", asked},
		"/expect":     {"GET /expect HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", asked},
		"/error":      {"nonsense\r\n\r\n", refused},
		"/bad-chunk":  {"POST /bad-chunk HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", refused},
	}
	var all []string
	for end := range ends {
		for place := range places {
			all = append(all, end+" "+place)
		}
	}
	var log errorLog
	var ending atomic.Value // the func() of the case that runs
	ending.Store(func() {})
	end := func() { ending.Load().(func())() }
	at := func(url, place string) {
		if url == place {
			end()
		}
	}
	hook := func(req *IncomingMessage, socket net.Conn, _ []byte) { at(req.URL(), "/upgrade"); end() }
	s := &Server{Logger: slog.New(&log), OnUpgrade: hook, OnConnect: hook}
	s.ShouldUpgrade = func(req *IncomingMessage) bool { at(req.URL(), "/should"); return req.URL() == "/upgrade" }
	s.OnCheckContinue = func(*IncomingMessage, *ServerResponse) { end() }
	s.OnCheckExpectation = s.OnCheckContinue
	s.OnClientError = func(*ClientError) { end() }
	s.OnRequest = func(req *IncomingMessage, res *ServerResponse) {
		url := req.URL()
		at(url, "/handler")
		switch url {
		case "/head":
			res.WriteHead(201, "X-Y", "z")
			end()
		case "/flushed":
			res.FlushHeaders()
			end()
		case "/piece", "/until":
			res.WriteString("piece")
			end()
		case "/ended":
			res.End(url)
			end()
		case "/data", "/data-begun", "/end":
			req.OnData(func([]byte) {
				if url == "/data-begun" {
					res.WriteString("piece")
					end()
				}
				at(url, "/data")
			})
			req.OnEnd(func() { at(url, "/end"); res.End(url) })
		case "/finish":
			res.OnFinish(end)
			res.End(url)
		case "/close":
			res.OnClose(end)
			res.End(url)
		case "/req-close":
			req.OnClose(end)
			io.Copy(io.Discard, req.Body())
			res.End(url)
		case "/bad-chunk":
			io.Copy(io.Discard, req.Body())
		default:
			res.End(url)
		}
	}
	addr := start(t, s)
	slices.Sort(all)
	for _, name := range all {
		t.Run(name, func(t *testing.T) {
			how, url, _ := strings.Cut(name, " /")
			test := places["/"+url]
			ending.Store(ends[how])
			abort, exit := strings.HasSuffix(how, "abort"), strings.HasSuffix(how, "Goexit")
			log.taken()
			c := dial(t, addr)
			io.WriteString(c, before+test.in+strings.Repeat(hidden, 3))
			time.Sleep(2 * time.Millisecond)
			if test.kind == answered || test.kind == served {
				io.WriteString(c, lastGet)
			}
			out, err := io.ReadAll(c)
			c.Close()
			if err != nil && test.kind != begun && test.kind != closed && !exit {
				t.Errorf("%v after %q", err, out)
			}
			rest, ok := strings.CutPrefix(string(out), "HTTP/1.1 200 OK\r\n")
			if _, rest, _ = strings.Cut(rest, "\r\n\r\n/before"); !ok {
				t.Errorf("the request before has no answer: %q", out)
			}
			logged := 1
			if abort || exit {
				logged = 0
			}
			want := map[int]string{asked: "HTTP/1.1 500 ", begun: "HTTP/1.1 200 ", answered: "HTTP/1.1 200 ", served: "HTTP/1.1 200 ", refused: "HTTP/1.1 400 "}[test.kind]
			if (abort || exit) && test.kind == asked || exit && test.kind != begun && test.kind != answered {
				want = "" // closed without a word
			}
			if want == "" && rest != "" || !strings.HasPrefix(rest, want) {
				t.Errorf("%.300q, want %q", rest, want)
			}
			goesOn := (test.kind == answered || test.kind == served) && !exit
			mayGoOn := exit && test.kind == answered // the goroutine may have been another one
			if goesOn != strings.Contains(rest, "/hidden") && !mayGoOn {
				t.Errorf("requests behind it are served: %v", !goesOn)
			}
			if test.kind == begun && strings.HasSuffix(rest, "0\r\n\r\n") {
				t.Errorf("the answer looks whole: %q", rest)
			}
			var text []string
			soon(func() bool { text = append(text, log.taken()...); return len(text) >= logged })
			if text = append(text, log.taken()...); len(text) != logged {
				t.Errorf("logged %d times, want %d: %.300q", len(text), logged, text)
			}
			if how == "panic" && !strings.Contains(fmt.Sprint(text), "boom") || logged > 0 && !strings.Contains(fmt.Sprint(text), "threats_panics_test.go") {
				t.Errorf("the log does not say what and where: %.300q", text)
			}
			ending.Store(func() {})
			if out := talk(t, addr, lastGet); !strings.HasPrefix(out, "HTTP/1.1 200 ") {
				t.Errorf("the server is dead: %q", out)
			}
		})
	}
}

func getOf(url string) string { return "GET " + url + " HTTP/1.1\r\nHost: a\r\n\r\n" }

func postOf(url string) string {
	return "POST " + url + " HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
}

func upgradeOf(url string) string {
	return "GET " + url + " HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
}

// TestHookPanics: so it is with the hooks that are not about a request's answer:
// what they are told of goes its way, and it is said once in the log.
func TestHookPanics(t *testing.T) {
	boom := func() { panic("boom") }
	quick := 25 * time.Millisecond
	for name, test := range map[string]struct {
		server  *Server
		in      string
		handler handlerFunc
		answers []int
		logged  int
		leaves  bool // the client hangs up before it has an answer
	}{
		"OnConnection": {&Server{OnConnection: func(Socket) { boom() }}, lastGet, hello, []int{200}, 1, false},
		"OnDropRequest": {&Server{MaxRequestsPerSocket: 1, OnDropRequest: func(*IncomingMessage, Socket) { boom() }},
			getA + getA, hello, []int{200, 503}, 1, true},
		"OnTimeout": {&Server{Timeout: quick, OnTimeout: func(Socket) { boom() }},
			getA, func(_ *IncomingMessage, res *ServerResponse) { time.AfterFunc(3*quick, func() { res.End("x") }) }, []int{200}, 1, false},
		"OnTimeout when idle": {&Server{IdleTimeout: quick, KeepAliveTimeoutBuffer: -1, OnTimeout: func(Socket) { boom() }}, getA, hello, []int{200}, 1, false},
		"request timeout": {&Server{}, postOf("/")[:len(postOf("/"))-1], func(req *IncomingMessage, res *ServerResponse) {
			req.SetTimeout(quick, boom)
			time.AfterFunc(3*quick, func() { res.End("x") })
		}, []int{200}, 1, false},
		"response timeout": {&Server{}, getA, func(_ *IncomingMessage, res *ServerResponse) {
			res.SetTimeout(quick, boom)
			time.AfterFunc(3*quick, func() { res.End("x") })
		}, []int{200}, 1, false},
		"OnDrain": {&Server{}, lastGet, func(_ *IncomingMessage, res *ServerResponse) {
			res.OnDrain(boom)
			res.Write(make([]byte, 128<<10))
			time.AfterFunc(3*quick, func() { res.End("x") })
		}, []int{200}, 1, false},
		"OnAborted": {&Server{}, postOf("/")[:len(postOf("/"))-1], func(req *IncomingMessage, res *ServerResponse) {
			req.OnAborted(boom)
			req.OnError(func(error) { boom() })
			req.OnClose(boom)
			res.OnClose(boom)
			req.OnData(func([]byte) {})
		}, nil, 4, true},
	} {
		t.Run(name, func(t *testing.T) {
			var log errorLog
			s := test.server
			s.OnRequest, s.Logger = test.handler, slog.New(&log)
			addr := startWarm(t, s)
			log.taken()
			c := dial(t, addr)
			io.WriteString(c, test.in)
			if test.leaves {
				time.Sleep(quick)
				c.CloseWrite()
			} else {
				bye := c
				time.AfterFunc(6*quick, func() { bye.CloseWrite() })
			}
			out, err := io.ReadAll(c)
			if test.answers == nil {
				out = nil // a refusal may be there
			}
			if got := statuses(answersIn(t, out)); !slices.Equal(got, test.answers) || err != nil {
				t.Errorf("answers %v, %v, want %v", got, err, test.answers)
			}
			var text []string
			soon(func() bool { text = append(text, log.taken()...); return len(text) >= test.logged })
			if len(text) != test.logged {
				t.Errorf("logged %d times, want %d: %.500q", len(text), test.logged, text)
			}
			c = dial(t, addr)
			io.WriteString(c, "nonsense\r\n\r\n")
			if _, err := c.Read(make([]byte, 1)); err != nil {
				t.Errorf("the server is dead: %v", err)
			}
			c.Close()
		})
	}
}
