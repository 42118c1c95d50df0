package http1

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// answerOf returns what a handler's answer to a request looks like on the wire.
func answerOf(t testing.TB, request string, handler handlerFunc) string {
	t.Helper()
	f := newFake(t, &Server{OnRequest: handler})
	f.feed(request)
	return string(f.out)
}

// TestResponseSplitting: every setter with every byte either refuses it or sends
// it as it is, and the answer has the lines it should have.
func TestResponseSplitting(t *testing.T) {
	setters := map[string]func(res *ServerResponse, s string) error{
		"SetHeader name":      func(res *ServerResponse, s string) error { return res.SetHeader(s, "v") },
		"SetHeader value":     func(res *ServerResponse, s string) error { return res.SetHeader("X", s) },
		"SetHeader 2nd value": func(res *ServerResponse, s string) error { return res.SetHeader("X", "v", s) },
		"AppendHeader name":   func(res *ServerResponse, s string) error { return res.AppendHeader(s, "v") },
		"AppendHeader value":  func(res *ServerResponse, s string) error { return res.AppendHeader("X", s) },
		"WriteHead name":      func(res *ServerResponse, s string) error { return res.WriteHead(200, s, "v") },
		"WriteHead value":     func(res *ServerResponse, s string) error { return res.WriteHead(200, "X", s) },
		"AddTrailers name":    func(res *ServerResponse, s string) error { return res.AddTrailers(s, "v") },
		"AddTrailers value":   func(res *ServerResponse, s string) error { return res.AddTrailers("X", s) },
		"StatusMessage": func(res *ServerResponse, s string) error {
			res.StatusMessage = s
			err := res.WriteHead(200)
			if err != nil {
				res.StatusMessage = ""
			}
			return err
		},
	}
	for name, set := range setters {
		for b := range 256 {
			s := "a" + string([]byte{byte(b)}) + "b"
			var err error
			out := answerOf(t, getA, func(_ *IncomingMessage, res *ServerResponse) {
				err = set(res, s)
				res.WriteString("body")
				res.End()
			})
			if strings.HasSuffix(name, "name") {
				if want := validName(s); (err == nil) != want {
					t.Errorf("%s %q: %v", name, s, err)
				}
			} else if want := b == '\t' || b >= ' ' && b != 0x7f; (err == nil) != want {
				t.Errorf("%s %q: %v", name, s, err)
			}
			if sent := strings.Contains(out, s); sent != (err == nil) {
				t.Errorf("%s %q: error %v, sent %v", name, s, err, sent)
			}
			r := newStrictReader([]byte(out))
			if a, e := r.answer(false); e != nil || !r.done() || string(a.body) != "body" {
				t.Errorf("%s %q: answer %q: %v", name, s, out, e)
			}
		}
	}
}

// TestImplicitBadReason: a reason that cannot be sent is found out by End, and
// the client gets a 500 and not nothing.
func TestImplicitBadReason(t *testing.T) {
	var err error
	out := answerOf(t, getA, func(_ *IncomingMessage, res *ServerResponse) {
		res.SetHeader("X", "y")
		res.StatusMessage = "a\r\nb"
		err = res.End("x")
	})
	var bad *HeaderError
	if !errors.As(err, &bad) || !strings.HasPrefix(out, "HTTP/1.1 500 ") || !strings.Contains(out, "Connection: close") {
		t.Errorf("End: %v, answer %q", err, out)
	}
}

func TestHeaderMethods(t *testing.T) {
	var m OutgoingMessage
	check := func(what string, ok bool) {
		t.Helper()
		if !ok {
			t.Errorf("%s: %+v", what, m.headers)
		}
	}
	m.SetHeader("A", "1")
	m.SetHeader("Set-Cookie", "x", "y")
	m.SetHeader("B", "2")
	check("names", slices.Equal(m.GetHeaderNames(), []string{"a", "set-cookie", "b"}))
	m.SetHeader("a", "3")
	check("replaced in place", m.headers[0] == headerLine{name: "a", value: "3"})
	m.AppendHeader("SET-cookie", "z")
	check("appended", slices.Equal(m.GetHeaderValues("set-cookie"), []string{"x", "y", "z"}))
	check("first spelling stays", m.headers[3].name == "Set-Cookie" && m.headers[4].name == "B")
	m.AppendHeader("C", "5", "6")
	check("new name", m.GetHeader("c") == "5" && m.HasHeader("C"))
	m.RemoveHeader("set-Cookie")
	check("removed", !m.HasHeader("Set-Cookie") && len(m.headers) == 4)
	m.SetHeader("c")
	check("no values", !m.HasHeader("c") && m.GetHeader("c") == "" && m.GetHeaderValues("c") == nil)
	check("length", m.SetHeader("Content-Length", "x") != nil && m.SetHeader("Content-Length", "12") == nil)
	check("trailer", m.AddTrailers("Content-Length", "1") != nil && m.AddTrailers("x") != nil)
	m.built = true
	for name, err := range map[string]error{"SetHeader": m.SetHeader("A", "1"), "AppendHeader": m.AppendHeader("A", "1"), "RemoveHeader": m.RemoveHeader("A")} {
		if err != ErrHeadersSent {
			t.Errorf("%s after the head: %v", name, err)
		}
	}
}

// TestResponseErrors: what the calls return when they cannot do what they are
// asked for.
func TestResponseErrors(t *testing.T) {
	for name, test := range map[string]struct {
		call func(res *ServerResponse) error
		want error
	}{
		"WriteHead twice":       {func(r *ServerResponse) error { r.WriteHead(200); return r.WriteHead(200) }, ErrHeadersSent},
		"WriteHead after Write": {func(r *ServerResponse) error { r.WriteString("x"); return r.WriteHead(200) }, ErrHeadersSent},
		"SetHeader after Write": {func(r *ServerResponse) error { r.WriteString("x"); return r.SetHeader("a", "b") }, ErrHeadersSent},
		"WriteContinue late":    {func(r *ServerResponse) error { r.WriteHead(200); return r.WriteContinue() }, ErrHeadersSent},
		"Write after End":       {func(r *ServerResponse) error { r.End(); _, err := r.WriteString("x"); return err }, ErrWriteAfterEnd},
		"End after End":         {func(r *ServerResponse) error { r.End(); return r.End() }, ErrWriteAfterEnd},
		"body of 204":           {func(r *ServerResponse) error { r.WriteHead(204); _, err := r.WriteString("x"); return err }, nil},
		"body of 304 at End":    {func(r *ServerResponse) error { r.WriteHead(304); return r.End("x") }, nil},
		"too long": {func(r *ServerResponse) error {
			r.WriteHead(200, "Content-Length", "1")
			_, err := r.WriteString("xy")
			return err
		}, http.ErrContentLength},
		"too short": {func(r *ServerResponse) error { r.WriteHead(200, "Content-Length", "3"); return r.End("xy") }, http.ErrContentLength},
		"Trailer without chunks": {func(r *ServerResponse) error {
			return r.WriteHead(200, "Trailer", "x", "Content-Length", "3")
		}, ErrTrailerInvalid},
	} {
		var got error
		answerOf(t, getA, func(_ *IncomingMessage, res *ServerResponse) { got = test.call(res) })
		if got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
	for _, status := range []int{-1, 0, 99, 100, 101, 199, 1000} {
		answerOf(t, getA, func(_ *IncomingMessage, res *ServerResponse) {
			var bad *HeaderError
			if err := res.WriteHead(status); !errors.As(err, &bad) || res.HeadersSent() {
				t.Errorf("WriteHead(%d): %v", status, err)
			}
		})
	}
}

// TestCork: what is written between Cork and Uncork leaves together.
func TestCork(t *testing.T) {
	var res *ServerResponse
	f := newFake(t, &Server{OnRequest: func(_ *IncomingMessage, r *ServerResponse) { res = r }})
	f.feed(getA)
	res.Cork()
	res.Cork()
	res.WriteString("a")
	res.WriteString("b")
	res.Uncork()
	if f.writes != 0 {
		t.Errorf("%d writes while corked", f.writes)
	}
	res.Uncork()
	if f.writes != 1 {
		t.Errorf("%d writes when uncorked, want 1", f.writes)
	}
	res.WriteString("c")
	if f.writes != 2 {
		t.Errorf("%d writes uncorked, want 2", f.writes)
	}
	res.Cork()
	res.WriteString("d")
	res.End("e")
	if f.writes != 3 || !res.Finished() || !res.WritableEnded() {
		t.Errorf("%d writes after End, want 3", f.writes)
	}
	if got := bodies(t, f.out); !slices.Equal(got, []string{"abcde"}) {
		t.Errorf("got %q", got)
	}
}

// TestLargeBodies: bodies of all sizes come out whole, at the front and held.
func TestLargeBodies(t *testing.T) {
	for _, n := range []int{0, 1, copyBytesMax - 1, copyBytesMax, copyBytesMax + 1, outBytesMax, outBytesMax + 1, 1 << 20} {
		want := strings.Repeat("x", n)
		for name, handler := range map[string]handlerFunc{
			"End":      func(_ *IncomingMessage, res *ServerResponse) { res.End(want) },
			"Write":    func(_ *IncomingMessage, res *ServerResponse) { res.WriteString(want); res.End() },
			"corked":   func(_ *IncomingMessage, res *ServerResponse) { res.Cork(); res.WriteString(want); res.End() },
			"explicit": func(_ *IncomingMessage, res *ServerResponse) { res.WriteHead(200); res.End(want) },
		} {
			if got := bodies(t, []byte(answerOf(t, getA, handler))); len(got) != 1 || got[0] != want {
				t.Errorf("%s of %d bytes went wrong", name, n)
			}
		}
	}
}

func TestRequestHeaders(t *testing.T) {
	var req *IncomingMessage
	f := newFake(t, &Server{OnRequest: func(r *IncomingMessage, _ *ServerResponse) { req = r }})
	f.feed(lines("GET /a?b HTTP/1.1\nHost: h\nCookie: a=1\nX-Thing: 1\nuser-agent: \nAccept: a\nCOOKIE: b=2\nUser-Agent: u\naccept:  b \nx-thing: 2\nSet-Cookie: q\n\n"))
	for name, want := range map[string]string{
		"host": "h", "Host": "h", "cookie": "a=1; b=2", "Accept": "a, b", "x-THING": "1, 2", "user-agent": "",
		"set-cookie": "q", "missing": "", "content-type": "",
	} {
		if got := req.Header(name); got != want {
			t.Errorf("Header(%q) = %q, want %q", name, got, want)
		}
		if got := req.Headers()[strings.ToLower(name)]; got != want {
			t.Errorf("Headers()[%q] = %q, want %q", name, got, want)
		}
	}
	if got := req.HeadersDistinct()["x-thing"]; !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("HeadersDistinct: %q", got)
	}
	raw := req.RawHeaders()
	if len(raw) != 20 || raw[8] != "Accept" || raw[10] != "COOKIE" || raw[15] != "b" {
		t.Errorf("RawHeaders: %q", raw)
	}
	if got := fmt.Sprint(req.Method(), req.URL(), req.HTTPVersion(), req.HTTPVersionMajor(), req.HTTPVersionMinor(), req.Complete(), req.Aborted()); got != "GET/a?b1.11 1 true false" {
		t.Errorf("request line: %q", got)
	}
}

// TestStringsStay: strings are slices of one copy and survive everything.
func TestStringsStay(t *testing.T) {
	var urls []string
	f := newFake(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		urls = append(urls, req.URL(), req.Header("X"))
		res.End()
	}})
	for i := range 20 {
		f.feed(fmt.Sprintf("GET /%d HTTP/1.1\r\nHost: a\r\nX: v%d\r\n\r\n", i, i))
	}
	for i := range 20 {
		if urls[2*i] != fmt.Sprintf("/%d", i) || urls[2*i+1] != fmt.Sprintf("v%d", i) {
			t.Errorf("request %d: %q", i, urls[2*i:2*i+2])
		}
	}
}

// TestConnectionSaid: an answer after which the connection is closed says so,
// whatever the application has put into Connection.
func TestConnectionSaid(t *testing.T) {
	for _, in := range []string{
		"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", lastGet,
	} {
		out := answerOf(t, in, func(_ *IncomingMessage, res *ServerResponse) {
			res.SetHeader("Connection", "keep-alive")
			res.WriteString("x")
			res.End("y")
		})
		if !strings.Contains(out, "\r\nConnection: close\r\n") {
			t.Errorf("%q: %q", in, out)
		}
	}
	out := answerOf(t, getA, func(_ *IncomingMessage, res *ServerResponse) {
		res.SetHeader("Connection", "x")
		res.End("y")
	})
	if strings.Contains(out, "close") || !strings.Contains(out, "\r\nConnection: x\r\n") {
		t.Errorf("kept connection: %q", out)
	}
}

// TestTrailerLeftOut: an HTTP/1.0 client gets the body without trailers.
func TestTrailerLeftOut(t *testing.T) {
	out := answerOf(t, "GET / HTTP/1.0\r\n\r\n", func(_ *IncomingMessage, res *ServerResponse) {
		res.SetHeader("Trailer", "X")
		res.WriteString("x")
		res.AddTrailers("X", "1")
		if err := res.End("y"); err != nil {
			t.Error(err)
		}
	})
	if !strings.HasPrefix(out, "HTTP/1.1 200 ") || !strings.HasSuffix(out, "\r\n\r\nxy") || strings.Contains(out, "Trailer") {
		t.Errorf("%q", out)
	}
}

// TestRepeatedField: a field that fills a head costs memory in proportion.
func TestRepeatedField(t *testing.T) {
	for _, name := range []string{"a", "cookie", "accept"} {
		var headers, header uint64
		var joined, one string
		f := newFake(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
			_ = req.URL()
			headers = allocated(func() { joined = req.Headers()[name] })
			header = allocated(func() { one = req.Header(name) })
			res.End()
		}})
		f.feed("GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat(name+": b\r\n", 900) + "\r\n")
		if len(joined) < 900*2 || joined != one {
			t.Errorf("%s: %d bytes in Headers, %d from Header", name, len(joined), len(one))
		}
		if headers > 256<<10 || header > 128<<10 {
			t.Errorf("%s: Headers allocated %d bytes, Header %d", name, headers, header)
		}
	}
}

// allocated returns about how many bytes fn allocates.
func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
