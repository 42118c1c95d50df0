package httpparse

import (
	"strings"
	"testing"
)

// execute feeds input to a new parser in one piece and returns it.
func execute(kind Type, o Options, input string) (*Parser, int, Code) {
	p := new(Parser)
	p.Init(kind, handlerOnly{}, o)
	n, code := p.Execute([]byte(input))
	return p, n, code
}

// TestNoMessageKnowsTheLast: what one message has counted is nothing to the
// next, also where the fast path reads that.
func TestNoMessageKnowsTheLast(t *testing.T) {
	post := "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, c := range []struct {
		name  string
		o     Options
		input string
	}{
		{"chunk extensions", Options{Limits: Limits{ChunkExtensionBytesTotalMax: 10}},
			strings.Repeat(post+"1;ab=cd\r\nx\r\n0\r\n\r\n", 5)},
		{"zeros of chunk sizes", Options{Limits: Limits{ChunkExtensionBytesTotalMax: 10}},
			strings.Repeat(post+"0000001\r\nx\r\n0\r\n\r\n", 5)},
		{"trailers", Options{Limits: Limits{HeadBytesMax: 100, TrailerBytesMax: 1000}},
			post + "0\r\nA: " + strings.Repeat("b", 200) + "\r\nConnection: x, y\r\n\r\nGET / HTTP/1.0\r\n\r\n"},
	} {
		if p, n, code := execute(Request, c.o, c.input); code != OK || n != len(c.input) {
			t.Errorf("%s: %d of %d bytes, %v", c.name, n, len(c.input), p.Err())
		}
	}
}

// TestOverIsOver: after an error no byte is taken, not even one that only
// prolongs what was being read.
func TestOverIsOver(t *testing.T) {
	long := "GET / HTTP/1.1\r\nA:" + strings.Repeat(" ", 8400) + strings.Repeat("b", 100)
	p, _, code := execute(Request, Options{Limits: Limits{HeadBytesMax: 150}}, long)
	if code != HeaderOverflow {
		t.Fatal(code)
	}
	if n, code := p.Execute([]byte("b")); n != 0 || code != HeaderOverflow {
		t.Errorf("after an overflow: %d, %v", n, code)
	}
	for _, head := range []string{"GET /a", "GET / HTTP/1.1\r\nNam", "GET / HTTP/1.1\r\nName: v"} {
		p, n, _ := execute(Request, Options{}, head)
		if code := p.Finish(); code != InvalidEOFState {
			t.Fatalf("Finish after %q: %v", head, code)
		}
		if n, code := p.Execute([]byte(head[n:] + "a")); n != 0 || code != InvalidEOFState {
			t.Errorf("Execute after Finish after %q: %d, %v", head, n, code)
		}
	}
}

// TestTrimBeforeLF: the blanks behind a value that ends with LF alone are no
// part of it, however the bytes come in.
func TestTrimBeforeLF(t *testing.T) {
	o := Options{Lenient: LenientOptionalCRBeforeLF}
	sameTranscripts(t, Request, o, []byte("GET / HTTP/1.1\r\nA: ab \nB: cd\t\nC: d\r\n\r\n"), 1)
}
