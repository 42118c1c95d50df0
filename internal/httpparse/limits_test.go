package httpparse

import (
	"strings"
	"testing"
)

// TestLimits has each limit's last value that passes and first that does not.
func TestLimits(t *testing.T) {
	rep := strings.Repeat
	chunked := "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, c := range []struct {
		name   string
		limits Limits
		fits   string
		not    string
		code   Code
	}{
		{"target, names and values together", Limits{HeadBytesMax: 40},
			"GET /23 HTTP/1.1\r\nHost: abcdef\r\nX: " + rep("v", 25) + "\r\n\r\n",
			"GET /23 HTTP/1.1\r\nHost: abcdef\r\nX: " + rep("v", 26) + "\r\n\r\n", HeaderOverflow},
		{"a name", Limits{HeadBytesMax: 40},
			"GET / HTTP/1.1\r\n" + rep("N", 37) + ": v\r\n\r\n",
			"GET / HTTP/1.1\r\n" + rep("N", 39) + ": v\r\n\r\n", HeaderOverflow},
		{"Node's default", Limits{},
			"GET / HTTP/1.1\r\nX: " + rep("v", 16381) + "\r\n\r\n",
			"GET / HTTP/1.1\r\nX: " + rep("v", 16382) + "\r\n\r\n", HeaderOverflow},
		{"an endless value", Limits{},
			"GET / HTTP/1.1\r\nX: " + rep("v", 16381),
			"GET / HTTP/1.1\r\nX: " + rep("v", 16382), HeaderOverflow},
		{"an endless target", Limits{},
			"GET /" + rep("v", 16382), "GET /" + rep("v", 16383), HeaderOverflow},
		{"target", Limits{TargetBytesMax: 10},
			"GET /234567890 HTTP/1.1\r\n\r\n", "GET /2345678901 HTTP/1.1\r\n\r\n", URLOverflow},
		{"target in absolute-form", Limits{TargetBytesMax: 10},
			"GET http://a/0 HTTP/1.1\r\n\r\n", "GET http://a/01 HTTP/1.1\r\n\r\n", URLOverflow},
		{"fields", Limits{FieldsMax: 3},
			"GET / HTTP/1.1\r\n" + rep("A: b\r\n", 3) + "\r\n", "GET / HTTP/1.1\r\n" + rep("A: b\r\n", 4) + "\r\n", HeaderOverflow},
		{"fields of several batches", Limits{FieldsMax: 100},
			"GET / HTTP/1.1\r\n" + rep("A: b\r\n", 100) + "\r\n", "GET / HTTP/1.1\r\n" + rep("A: b\r\n", 101) + "\r\n", HeaderOverflow},
		{"fields by default", Limits{HeadBytesMax: 1 << 20},
			"GET / HTTP/1.1\r\n" + rep("A:\r\n", 1000) + "\r\n", "GET / HTTP/1.1\r\n" + rep("A:\r\n", 1001) + "\r\n", HeaderOverflow},
		{"blanks, which do not count, and all bytes of a head, which do", Limits{HeadBytesMax: 1000},
			"GET / HTTP/1.1\r\nX:" + rep(" ", 10000) + "v\r\n\r\n", "GET / HTTP/1.1\r\nX:" + rep(" ", 10200) + "v\r\n\r\n", HeaderOverflow},
		{"trailers", Limits{TrailerBytesMax: 20},
			chunked + "0\r\nT: " + rep("v", 18) + "\r\n\r\n", chunked + "0\r\nT: " + rep("v", 19) + "\r\n\r\n", TrailerOverflow},
		{"trailer fields", Limits{FieldsMax: 2},
			chunked + "0\r\nA: b\r\nA: b\r\n\r\n", chunked + "0\r\nA: b\r\nA: b\r\nA: b\r\n\r\n", TrailerOverflow},
		{"a chunk's extensions", Limits{},
			chunked + "1;" + rep("a", 16384) + "\r\nx\r\n0\r\n\r\n", chunked + "1;" + rep("a", 16385) + "\r\nx\r\n0\r\n\r\n", ChunkExtensionsOverflow},
		{"a chunk's quoted extension", Limits{ChunkExtensionBytesMax: 20},
			chunked + "1;n=\"" + rep("a", 19) + "\"\r\nx\r\n0\r\n\r\n", chunked + "1;n=\"" + rep("a", 20) + "\"\r\nx\r\n0\r\n\r\n", ChunkExtensionsOverflow},
		{"all extensions of a message", Limits{ChunkExtensionBytesTotalMax: 100},
			chunked + rep("1;234567890\r\nx\r\n", 10) + "0\r\n\r\n", chunked + rep("1;234567890\r\nx\r\n", 11) + "0\r\n\r\n", ChunkExtensionsOverflow},
		{"semicolons, which count as well", Limits{ChunkExtensionBytesTotalMax: 100},
			chunked + "1" + rep(";a", 50), chunked + "1" + rep(";a", 51), ChunkExtensionsOverflow},
		{"zeros before a chunk size", Limits{ChunkExtensionBytesTotalMax: 100},
			chunked + "0" + rep("0", 100) + "\r\n\r\n", chunked + "0" + rep("0", 101) + "\r\n\r\n", ChunkExtensionsOverflow},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, way := range []struct {
				name string
				cut  func(int) int
			}{{"whole", whole}, {"in 7s", func(int) int { return 7 }}, {"byte by byte", func(int) int { return 1 }}} {
				if got := readStream(t, Request, Options{Limits: c.limits}, []byte(c.fits), way.cut); strings.Contains(got, "stopped") {
					t.Errorf("%s: stopped at the limit's last value: %s", way.name, last(got))
				}
				got := readStream(t, Request, Options{Limits: c.limits}, []byte(c.not), way.cut)
				if !strings.Contains(got, "stopped: "+c.code.String()) {
					t.Errorf("%s: not stopped with %s: %s", way.name, c.code, last(got))
				}
			}
		})
	}
}

func last(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

// TestErrors: an error is final, says where, and is reachable by errors.As.
func TestErrors(t *testing.T) {
	var p Parser
	p.Init(Request, handlerOnly{}, Options{})
	good := "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	n, code := p.Execute([]byte(good + "BAD / HTTP/1.1\r\n"))
	if n != len(good)+1 || code != InvalidMethod { // up to the A
		t.Fatalf("Execute = %d, %v", n, code)
	}
	if e := p.Err(); e == nil || e.Code != code || e.Offset != uint64(len(good)+1) || e.Reason != "Invalid method encountered" {
		t.Errorf("Err() = %+v", e)
	}
	if got, want := p.Err().Error(), "Invalid method encountered at byte 28 (HPE_INVALID_METHOD)"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	for range 2 {
		if n, code := p.Execute([]byte(good)); n != 0 || code != InvalidMethod {
			t.Errorf("Execute after an error = %d, %v", n, code)
		}
		p.Resume()
	}
	p.Init(Request, handlerOnly{}, Options{})
	if n, code := p.Execute([]byte(good)); n != len(good) || code != OK || p.Err() != nil || !p.Idle() {
		t.Errorf("Execute after Init = %d, %v, %v", n, code, p.Err())
	}
}

func TestFinish(t *testing.T) {
	for _, c := range []struct {
		kind  Type
		input string
		want  Code
	}{
		{Request, "", OK},
		{Request, "\r\n", OK},
		{Request, "G", InvalidEOFState},
		{Request, "GET / HTTP/1.1\r\nHost: a\r\n", InvalidEOFState},
		{Request, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", OK},
		{Request, "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\na", InvalidEOFState},
		{Request, "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab", OK},
		{Request, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", InvalidEOFState},
		{Response, "HTTP/1.1 200 OK\r\n\r\n", OK},
		{Response, "HTTP/1.1 200 OK\r\n\r\nuntil the end", OK},
		{Response, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", InvalidEOFState},
	} {
		for _, step := range []int{len(c.input) + 1, 1} {
			got := readStream(t, c.kind, Options{}, []byte(c.input), func(int) int { return step })
			if want := "finish " + c.want.String(); !strings.Contains(got, want) {
				t.Errorf("%q in pieces of %d: %s, want %s", c.input, step, last(got), want)
			}
		}
	}
}

// TestWords: numbers and names that others rely on.
func TestWords(t *testing.T) {
	for m := Method(0); m < methodCount; m++ {
		input := m.String() + " /x HTTP/1.1\r\n\r\n"
		if m == MethodConnect {
			input = "CONNECT a:1 HTTP/1.1\r\n\r\n"
		}
		var p Parser
		p.Init(Request, handlerOnly{}, Options{})
		_, code := p.Execute([]byte(input))
		if p.Method != m {
			t.Errorf("%s: the parser found %s (%v)", m, p.Method, code)
		}
	}
	for code, want := range map[Code]string{OK: "HPE_OK", HeaderOverflow: "HPE_HEADER_OVERFLOW", PausedUpgrade: "HPE_PAUSED_UPGRADE", 99: "HPE_99"} {
		if got := code.String(); got != want {
			t.Errorf("Code(%d) = %s, want %s", code, got, want)
		}
	}
	if Method(200).String() != "" {
		t.Error("a method that is none has a name")
	}
	if len(spanNames) != int(SpanChunkExtensionValue)+1 || len(eventNames) != int(EventMessageComplete)+1 {
		t.Error("an event has no name")
	}
}

// TestExtensions: RFC 9112 section 7.1.1, and no blanks.
func TestExtensions(t *testing.T) {
	for ext, ok := range map[string]bool{
		"": true, ";a": true, ";a=b": true, ";a=\"\"": true, ";a=\"b c\\\"d\";e": true, ";a;b;c=d": true,
		";": false, ";;a": false, ";=b": false, ";a=": false, ";a=;b": false, ";a=b\"c\"": false, ";a=\"b\"c": false,
		";a=\"b\x7f\"": false, ";a=\"b": false, ";a =b": false, "; a": false, " ;a": false, ";a=b ": false, ";a\n": false,
		";a=\"b\nc\"": false, ";a=\"b\rc\"": false, ";\x00": false, ";a\r": false, ";a=\"\\\r\"": false, ";@": false, ";a=@": false,
	} {
		input := "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1" + ext + "\r\nx\r\n0" + ext + "\r\n\r\n"
		got := readStream(t, Request, Options{}, []byte(input), whole)
		if strings.HasSuffix(got, "finish HPE_OK\n") != ok {
			t.Errorf("extension %q: taken is %v, want %v: %s", ext, !ok, ok, last(got))
		}
	}
}
