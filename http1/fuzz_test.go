package http1

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// fuzzHandler does something else for each first letter of the path, always the
// same for the same request.
func fuzzHandler(seen *[]string) handlerFunc {
	return func(req *IncomingMessage, res *ServerResponse) {
		*seen = append(*seen, fmt.Sprint(req.Method(), " ", req.URL(), " ", req.HTTPVersion(), " ", req.RawHeaders()))
		var what byte
		if url := req.URL(); len(url) > 1 {
			what = url[1]
		}
		switch what % 12 { // '0' is 0
		case 0: // answer without reading
			res.End("x")
		case 1:
			data, err := io.ReadAll(req.Body())
			*seen = append(*seen, fmt.Sprintf("%q %v %q", data, err, req.RawTrailers()))
			res.EndBytes(data)
		case 2:
			var all []byte
			req.OnData(func(p []byte) { all = append(all, p...) })
			req.OnEnd(func() {
				*seen = append(*seen, fmt.Sprintf("%q %q", all, req.RawTrailers()))
				res.EndBytes(all)
			})
		case 3: // answer while reading
			res.WriteString("begun")
			res.FlushHeaders()
			n, _ := io.Copy(io.Discard, req.Body())
			fmt.Fprint(res, n)
			res.End()
		case 4:
			panic("fuzz")
		case 5: // read some
			io.ReadFull(req.Body(), make([]byte, 2))
			res.SetHeader("Connection", "close")
			res.End("y")
		case 6:
			res.OnFinish(func() {})
			res.OnClose(func() {})
			res.WriteHead(204)
			res.End()
		case 7:
			res.StatusMessage = req.Header("X-Reason")
			res.SetHeader("X-Copy", req.Header("X-A"))
			res.End(req.Header("host"))
		case 8: // read to the end without a look
			req.OnEnd(func() { res.End("z") })
			req.Resume()
		case 9:
			res.WriteString("lost")
			res.Destroy()
		case 10:
			res.WriteProcessing()
			res.WriteEarlyHints([]string{"</a>; rel=preload"}, "X-A", req.Header("X-A"))
			res.StrictContentLength = true
			res.WriteHead(200, "Content-Length", "1")
			res.End("zz")
			res.End("z")
		case 11: // answer by hand
			req.Socket().End([]byte("HTTP/1.1 299 raw\r\nContent-Length: 0\r\n\r\n"))
		}
	}
}

// runPieces feeds the pieces and the end of input to a new connection and returns
// all that can be seen of it.
func runPieces(t testing.TB, pieces [][]byte) (out []byte, seen []string) {
	s := &Server{MaxHeaderBytes: 512, MaxHeadersCount: 40, OnRequest: fuzzHandler(&seen),
		OnClientError: func(e *ClientError) { seen = append(seen, fmt.Sprint(e.Code, e.Status, e.Offset)) }}
	f := newFake(t, s)
	f.pieces, f.eof = pieces, true
	f.drive()
	f.conn.mu.Lock()
	f.conn.shut()
	f.conn.unlock()
	if n := s.netPools.parsers.Stats().Out(); n != 0 {
		t.Fatalf("%d parsers are out", n)
	}
	if n := s.netPools.buffers.Stats().Out(); n != 0 {
		t.Fatalf("%d buffers are out", n)
	}
	return f.out, seen
}

// FuzzConn: no input makes a connection panic or break an invariant, and it does
// the same however the input is split.
func FuzzConn(f *testing.F) {
	for _, in := range []string{
		getA + getA, "POST /1 HTTP/1.1\nHost: a\nContent-Length: 5\n\nhello" + getA,
		"POST /2 HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n3\nabc\n2;x=\"y\"\nde\n0\nX-T: 1\n\nGET /7 HTTP/1.1\nHost: b\nX-Reason: r\nX-A: 1\nX-A: 2\n\n",
		"POST /3 HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n3\nabc\nzz", "GET /4 HTTP/1.1\nHost: a\n\n" + getA,
		"POST /5 HTTP/1.1\nHost: a\nContent-Length: 5\n\nhello" + getA, "PUT /6 HTTP/1.0\nConnection: keep-alive\n\n" + getA,
		"POST /0 HTTP/1.1\nHost: a\nExpect: 100-continue\nContent-Length: 3\n\nabc", "HEAD /0 HTTP/1.1\nHost: a\n\n",
		"GET / HTTP/1.1\nHost: a\nUpgrade: x\nConnection: upgrade\n\n" + getA, "CONNECT a:1 HTTP/1.1\nHost: a\n\n", "PRI * HTTP/2.0\n\n",
		"GET / HTTP/1.1\nHost: a\n" + manyFields(33) + "\n" + getA, "\n\n\nGET /0 HTTP/1.1\nHost: a\n\n",
		"POST /2 HTTP/1.1\nHost: a\nContent-Length: 2\nConnection: close\n\nab" + getA,
		"POST /8 HTTP/1.1\nHost: a\nContent-Length: 5\n\nhelloGET /9 HTTP/1.1\nHost: a\n\n" + getA,
		"GET /: HTTP/1.1\nHost: a\nX-A: 1\n\nGET /; HTTP/1.1\nHost: a\n\n" + getA,
		"POST /8 HTTP/1.1\nHost: a\nExpect: x\nContent-Length: 5\n\nhello" + getA,
	} {
		f.Add([]byte(lines(strings.ReplaceAll(in, "\r", ""))), uint64(1))
	}
	f.Fuzz(func(t *testing.T, in []byte, seed uint64) {
		if len(in) > 8192 {
			return
		}
		out, seen := runPieces(t, [][]byte{in})
		random := rand.New(rand.NewPCG(seed, 1))
		for round := range 3 {
			var pieces [][]byte
			for rest := in; len(rest) > 0; {
				n := 1
				if round > 0 {
					n = 1 + random.IntN(min(len(rest), 1<<(4*round)))
				}
				pieces, rest = append(pieces, rest[:n]), rest[n:]
			}
			out2, seen2 := runPieces(t, pieces)
			if !bytes.Equal(out, out2) || !slices.Equal(seen, seen2) {
				t.Fatalf("in %q: whole\n%q\n%q\nin %d pieces\n%q\n%q", in, out, seen, len(pieces), out2, seen2)
			}
		}
		checkAnswers(t, out)
	})
}

// checkAnswers reads what was sent, as far as it goes, strictly. Answers to HEAD
// cannot be told apart here and end the check.
func checkAnswers(t *testing.T, out []byte) {
	r := newStrictReader(out)
	for !r.done() {
		at := len(out) - len(r.rest)
		if !bytes.HasPrefix(r.rest, []byte("HTTP/1.1 ")) {
			t.Fatalf("no answer at byte %d of %q", at, out)
		}
		if _, err := r.answer(false); err != nil {
			return
		}
	}
}

// FuzzResponseWriter: whatever an application does with a response, what a strict
// client reads is what was accepted.
func FuzzResponseWriter(f *testing.F) {
	f.Add([]byte("\x00\x05X-Abc\x03def\x05\x03xyz\x06\x02zz"), uint8(0))
	f.Add([]byte("\x01\x01X\x01a\x01\x01X\x01b\x03\xc8\x05\x03xyz\x04\x01T\x01v\x06\x00"), uint8(0))
	f.Add([]byte("\x00\x0eContent-Length\x013\x05\x03xyz"), uint8(1))
	f.Add([]byte("\x02\x0eContent-Length\x02\x11Transfer-Encoding\x06\x03xyz"), uint8(2))
	f.Add([]byte("\x01\x11Transfer-Encoding\x04gzip\x01\x11Transfer-Encoding\x0dgzip, chunked\x06\x03xyz"), uint8(0))
	f.Add([]byte("\x04\x01T\x01v\x05\x01x\x06\x00\x04\x01U\x01w"), uint8(0)) // trailers after the end
	f.Add([]byte("\x00\x11Transfer-Encoding\x07chunked\x06\x03xyz"), uint8(0))
	f.Add([]byte("\x00\x0aConnection\x05close\x03\xcc\x06\x03xyz"), uint8(3))
	f.Add([]byte("\x08\x32\x03a\nb\x08\x33\x00\x06\x01x"), uint8(0)) // a bad reason, an empty one
	f.Add([]byte("\x09\x19\x01A\x01b\x09\x00\x00\x00\x06\x01x"), uint8(0))
	f.Add([]byte("\x0a\x0aSet-Cookie\x01a\x01B\x01c\x01\x06Cookie\x01a\x01\x06cookie\x01b\x06\x01x"), uint8(0))
	f.Add([]byte("\x0c\x00\x0eContent-Length\x013\x05\x02xy\x06\x02zz\x06\x01z"), uint8(0))
	f.Add([]byte("\x0d\x0b\x05\x05hello\x06\x01x"), uint8(0))
	f.Fuzz(func(t *testing.T, script []byte, kind uint8) {
		request := []string{getA, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"}[kind%5]
		m := &model{fields: map[string][]string{}, trailers: map[string][]string{}, status: 200}
		fake := newFake(t, &Server{OnRequest: func(_ *IncomingMessage, res *ServerResponse) { m.play(t, res, script) }})
		fake.feed(request)
		m.compare(t, fake, strings.HasPrefix(request, "HEAD"))
	})
}

// model is what a response was made of, kept as simply as can be.
type model struct {
	fields, trailers map[string][]string
	status           int
	body             []byte
	cut              bool // the body is shorter than its length
	informed         int  // informational answers
}

// play carries out a script: an operation and its arguments, over and over.
func (m *model) play(t *testing.T, res *ServerResponse, script []byte) {
	take := func() string {
		if len(script) == 0 {
			return ""
		}
		n := min(int(script[0]), len(script)-1)
		s := string(script[1 : 1+n])
		script = script[1+n:]
		return s
	}
	for len(script) > 0 {
		op := script[0]
		script = script[1:]
		switch op % 14 {
		case 0:
			name, value := take(), take()
			if res.SetHeader(name, value) == nil {
				m.fields[strings.ToLower(name)] = []string{value}
			}
		case 1:
			name, value := take(), take()
			if res.AppendHeader(name, value) == nil {
				key := strings.ToLower(name)
				m.fields[key] = append(m.fields[key], value)
			}
		case 2:
			name := take()
			if res.RemoveHeader(name) == nil {
				delete(m.fields, strings.ToLower(name))
			}
		case 3:
			status := 0
			if len(script) > 0 {
				status = int(script[0]) * 4
				script = script[1:]
			}
			name, value := take(), take()
			if res.WriteHead(status, name, value) == nil {
				m.status = status
				m.fields[strings.ToLower(name)] = []string{value}
			}
		case 4:
			name, value := take(), take()
			if res.AddTrailers(name, value) == nil {
				m.trailers = map[string][]string{strings.ToLower(name): {value}}
			}
		case 5:
			s := take()
			if n, err := res.WriteString(s); err == nil {
				m.body = append(m.body, s[:n]...)
			}
		case 6:
			s := take()
			switch err := res.End(s); err {
			case nil:
				m.body = append(m.body, s...)
			case http.ErrContentLength:
				if !res.WritableEnded() {
					break // strict: nothing has happened
				}
				m.cut = true
				if res.length.size-res.written == 0 {
					m.cut = false
				} else if int(res.written) == len(m.body)+len(s) {
					m.body = append(m.body, s...)
				}
			}
		case 7:
			res.FlushHeaders()
		case 8:
			status := 0
			if len(script) > 0 {
				status = int(script[0]) * 4
				script = script[1:]
			}
			if reason := take(); res.WriteHeadReason(status, reason) == nil {
				m.status = status
			}
		case 9:
			status := 100
			if len(script) > 0 {
				status += int(script[0])
				script = script[1:]
			}
			name, value := take(), take()
			if res.WriteInformation(status, name, value) == nil && res.minor > 0 {
				m.informed++
			}
		case 10:
			first, value, second, value2 := take(), take(), take(), take()
			if res.SetHeaders(first, value, second, value2) == nil {
				m.fields[strings.ToLower(first)] = []string{value}
				if strings.EqualFold(first, second) {
					m.fields[strings.ToLower(first)] = []string{value, value2}
				} else {
					m.fields[strings.ToLower(second)] = []string{value2}
				}
			}
		case 11:
			res.ShouldKeepAlive = false
		case 12:
			res.StrictContentLength = true
		case 13:
			res.OnDrain(func() {})
		}
	}
	switch err := res.End(); err {
	case nil, ErrWriteAfterEnd:
	case http.ErrContentLength:
		m.cut = true
	default: // a head that cannot be built: the server does it
		m.status, m.fields, m.trailers, m.body = 500, map[string][]string{}, map[string][]string{}, nil
	}
}

var automaticNames = []string{"date", "connection", "keep-alive", "content-length", "transfer-encoding"}

func (m *model) compare(t *testing.T, f *fakeTransport, head bool) {
	if m.cut {
		if f.state() == "open" {
			t.Fatalf("body is short and the connection open: %q", f.out)
		}
		return
	}
	r := newStrictReader(f.out)
	for range m.informed {
		if a, err := r.answer(head); err != nil || a.status/100 != 1 {
			t.Fatalf("%q: status %d, want an informational answer: %v", f.out, a.status, err)
		}
	}
	final := r.rest
	a, err := r.answer(head)
	if err != nil || !r.done() {
		t.Fatalf("%q: %v, %d bytes behind", f.out, err, len(r.rest))
	}
	if a.close && f.state() == "open" && len(a.body) > 0 {
		t.Fatalf("body until close, and the connection open: %q", f.out)
	}
	if a.status != m.status {
		t.Errorf("status %d, want %d: %q", a.status, m.status, f.out)
	}
	for name, values := range m.fields {
		if slices.Contains(automaticNames, name) {
			continue
		}
		got := a.get(name)
		for i := range values {
			values[i] = strings.Trim(values[i], " \t")
		}
		if name == "cookie" && len(values) > 1 {
			got, values = strings.Fields(strings.Join(got, "; ")), strings.Fields(strings.Join(values, "; "))
		}
		if !slices.Equal(got, values) {
			t.Errorf("field %q is %q, want %q: %q", name, got, values, f.out)
		}
	}
	for _, field := range a.fields {
		if name := strings.ToLower(field[0]); m.fields[name] == nil && !slices.Contains(automaticNames, name) && m.status != 500 {
			t.Errorf("unasked field %q: %q", field, f.out)
		}
	}
	bodyless := head || m.status == 204 || m.status == 304
	if !bodyless && m.status != 500 && !bytes.Equal(a.body, m.body) {
		t.Errorf("body %q, want %q: %q", a.body, m.body, f.out)
	}
	if len(a.trailers) > 0 {
		got := map[string][]string{strings.ToLower(a.trailers[0][0]): {a.trailers[0][1]}}
		for name, values := range m.trailers {
			m.trailers[name] = []string{strings.Trim(values[0], " \t")}
		}
		if !maps.EqualFunc(got, m.trailers, slices.Equal) {
			t.Errorf("trailers %q, want %q", got, m.trailers)
		}
	}
	if c := a.get("Transfer-Encoding"); len(c) == 1 && !strings.EqualFold(c[0], "chunked") {
		return // net/http knows no other coding
	}
	request := &http.Request{Method: "GET"}
	if head {
		request.Method = "HEAD"
	}
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(final)), request)
	if err != nil {
		t.Fatalf("net/http: %v: %q", err, f.out)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil || !bytes.Equal(body, a.body) {
		t.Errorf("net/http reads %q, %v, want %q: %q", body, err, a.body, f.out)
	}
}
