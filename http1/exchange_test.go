package http1

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

type handlerFunc = func(req *IncomingMessage, res *ServerResponse)

func hello(_ *IncomingMessage, res *ServerResponse) { res.End("Hello World") }

// echo answers with what it has understood of the request.
func echo(req *IncomingMessage, res *ServerResponse) {
	data, err := io.ReadAll(req.Body())
	res.End(fmt.Sprintf("%s %s %s %v [%s] %v", req.Method(), req.URL(), req.HTTPVersion(), req.Header("X-A"), data, err))
}

// TestExchanges: input and output byte for byte, however the input is split.
func TestExchanges(t *testing.T) {
	const keep = testDate + "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n"
	const stop = testDate + "Connection: close\r\n"
	sized := func(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }
	bare := func(status string) string { return "HTTP/1.1 " + status + "\r\nConnection: close\r\n\r\n" }

	for _, test := range []struct {
		name    string
		handler handlerFunc
		in      string
		eof     bool
		out     string
		state   string
	}{
		{"hello", hello, "GET / HTTP/1.1\nHost: a\n\n", false,
			"HTTP/1.1 200 OK\r\n" + keep + sized("Hello World"), "open"},
		{"blank lines before a request", hello, "\n\nGET / HTTP/1.1\nHost: a\n\n", false,
			"HTTP/1.1 200 OK\r\n" + keep + sized("Hello World"), "open"},
		{"pipeline", echo, "GET /1 HTTP/1.1\nHost: a\n\nGET /2 HTTP/1.1\nHost: a\nX-A: b\n\n", false,
			"HTTP/1.1 200 OK\r\n" + keep + sized("GET /1 1.1  [] <nil>") +
				"HTTP/1.1 200 OK\r\n" + keep + sized("GET /2 1.1 b [] <nil>"), "open"},
		{"the client closes", hello, "GET / HTTP/1.1\nHost: a\nConnection: close\n\nGET / HTTP/1.1\nHost: a\n\n", false,
			"HTTP/1.1 200 OK\r\n" + stop + sized("Hello World"), "ended"},
		{"the handler closes", func(_ *IncomingMessage, res *ServerResponse) {
			res.SetHeader("Connection", "Close")
			res.End("x")
		}, "GET / HTTP/1.1\nHost: a\n\nGET / HTTP/1.1\nHost: a\n\n", false,
			"HTTP/1.1 200 OK\r\nConnection: Close\r\n" + testDate + sized("x"), "ended"},
		{"end of input between requests", hello, "GET / HTTP/1.1\nHost: a\n\n", true,
			"HTTP/1.1 200 OK\r\n" + keep + sized("Hello World"), "closed"},
		{"end of input in a head", hello, "GET / HTTP/1.1\nHost: a\n", true, bare("400 Bad Request"), "closed"},
		{"HTTP/1.0", hello, "GET / HTTP/1.0\n\n", false, "HTTP/1.1 200 OK\r\n" + stop + "\r\nHello World", "ended"},
		{"HTTP/1.0 keep-alive without a length", hello, "GET / HTTP/1.0\nConnection: keep-alive\n\n", false,
			"HTTP/1.1 200 OK\r\n" + stop + "\r\nHello World", "ended"},
		{"HTTP/1.0 keep-alive with a length", func(_ *IncomingMessage, res *ServerResponse) {
			res.SetHeader("Content-Length", "1")
			res.End("x")
		}, "GET / HTTP/1.0\nConnection: keep-alive\n\n", false, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n" + keep + "\r\nx", "open"},
		{"body", echo, "POST / HTTP/1.1\nHost: a\nContent-Length: 5\n\nhelloGET /2 HTTP/1.1\nHost: a\n\n", false,
			"HTTP/1.1 200 OK\r\n" + keep + sized("POST / 1.1  [hello] <nil>") +
				"HTTP/1.1 200 OK\r\n" + keep + sized("GET /2 1.1  [] <nil>"), "open"},
		{"chunked body", echo, "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: Chunked\n\n3\nhel\n2;a=b\nlo\n0\nX-T: 1\n\nGET /2 HTTP/1.1\nHost: a\n\n", false,
			"HTTP/1.1 200 OK\r\n" + keep + sized("POST / 1.1  [hello] <nil>") +
				"HTTP/1.1 200 OK\r\n" + keep + sized("GET /2 1.1  [] <nil>"), "open"},
		{"body that nobody reads", hello, "POST / HTTP/1.1\nHost: a\nContent-Length: 5\n\nhelloGET / HTTP/1.1\nHost: a\n\n", false,
			strings.Repeat("HTTP/1.1 200 OK\r\n"+keep+sized("Hello World"), 2), "open"},
		{"chunked answer", func(_ *IncomingMessage, res *ServerResponse) {
			res.WriteHead(201, "X-B", "c")
			res.WriteString("Hello ")
			res.AddTrailers("X-T", "1")
			res.End("World")
		}, "GET / HTTP/1.1\nHost: a\n\n", false,
			"HTTP/1.1 201 Created\r\nX-B: c\r\n" + keep + "Transfer-Encoding: chunked\r\n\r\n6\r\nHello \r\n5\r\nWorld\r\n0\r\nX-T: 1\r\n\r\n", "open"},
		{"HEAD", hello, "HEAD / HTTP/1.1\nHost: a\n\n", false, "HTTP/1.1 200 OK\r\n" + keep + "\r\n", "open"},
		{"204", func(_ *IncomingMessage, res *ServerResponse) { res.StatusCode = 204; res.End("x") },
			"GET / HTTP/1.1\nHost: a\n\n", false, "HTTP/1.1 204 No Content\r\n" + keep + "\r\n", "open"},
		{"304", func(_ *IncomingMessage, res *ServerResponse) { res.WriteHead(304, "ETag", `"x"`); res.End() },
			"GET / HTTP/1.1\nHost: a\n\n", false, "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n" + keep + "\r\n", "open"},
		{"array values", func(_ *IncomingMessage, res *ServerResponse) {
			res.SetHeader("Set-Cookie", "a=1", "b=2")
			res.AppendHeader("set-cookie", "c=3")
			res.SetHeader("X", "1")
			res.WriteHead(200, "x", "2", "Y", "3")
			res.End()
		}, "GET / HTTP/1.1\nHost: a\n\n", false,
			"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nSet-Cookie: c=3\r\nx: 2\r\nY: 3\r\n" + keep + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "open"},
		{"framing removed", func(_ *IncomingMessage, res *ServerResponse) {
			res.RemoveHeader("Content-Length")
			res.RemoveHeader("transfer-encoding")
			res.End("x")
		}, "GET / HTTP/1.1\nHost: a\n\n", false, "HTTP/1.1 200 OK\r\n" + stop + "\r\nx", "ended"},
		{"Connection and Date removed", func(_ *IncomingMessage, res *ServerResponse) {
			res.RemoveHeader("Connection")
			res.RemoveHeader("Date")
			res.End("x")
		}, "GET / HTTP/1.1\nHost: a\n\n", false, "HTTP/1.1 200 OK\r\n" + sized("x"), "open"},
		{"length and chunked", func(_ *IncomingMessage, res *ServerResponse) {
			res.SetHeader("Content-Length", "1")
			res.SetHeader("Transfer-Encoding", "chunked")
			res.End("x")
		}, "GET / HTTP/1.1\nHost: a\n\n", false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + keep + "\r\n1\r\nx\r\n0\r\n\r\n", "open"},
		{"body shorter than its length", func(_ *IncomingMessage, res *ServerResponse) {
			res.SetHeader("Content-Length", "5")
			res.End("x")
		}, "GET / HTTP/1.1\nHost: a\n\nGET / HTTP/1.1\nHost: a\n\n", false, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" + keep + "\r\nx", "ended"},
		{"body longer than its length", func(_ *IncomingMessage, res *ServerResponse) {
			res.SetHeader("Content-Length", "5")
			res.WriteString("abcd")
			if n, err := res.WriteString("efg"); n != 0 || err == nil {
				panic("too much accepted")
			}
			res.End("e")
		}, "GET / HTTP/1.1\nHost: a\n\n", false, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" + keep + "\r\nabcde", "open"},
		{"panic", func(*IncomingMessage, *ServerResponse) { panic("boom") },
			"GET / HTTP/1.1\nHost: a\n\nGET / HTTP/1.1\nHost: a\n\n", false,
			"HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain; charset=utf-8\r\n" + stop + sized("Internal Server Error"), "ended"},
		{"panic after the head", func(_ *IncomingMessage, res *ServerResponse) { res.FlushHeaders(); panic("boom") },
			"GET / HTTP/1.1\nHost: a\n\n", false,
			"HTTP/1.1 200 OK\r\n" + keep + "Transfer-Encoding: chunked\r\n\r\n", "ended"},
		{"panic after the end", func(_ *IncomingMessage, res *ServerResponse) { res.End("x"); panic("boom") },
			"GET / HTTP/1.1\nHost: a\n\n", false, "HTTP/1.1 200 OK\r\n" + keep + sized("x"), "open"},
		{"100-continue", echo, "POST / HTTP/1.1\nHost: a\nExpect: 100-Continue\nContent-Length: 2\n\nhi", false,
			"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" + keep + sized("POST / 1.1  [hi] <nil>"), "open"},
		{"100-continue from HTTP/1.0", echo, "POST / HTTP/1.0\nExpect: 100-continue\nContent-Length: 2\n\nhi", false,
			"HTTP/1.1 200 OK\r\n" + stop + "\r\nPOST / 1.0  [hi] <nil>", "ended"},
		{"other expectation", hello, "GET / HTTP/1.1\nHost: a\nExpect: more\n\nGET / HTTP/1.1\nHost: a\n\n", false,
			"HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\n" + testDate + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "ended"},
		{"no Host", hello, "GET / HTTP/1.1\nHost: a\n\nGET / HTTP/1.1\n\nGET / HTTP/1.1\nHost: a\n\n", false,
			"HTTP/1.1 200 OK\r\n" + keep + sized("Hello World") +
				"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n" + testDate + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "ended"},
		{"Transfer-Encoding without chunked", func(_ *IncomingMessage, res *ServerResponse) {
			res.SetHeader("Transfer-Encoding", "gzip")
			res.End("x")
		}, "GET / HTTP/1.1\nHost: a\n\nGET / HTTP/1.1\nHost: a\n\n", false,
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n" + stop + "\r\nx", "ended"},
		{"malformed behind a good one", hello, "GET / HTTP/1.1\nHost: a\n\nnonsense\n\n", false,
			"HTTP/1.1 200 OK\r\n" + keep + sized("Hello World") + bare("400 Bad Request"), "ended"},
		{"malformed chunk under a reader", echo, "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n3\nabc\nzz\n", false,
			bare("400 Bad Request"), "ended"},
		{"malformed chunk behind the answer", hello, "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n3\nabc\nzz\n", false,
			"HTTP/1.1 200 OK\r\n" + keep + sized("Hello World"), "ended"},
		{"Upgrade that nobody wants", hello, "GET / HTTP/1.1\nHost: a\nUpgrade: x\nConnection: upgrade\n\nGET / HTTP/1.1\nHost: a\n\n", false,
			strings.Repeat("HTTP/1.1 200 OK\r\n"+keep+sized("Hello World"), 2), "open"},
		{"CONNECT that nobody wants", hello, "CONNECT a:1 HTTP/1.1\nHost: a:1\n\nGET / HTTP/1.1\nHost: a\n\n", false,
			bare("501 Not Implemented"), "ended"},
		{"40 fields", func(req *IncomingMessage, res *ServerResponse) {
			res.End(fmt.Sprint(len(req.RawHeaders())/2), req.Header("x-39"))
		},
			"GET / HTTP/1.1\nHost: a\n" + manyFields(40) + "\n", false, "HTTP/1.1 200 OK\r\n" + keep + sized("41v39"), "open"},
	} {
		t.Run(test.name, func(t *testing.T) {
			splits(lines(test.in), func(how string, pieces [][]byte) {
				f := newFake(t, &Server{OnRequest: test.handler})
				f.pieces, f.eof = pieces, test.eof
				f.drive()
				if string(f.out) != test.out {
					t.Fatalf("%s: got\n%q\nwant\n%q", how, f.out, test.out)
				}
				if f.state() != test.state {
					t.Fatalf("%s: connection is %s, want %s", how, f.state(), test.state)
				}
			})
		})
	}
}

func manyFields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "X-%d: v%d\n", i, i)
	}
	return b.String()
}
