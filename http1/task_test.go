package http1

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
)

// statusesOf returns those of the answers in out.
func statusesOf(t testing.TB, out []byte) (all []int) {
	t.Helper()
	r := newStrictReader(out)
	for !r.done() {
		a, err := r.answer(false)
		if err != nil {
			t.Fatalf("answer %d: %v in %q", len(all), err, out)
		}
		all = append(all, a.status)
	}
	return all
}

// TestTasks: which hook gets a request, and what becomes of the connection.
func TestTasks(t *testing.T) {
	type hooks = func(s *Server, note func(string))
	check := func(s *Server, note func(string)) {
		s.OnCheckContinue = func(req *IncomingMessage, res *ServerResponse) {
			note("check " + req.URL())
			if req.URL() == "/yes" {
				res.WriteContinue()
			}
			res.End()
		}
		s.OnCheckExpectation = func(req *IncomingMessage, res *ServerResponse) { note("expectation"); res.End() }
	}
	limit := func(s *Server, note func(string)) {
		s.MaxRequestsPerSocket = 2
		s.OnDropRequest = func(req *IncomingMessage, socket Socket) {
			note(fmt.Sprint("drop ", req.URL(), " ", socket.Writable()))
		}
	}
	ask := func(s *Server, note func(string)) {
		s.OnUpgrade = func(*IncomingMessage, net.Conn, []byte) {}
		s.ShouldUpgrade = func(req *IncomingMessage) bool { note("ask " + req.Header("Upgrade")); return false }
	}
	const post = "POST %s HTTP/1.1\nHost: a\nContent-Length: 2\nExpect: %s\n\nhi"
	for _, test := range []struct {
		name  string
		set   hooks
		in    string
		want  []int
		notes string
		state string
	}{
		{"continue", nil, fmt.Sprintf(post, "/", "100-continue"), []int{100, 200}, "", "open"},
		{"continue in a list", nil, fmt.Sprintf(post, "/", "x, 100-Continue"), []int{100, 200}, "", "open"},
		{"continue in two fields", nil, fmt.Sprintf(post, "/", "x\nExpect: 100-continue"), []int{100, 200}, "", "open"},
		{"another expectation", nil, fmt.Sprintf(post, "/", "y 100-continue") + "GET / HTTP/1.1\nHost: a\n\n", []int{417}, "", "ended"},
		{"empty expectation", nil, fmt.Sprintf(post, "/", ""), []int{417}, "", "ended"},
		{"HTTP/1.0 expects", nil, "GET / HTTP/1.0\nExpect: x\n\n", []int{200}, "", "ended"},
		{"check, continued", check, fmt.Sprintf(post, "/yes", "100-continue"), []int{100, 200}, "check /yes", "open"},
		{"check, refused", check, fmt.Sprintf(post, "/no", "100-continue"), []int{200}, "check /no", "ended"},
		{"check, other", check, fmt.Sprintf(post, "/", "x"), []int{200}, "expectation", "open"},
		{"too many", limit, strings.Repeat("GET /a HTTP/1.1\nHost: a\n\n", 4), []int{200, 200, 503, 503}, "drop /a true, drop /a true", "open"},
		{"HTTP/1.0 does not count", limit, strings.Repeat("GET /a HTTP/1.0\nConnection: keep-alive\n\n", 3), []int{200}, "", "ended"},
		{"no Host", nil, "GET / HTTP/1.1\n\nGET / HTTP/1.1\nHost: a\n\n", []int{400}, "", "ended"},
		{"no Host, allowed", func(s *Server, _ func(string)) { s.AllowMissingHost = true }, "GET / HTTP/1.1\n\n", []int{200}, "", "open"},
		{"no Host, Upgrade", ask, "GET / HTTP/1.1\nConnection: upgrade\nUpgrade: x\n\n", []int{400}, "", "ended"},
		{"asked, no", ask, "GET / HTTP/1.1\nHost: a\nConnection: upgrade\nUpgrade: x\n\nGET / HTTP/1.1\nHost: a\n\n", []int{200, 200}, "ask x", "open"},
		{"not asked with a body", ask, "POST / HTTP/1.1\nHost: a\nConnection: upgrade\nUpgrade: x\nContent-Length: 1\n\nx", []int{200}, "", "open"},
	} {
		t.Run(test.name, func(t *testing.T) {
			splits(lines(test.in), func(how string, pieces [][]byte) {
				var notes []string
				s := &Server{OnRequest: func(_ *IncomingMessage, res *ServerResponse) { res.SetHeader("Content-Length", "0"); res.End() }}
				if strings.Contains(test.in, "HTTP/1.0") {
					s.OnRequest = func(_ *IncomingMessage, res *ServerResponse) { res.End() }
				}
				if test.set != nil {
					test.set(s, func(n string) { notes = append(notes, n) })
				}
				f := newFake(t, s)
				f.pieces = pieces
				f.drive()
				if got := statusesOf(t, f.out); !slices.Equal(got, test.want) {
					t.Fatalf("%s: %v, want %v: %q", how, got, test.want, f.out)
				}
				if got := strings.Join(notes, ", "); got != test.notes {
					t.Fatalf("%s: %q, want %q", how, got, test.notes)
				}
				if f.state() != test.state {
					t.Fatalf("%s: connection is %s, want %s", how, f.state(), test.state)
				}
			})
		})
	}
}

// TestLastOfMany: the last answer by MaxRequestsPerSocket says so, and those
// before say how many there are.
func TestLastOfMany(t *testing.T) {
	f := newFake(t, &Server{MaxRequestsPerSocket: 2, OnRequest: hello})
	f.feed(getA + getA)
	first, second, _ := strings.Cut(string(f.out), "Hello World")
	if !strings.Contains(first, "Keep-Alive: timeout=5, max=2\r\n") || !strings.Contains(second, "Connection: close\r\n") {
		t.Errorf("%q", f.out)
	}
}

// TestShouldUpgrade: a server that asks hands over what it wants, and only that.
func TestShouldUpgrade(t *testing.T) {
	s := &Server{OnRequest: hello,
		ShouldUpgrade: func(req *IncomingMessage) bool { return req.Header("Upgrade") == "echo" },
		OnUpgrade: func(req *IncomingMessage, socket net.Conn, head []byte) {
			defer socket.Close()
			fmt.Fprint(socket, "upgraded ", req.Upgrade(), " ", string(head))
		}}
	addr := start(t, s)
	const up = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: "
	if out := talk(t, addr, getA+up+"echo\r\n\r\nhead"); !strings.HasSuffix(out, "upgraded true head") || strings.Count(out, "Hello World") != 1 {
		t.Errorf("%q", out)
	}
	if out := talk(t, addr, up+"other\r\n\r\n"+lastGet); strings.Count(out, "Hello World") != 2 {
		t.Errorf("%q", out)
	}
}

// TestClientError: what OnClientError is told, and what it may do.
func TestClientError(t *testing.T) {
	long := strings.Repeat("x", 20000)
	for _, test := range []struct {
		name, first, second string
		eof                 bool
		code                string
		parsed, raw         int
	}{
		{"at once", "GET / HTTP/1.1\r\nX A: b\r\n\r\n", "", false, "HPE_INVALID_HEADER_TOKEN", 17, 26},
		{"in the second read", "GET / HTTP/1.1\r\nHost: a\r\n", "X A: b\r\n\r\n", false, "HPE_INVALID_HEADER_TOKEN", 1, 10},
		{"behind a request", getA, "BAD\r\n", false, "HPE_INVALID_METHOD", 1, 5},
		{"end of input", "GET / HT", "", true, "HPE_INVALID_EOF_STATE", 0, -1},
		{"long field", "GET / HTTP/1.1\r\nX: " + long, "", false, "HPE_HEADER_OVERFLOW", -1, -2},
		{"long target", "GET /" + long, "", false, "HPE_HEADER_OVERFLOW", -1, -2},
		{"long trailers", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + long, "", false, "HPE_HEADER_OVERFLOW", -1, -2},
	} {
		var told *ClientError
		f := newFake(t, &Server{
			OnRequest:     func(req *IncomingMessage, res *ServerResponse) { io.ReadAll(req.Body()); res.End() },
			OnClientError: func(e *ClientError) { told = e; e.Answer = []byte("mine") },
		})
		f.eof = test.eof
		f.pieces = [][]byte{[]byte(test.first)}
		if test.second != "" {
			f.pieces = append(f.pieces, []byte(test.second))
		}
		f.drive()
		if told == nil || told.Code != test.code || !strings.HasSuffix(string(f.out), "mine") {
			t.Errorf("%s: told %v, answer %q", test.name, told, f.out)
			continue
		}
		if test.parsed >= 0 && told.BytesParsed != test.parsed {
			t.Errorf("%s: %d bytes parsed, want %d", test.name, told.BytesParsed, test.parsed)
		}
		if raw := len(told.RawPacket); test.raw >= 0 && raw != test.raw || test.raw == -1 && told.RawPacket != nil || test.raw == -2 && raw == 0 {
			t.Errorf("%s: packet of %d bytes, want %d", test.name, raw, test.raw)
		}
	}
}

// TestHandOverBehindAnswer: answers that are given at once, to requests in the
// same read, leave before the connection is handed over, also while a loop has
// other connections to attend to.
func TestHandOverBehindAnswer(t *testing.T) {
	addr := start(t, &Server{Loops: 1, OnRequest: hello, OnUpgrade: func(_ *IncomingMessage, socket net.Conn, head []byte) {
		defer socket.Close()
		fmt.Fprint(socket, "upgraded ", string(head))
	}})
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 20 {
				out := talk(t, addr, strings.Repeat(getA, 3)+"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nhead")
				if strings.Count(out, "Hello World") != 3 || !strings.HasSuffix(out, "upgraded head") {
					t.Errorf("%q", out)
				}
			}
		})
	}
	wg.Wait()
}
