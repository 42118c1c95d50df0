package http1

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// head returns the lines of the first answer's head, the server's own left out.
func head(out string) (lines []string) {
	text, _, _ := strings.Cut(out, "\r\n\r\n")
	for line := range strings.SplitSeq(text, "\r\n") {
		if !strings.HasPrefix(line, "Date: ") && !strings.HasPrefix(line, "Keep-Alive: timeout") {
			lines = append(lines, line)
		}
	}
	return lines
}

// TestHeadLines: what the ways to set fields make of the head, in order.
func TestHeadLines(t *testing.T) {
	const keep = "Connection: keep-alive"
	for _, test := range []struct {
		name    string
		handler func(res *ServerResponse)
		want    []string
	}{
		{"replaced: the place stays, the spelling does not", func(res *ServerResponse) {
			res.SetHeader("X-CaSe", "1")
			res.SetHeader("X-Between", "b")
			res.SetHeader("x-case", "2")
			res.End("x")
		}, []string{"HTTP/1.1 200 OK", "x-case: 2", "X-Between: b", keep, "Content-Length: 1"}},
		{"SetHeaders: Set-Cookie is last", func(res *ServerResponse) {
			res.SetHeaders("X-M1", "a", "set-cookie", "k=1", "x-m2", "b", "Set-Cookie", "k=2", "x-m2", "c")
			res.End("x")
		}, []string{"HTTP/1.1 200 OK", "X-M1: a", "x-m2: b", "x-m2: c", "set-cookie: k=1", "set-cookie: k=2", keep, "Content-Length: 1"}},
		{"SetHeaders replaces what was there", func(res *ServerResponse) {
			res.SetHeader("Set-Cookie", "old")
			res.SetHeader("A", "old")
			res.SetHeaders("a", "1", "set-cookie", "2")
			res.End("x")
		}, []string{"HTTP/1.1 200 OK", "set-cookie: 2", "a: 1", keep, "Content-Length: 1"}},
		{"WriteHead on top", func(res *ServerResponse) {
			res.SetHeader("X-First", "set")
			res.SetHeader("Content-Type", "text/html")
			res.SetHeader("X-Last", "set")
			res.WriteHead(200, "content-type", "text/plain", "X-New", "head")
			res.End("x")
		}, []string{"HTTP/1.1 200 OK", "X-First: set", "content-type: text/plain", "X-Last: set", "X-New: head", keep, "Transfer-Encoding: chunked"}},
		{"WriteHead with a name twice", func(res *ServerResponse) {
			res.SetHeader("X-Dup", "set", "set2")
			res.WriteHead(200, "x-dup", "1", "X-Dup", "2")
			res.End("x")
		}, []string{"HTTP/1.1 200 OK", "x-dup: 1", "X-Dup: 2", keep, "Transfer-Encoding: chunked"}},
		{"joined fields", func(res *ServerResponse) {
			res.SetHeader("Cookie", "a", "b")
			res.SetHeader("X-Unique", "a")
			res.AppendHeader("x-unique", "b", "c")
			res.SetHeader("X-Other", "a", "b")
			res.End("x")
		}, []string{"HTTP/1.1 200 OK", "Cookie: a; b", "X-Unique: a; b; c", "X-Other: a", "X-Other: b", keep, "Content-Length: 1"}},
		{"a reason", func(res *ServerResponse) { res.WriteHeadReason(200, "Very Fine"); res.End() },
			[]string{"HTTP/1.1 200 Very Fine", keep, "Transfer-Encoding: chunked"}},
		{"no reason", func(res *ServerResponse) { res.WriteHeadReason(200, ""); res.End() },
			[]string{"HTTP/1.1 200 ", keep, "Transfer-Encoding: chunked"}},
		{"a reason that sticks", func(res *ServerResponse) {
			if err := res.WriteHeadReason(99, "Sticky"); err == nil {
				panic("status 99")
			}
			res.WriteHead(404)
			res.End()
		}, []string{"HTTP/1.1 404 Sticky", keep, "Transfer-Encoding: chunked"}},
		{"not kept alive", func(res *ServerResponse) { res.ShouldKeepAlive = false; res.End("x") },
			[]string{"HTTP/1.1 200 OK", "Connection: close", "Content-Length: 1"}},
		{"304 in chunks", func(res *ServerResponse) {
			res.SetHeader("Transfer-Encoding", "chunked")
			res.WriteHead(304)
			res.End()
		}, []string{"HTTP/1.1 304 Not Modified", "Transfer-Encoding: chunked", "Connection: close"}},
		{"204 with framing", func(res *ServerResponse) {
			res.SetHeader("Content-Length", "5")
			res.WriteHead(204, "Transfer-Encoding", "chunked")
			res.End()
		}, []string{"HTTP/1.1 204 No Content", "Connection: close"}},
	} {
		f := newFake(t, &Server{UniqueHeaders: []string{"X-Unique"}, OnRequest: func(_ *IncomingMessage, res *ServerResponse) { test.handler(res) }})
		f.feed(getA)
		if got := head(string(f.out)); !slices.Equal(got, test.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", test.name, got, test.want)
		}
	}
}

func TestSendDate(t *testing.T) {
	out := answerOf(t, getA, func(_ *IncomingMessage, res *ServerResponse) { res.SendDate = false; res.End("x") })
	if strings.Contains(out, "Date:") {
		t.Errorf("%q", out)
	}
	out = answerOf(t, getA, func(_ *IncomingMessage, res *ServerResponse) {
		res.SendDate = false
		res.SetHeader("Date", "mine")
		res.End("x")
	})
	if strings.Count(out, "Date:") != 1 || !strings.Contains(out, "Date: mine\r\n") {
		t.Errorf("%q", out)
	}
}

// TestHeaderLists: names as they are compared and as they were spelled.
func TestHeaderLists(t *testing.T) {
	var m OutgoingMessage
	m.SetHeader("X-One", "1")
	m.SetHeader("Set-Cookie", "a", "b")
	m.AppendHeader("x-one", "2")
	if got := m.GetRawHeaderNames(); !slices.Equal(got, []string{"X-One", "Set-Cookie"}) {
		t.Errorf("GetRawHeaderNames: %q", got)
	}
	all := m.GetHeaders()
	if len(all) != 2 || !slices.Equal(all["x-one"], []string{"1", "2"}) || !slices.Equal(all["set-cookie"], []string{"a", "b"}) {
		t.Errorf("GetHeaders: %q", all)
	}
	before := slices.Clone(m.headers)
	if err := m.SetHeaders("A", "1", "B", "x\n"); err == nil || !slices.Equal(m.headers, before) {
		t.Errorf("SetHeaders with a bad one: %v, %+v", err, m.headers)
	}
	if err := m.SetHeaders("A"); err == nil {
		t.Error("SetHeaders with a name and no value")
	}
}

// TestRelaxed: control characters pass where they are allowed, line ends never.
func TestRelaxed(t *testing.T) {
	for _, v := range []Validation{ValidationStrict, ValidationRelaxed, ValidationInsecure} {
		for b := range 256 {
			value := "a" + string([]byte{byte(b)}) + "b"
			var err error
			f := newFake(t, &Server{HTTPValidation: v, OnRequest: func(_ *IncomingMessage, res *ServerResponse) {
				err = res.SetHeader("X", value)
				res.End()
			}})
			f.feed(getA)
			control := b < ' ' && b != '\t' || b == 0x7f
			want := !control || v != ValidationStrict && b != '\r' && b != '\n' && b != 0
			if (err == nil) != want || strings.Contains(string(f.out), value) != want {
				t.Errorf("validation %d, byte %#x: %v", v, b, err)
			}
		}
	}
}

// TestTrailerLines: repeated ones stand in lines of their own, or joined.
func TestTrailerLines(t *testing.T) {
	f := newFake(t, &Server{UniqueHeaders: []string{"x-u"}, OnRequest: func(_ *IncomingMessage, res *ServerResponse) {
		res.WriteString("x")
		res.AddTrailers("X-Old", "1")
		res.AddTrailers("X-A", "1", "X-A", "2", "X-U", "1", "X-U", "2")
		res.End()
	}})
	f.feed(getA)
	if !strings.HasSuffix(string(f.out), "0\r\nX-A: 1\r\nX-A: 2\r\nX-U: 1; 2\r\n\r\n") {
		t.Errorf("%q", f.out)
	}
}

func TestInformation(t *testing.T) {
	for _, test := range []struct {
		name string
		call func(res *ServerResponse) error
		want string // before the answer
		code string // of the *HeaderError
	}{
		{"continue", func(r *ServerResponse) error { return r.WriteContinue() }, "HTTP/1.1 100 Continue\r\n\r\n", ""},
		{"processing", func(r *ServerResponse) error { return r.WriteProcessing() }, "HTTP/1.1 102 Processing\r\n\r\n", ""},
		{"own", func(r *ServerResponse) error { return r.WriteInformation(199, "X", "y") }, "HTTP/1.1 199 unknown\r\nX: y\r\n\r\n", ""},
		{"hints", func(r *ServerResponse) error { return r.WriteEarlyHints([]string{"</a>", "</b>; rel=x"}, "X", "y") },
			"HTTP/1.1 103 Early Hints\r\nLink: </a>, </b>; rel=x\r\nX: y\r\n\r\n", ""},
		{"no hints", func(r *ServerResponse) error { return r.WriteEarlyHints(nil, "X", "y") }, "", ""},
		{"bad hint", func(r *ServerResponse) error { return r.WriteEarlyHints([]string{"a"}) }, "", "ERR_INVALID_ARG_VALUE"},
		{"bad field", func(r *ServerResponse) error { return r.WriteEarlyHints([]string{"<a>"}, "X", "\r\n") }, "", "ERR_INVALID_CHAR"},
		{"101", func(r *ServerResponse) error { return r.WriteInformation(101) }, "", "ERR_HTTP_INVALID_STATUS_CODE"},
		{"200", func(r *ServerResponse) error { return r.WriteInformation(200) }, "", "ERR_HTTP_INVALID_STATUS_CODE"},
		{"99", func(r *ServerResponse) error { return r.WriteInformation(99) }, "", "ERR_HTTP_INVALID_STATUS_CODE"},
		{"length", func(r *ServerResponse) error { return r.WriteInformation(102, "content-length", "1") }, "", "ERR_INVALID_ARG_VALUE"},
		{"coding", func(r *ServerResponse) error { return r.WriteInformation(102, "Transfer-Encoding", "chunked") }, "", "ERR_INVALID_ARG_VALUE"},
		{"odd", func(r *ServerResponse) error { return r.WriteInformation(102, "X") }, "", "ERR_INVALID_ARG_VALUE"},
	} {
		var err, late error
		handler := func(_ *IncomingMessage, res *ServerResponse) {
			err = test.call(res)
			res.End("x")
		}
		out := answerOf(t, getA, handler)
		var bad *HeaderError
		if errors.As(err, &bad) != (test.code != "") || bad != nil && bad.Code != test.code {
			t.Errorf("%s: %v", test.name, err)
		}
		if !strings.HasPrefix(out, test.want+"HTTP/1.1 200 ") {
			t.Errorf("%s: %q", test.name, out)
		}
		if out = answerOf(t, "GET / HTTP/1.0\r\n\r\n", handler); strings.Contains(out, "HTTP/1.1 1") {
			t.Errorf("%s to HTTP/1.0: %q", test.name, out)
		}
		answerOf(t, getA, func(_ *IncomingMessage, res *ServerResponse) {
			res.WriteHead(200)
			late = test.call(res)
		})
		if test.want != "" && late != ErrHeadersSent {
			t.Errorf("%s after the head: %v", test.name, late)
		}
	}
}

func TestLinks(t *testing.T) {
	for link, want := range map[string]bool{
		"</a>": true, "<>": true, "</a>;rel=x": true, "</a> ; rel=x": true, "</a>;\trel": true, `</a>; rel="x"; as=y`: true,
		`</a>; rel=""`: true, "</a>; a=b=c": true, "<a b>; c": true,
		"": false, "a": false, "a <b>": false, "<a": false, "</a> rel=x": false, "</a>;": false, "</a>; ": false, "</a>; rel=x ": false,
		`</a>; rel="x`: false, `</a>; "x"`: false, `</a>; rel="x y"`: false, `</a>; rel="x"y`: false, "</a>; rel=x y": false,
		"</a>;; rel": false, "</a>\r\n; rel=x": false, "</a>; rel=\x01": false, "</a>, </b>": false,
	} {
		if got := validLink(link); got != want {
			t.Errorf("%q: %v, want %v", link, got, want)
		}
	}
}

// TestBodyless: who may write where there is no body.
func TestBodyless(t *testing.T) {
	write := func(r *ServerResponse) error { _, err := r.WriteString("x"); return err }
	empty := func(r *ServerResponse) error { _, err := r.Write(nil); return err }
	for _, test := range []struct {
		name   string
		in     string
		status int
		call   func(r *ServerResponse) error
		reject error
	}{
		{"HEAD, Write", "HEAD", 200, write, http.ErrBodyNotAllowed},
		{"HEAD, empty Write", "HEAD", 200, empty, http.ErrBodyNotAllowed},
		{"HEAD, End", "HEAD", 200, func(r *ServerResponse) error { return r.End("x") }, http.ErrBodyNotAllowed},
		{"HEAD, empty End", "HEAD", 200, func(r *ServerResponse) error { return r.End() }, nil},
		{"204, Write", "GET", 204, write, http.ErrBodyNotAllowed},
		{"304, End", "GET", 304, func(r *ServerResponse) error { return r.End("x") }, http.ErrBodyNotAllowed},
		{"200, Write", "GET", 200, write, nil},
	} {
		for _, reject := range []bool{false, true} {
			var err error
			f := newFake(t, &Server{RejectNonStandardBodyWrites: reject, OnRequest: func(_ *IncomingMessage, res *ServerResponse) {
				res.StatusCode = test.status
				if err = test.call(res); !res.WritableEnded() && err == nil {
					res.End()
				}
			}})
			f.feed(test.in + " / HTTP/1.1\r\nHost: a\r\n\r\n")
			want := test.reject
			if !reject {
				want = nil
			}
			if err != want {
				t.Errorf("%s, reject %v: %v, want %v", test.name, reject, err, want)
			}
			if r := newStrictReader(f.out); len(f.out) > 0 {
				if a, e := r.answer(test.in == "HEAD"); e != nil || a.status != test.status || test.status != 200 && len(a.body) > 0 {
					t.Errorf("%s, reject %v: %q, %v", test.name, reject, f.out, e)
				}
			}
		}
	}
}
