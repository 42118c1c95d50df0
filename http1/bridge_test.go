package http1

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// startBridge is start with the log that net/http would have.
func startBridge(t *testing.T, s *Server) (addr string) {
	t.Helper()
	before := goroutines()
	s.Carrier = testCarrier
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-served; err != http.ErrServerClosed {
			t.Errorf("Serve: %v", err)
		}
		if !soon(func() bool { return goroutines() <= before }) {
			t.Errorf("%d goroutines, %d before", goroutines(), before)
		}
	})
	return l.Addr().String()
}

// TestBridgeRequest: the request is what net/http makes of the same bytes.
func TestBridgeRequest(t *testing.T) {
	serve := func(s *Server) string { return startBridge(t, s) }
	got := make(chan *http.Request, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		got <- r
	})
	ours := serve(&Server{Handler: handler})
	theirs := httpServer(t, handler)
	for _, in := range []string{
		getA,
		"GET /a/b?x=1&y=2 HTTP/1.1\r\nHost: example.com:80\r\nAccept: a\r\naccept: b\r\nX-y-z: 1\r\n\r\n",
		"GET /a%20b/%2F?a%zz HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET //a//b? HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /? HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /a?b?c HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET http://a/x?y HTTP/1.1\r\nHost: a\r\n\r\n",
		"OPTIONS /x HTTP/1.1\r\nHost: a\r\nPragma: no-cache\r\n\r\n",
		"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
		"GET / HTTP/1.0\r\n\r\n",
		"GET / HTTP/1.0\r\nConnection: keep-alive\r\nHost: b\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: close, x\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Type: x\r\n\r\nabc",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: A, b\r\n\r\n3\r\nabc\r\n0\r\nA: 1\r\nc: 2\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nTrailer: A\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\nF: 1\r\nG: 1\r\nH: 1\r\nI: 1\r\nJ: 1\r\na: 2\r\n\r\n",
		"GET / HTTP/1.1\r\nHost:\r\nX:\r\nCookie: a=b\r\nCookie: c=d\r\n\r\n",
	} {
		ask := func(addr string) *http.Request {
			c := dial(t, addr)
			defer c.Close()
			io.WriteString(c, in)
			select {
			case r := <-got:
				return r
			case <-time.After(5 * time.Second):
				t.Fatalf("%q: no request at %s", in, addr)
				return nil
			}
		}
		a, b := ask(ours), ask(theirs)
		if a.RemoteAddr == "" || !strings.HasPrefix(a.RemoteAddr, "127.0.0.1:") {
			t.Errorf("RemoteAddr %q", a.RemoteAddr)
		}
		for _, field := range []string{"Method", "URL", "Proto", "ProtoMajor", "ProtoMinor", "Header", "ContentLength",
			"TransferEncoding", "Close", "Host", "Form", "Trailer", "RequestURI", "TLS", "Pattern"} {
			x, y := reflect.ValueOf(*a).FieldByName(field).Interface(), reflect.ValueOf(*b).FieldByName(field).Interface()
			if !reflect.DeepEqual(x, y) {
				t.Errorf("%q: %s is %#v, net/http has %#v", in, field, x, y)
			}
		}
		if (a.Body == http.NoBody) != (b.Body == http.NoBody) {
			t.Errorf("%q: body %T, %T", in, a.Body, b.Body)
		}
	}
}

// httpServer runs net/http's server and returns its address.
func httpServer(t *testing.T, h http.Handler) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h, ErrorLog: quietLog()}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return l.Addr().String()
}

func FuzzPlainTarget(f *testing.F) {
	for _, s := range []string{"/", "/a?b", "/a?", "//a/b", "/a?b?c", "/~a_b-c.d", "/a%20", "/a?%zz", "*", "/\x7f", "/a?\x00", "/é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, target string) {
		var got url.URL
		if !plainTarget(target, &got) {
			return
		}
		want, err := url.ParseRequestURI(target)
		if err != nil || !reflect.DeepEqual(got, *want) {
			t.Errorf("%q: %#v, want %#v, %v", target, got, want, err)
		}
	})
}

// TestBridgeAnswers: what the handler does and what is sent, as net/http sends it.
func TestBridgeAnswers(t *testing.T) {
	big := strings.Repeat("x", 5000)
	tests := []struct {
		name    string
		in      string
		handler http.HandlerFunc
	}{
		{"nothing", getA, func(w http.ResponseWriter, r *http.Request) {}},
		{"hello", getA, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "Hello") }},
		{"html", getA, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<html>") }},
		{"type", getA, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "a/b")
			w.Header().Set("X-B", "2")
			w.Header().Set("X-A", " 1 ")
			w.WriteHeader(404)
			w.Write([]byte("x"))
		}},
		{"no type", getA, func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Type"] = nil
			w.Header()["Date"] = nil
			w.Write([]byte("x"))
		}},
		{"encoded", getA, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write([]byte("x"))
		}},
		{"big", getA, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, big) }},
		{"2048", getA, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, big[:2048]) }},
		{"2049", getA, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, big[:2049]) }},
		{"pieces", getA, func(w http.ResponseWriter, r *http.Request) {
			for range 100 {
				io.WriteString(w, big[:100])
			}
		}},
		{"flush", getA, func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "a")
			w.(http.Flusher).Flush()
			io.WriteString(w, "b")
		}},
		{"flush first", getA, func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			io.WriteString(w, "b")
		}},
		{"length", getA, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "5000")
			io.WriteString(w, big)
		}},
		{"length, too much", getA, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "3")
			_, err := io.WriteString(w, "ab")
			_, err2 := io.WriteString(w, "cd")
			if err != nil || err2 != http.ErrContentLength {
				panic(err2)
			}
		}},
		{"length, too little", getA, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "5")
			io.WriteString(w, "ab")
		}},
		{"length, nonsense", getA, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "x5")
			io.WriteString(w, "ab")
		}},
		{"HEAD", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "Hello") }},
		{"HEAD, nothing", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", func(w http.ResponseWriter, r *http.Request) {}},
		{"HEAD, big", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, big) }},
		{"HEAD, length", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "77")
		}},
		{"204", getA, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(204)
			if _, err := w.Write([]byte("x")); err != http.ErrBodyNotAllowed {
				panic(err)
			}
		}},
		{"304", getA, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "a/b")
			w.Header().Set("Content-Length", "5")
			w.Header().Set("Etag", "x")
			w.WriteHeader(304)
		}},
		{"odd status", getA, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(799) }},
		{"early hints", getA, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", "</a>")
			w.WriteHeader(103)
			w.WriteHeader(200)
			io.WriteString(w, "x")
		}},
		{"close", getA, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close")
			io.WriteString(w, "x")
		}},
		{"own connection", getA, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "X-A")
			io.WriteString(w, "x")
		}},
		{"identity", getA, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Transfer-Encoding", "identity")
			io.WriteString(w, big)
		}},
		{"chunked", getA, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Transfer-Encoding", "chunked")
			w.Header().Set("Content-Length", "1")
			io.WriteString(w, "x")
		}},
		{"trailers", getA, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "A, Content-Length, b")
			io.WriteString(w, "x")
			w.Header().Set("A", "1")
			w.Header().Set("B", "2")
			w.Header().Set("C", "3")
			w.Header().Set(http.TrailerPrefix+"D", "4")
		}},
		{"late prefix trailers", getA, func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			w.Header().Set(http.TrailerPrefix+"D", "4")
		}},
		{"late header", getA, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("A", "1")
			w.WriteHeader(200)
			w.Header().Set("A", "2")
			w.Header().Set("B", "2")
			io.WriteString(w, "x")
		}},
		{"bad values", getA, func(w http.ResponseWriter, r *http.Request) {
			w.Header()["X-A"] = []string{"1\r\nX-B: 2", " \xff\n"}
			w.Header()["bad name"] = []string{"1"}
			io.WriteString(w, "x")
		}},
		{"1.0", "GET / HTTP/1.0\r\n\r\n", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "Hello") }},
		{"1.0, big", "GET / HTTP/1.0\r\n\r\n", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, big) }},
		{"1.0, keep-alive", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "Hello") }},
		{"1.0, keep-alive, big", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, big) }},
		{"1.0, keep-alive, HEAD", "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", func(w http.ResponseWriter, r *http.Request) {}},
		{"1.0, close set", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close")
			io.WriteString(w, "Hello")
		}},
		{"echo", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }},
		{"chunks", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }},
		{"unread", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "x") }},
		{"unread, much", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\nhello", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "x") }},
		{"unread, big answer", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, big)
			if n, err := r.Body.Read(make([]byte, 1)); n > 0 || err == nil {
				panic("read")
			}
		}},
		{"continue", "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }},
		{"no continue", "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "x") }},
		{"continue, no body", "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }},
		{"other expectation", "POST / HTTP/1.1\r\nHost: a\r\nExpect: x\r\nContent-Length: 5\r\n\r\nhello", func(w http.ResponseWriter, r *http.Request) {}},
		{"options", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) }},
		{"bad target", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", func(w http.ResponseWriter, r *http.Request) {}},
		{"bad trailer", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: Content-Length\r\n\r\n0\r\n\r\n", func(w http.ResponseWriter, r *http.Request) {}},
		{"panic", getA, func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }},
		{"panic, late", getA, func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}},
	}
	serve := func(s *Server) string { return startBridge(t, s) }
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &Server{Handler: test.handler, ErrorLog: quietLog()}
			got, want := exchangeWith(t, serve(s), test.in), exchangeWith(t, httpServer(t, test.handler), test.in)
			if got != want {
				t.Errorf("got:\n%s\nnet/http:\n%s", got, want)
			}
		})
	}
}

// exchangeWith sends a request and another one behind it, and returns what came
// back in a form that can be compared.
func exchangeWith(t *testing.T, addr, in string) string {
	t.Helper()
	c := dial(t, addr)
	defer c.Close()
	io.WriteString(c, in)
	method, _, _ := strings.Cut(in, " ")
	r := bufio.NewReader(c)
	var out strings.Builder
	for {
		res, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			fmt.Fprintf(&out, "end: %v", err == io.ErrUnexpectedEOF || err == io.EOF)
			return out.String()
		}
		out.WriteString(describe(res))
		if res.StatusCode >= 200 {
			break
		}
	}
	io.WriteString(c, lastGet)
	_, err := r.ReadByte()
	fmt.Fprintf(&out, "stays: %v", err == nil)
	return out.String()
}

func describe(res *http.Response) string {
	res.Header.Del("Date")
	body, err := io.ReadAll(res.Body)
	dump, _ := httputil.DumpResponse(&http.Response{StatusCode: res.StatusCode, ProtoMajor: 1, ProtoMinor: res.ProtoMinor,
		Header: res.Header, Close: false, ContentLength: -1}, false)
	if res.StatusCode == 400 || res.StatusCode == 417 {
		return fmt.Sprint(res.StatusCode, "\n")
	}
	return fmt.Sprintf("%s %s%q %d %v %v %v %v\n", res.Status, dump, body, res.ContentLength, res.TransferEncoding, res.Close, res.Trailer, err)
}

// TestBridgeContext: the request's context ends with the client, with the handler,
// and not before.
func TestBridgeContext(t *testing.T) {
	serve := func(s *Server) string { return startBridge(t, s) }
	type call struct {
		r    *http.Request
		late chan bool
	}
	began := make(chan call)
	ended := make(chan error, 1)
	addr := serve(&Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		late := make(chan bool)
		began <- call{r, late}
		switch r.URL.Path {
		case "/wait":
			<-r.Context().Done()
		case "/derived":
			ctx, cancel := context.WithCancel(r.Context())
			defer cancel()
			<-ctx.Done()
		case "/late":
			<-late
			<-r.Context().Done()
		case "/notify":
			<-w.(interface{ CloseNotify() <-chan bool }).CloseNotify()
		}
		ended <- r.Context().Err()
	})})
	for _, path := range []string{"/wait", "/derived", "/late", "/notify"} {
		for name, bye := range map[string]func(c *net.TCPConn){
			"FIN":   func(c *net.TCPConn) { c.CloseWrite() },
			"close": func(c *net.TCPConn) { c.Close() },
			"RST":   func(c *net.TCPConn) { c.SetLinger(0); c.Close() },
		} {
			c := dial(t, addr)
			io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: a\r\n\r\n")
			got := <-began
			if path != "/late" {
				time.Sleep(5 * time.Millisecond)
			}
			if err := got.r.Context().Err(); err != nil {
				t.Errorf("%s, %s: %v before", path, name, err)
			}
			bye(c)
			if path == "/late" {
				time.Sleep(5 * time.Millisecond)
				close(got.late)
			}
			select {
			case err := <-ended:
				if err != context.Canceled {
					t.Errorf("%s, %s: %v", path, name, err)
				}
			case <-time.After(5 * time.Second):
				t.Fatalf("%s, %s is not noticed", path, name)
			}
			c.Close()
		}
	}
	c := dial(t, addr)
	io.WriteString(c, "GET /return HTTP/1.1\r\nHost: a\r\n\r\n")
	ctx := (<-began).r.Context()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(5 * time.Second):
		t.Error("the handler has returned, and its context goes on")
	}
	if ctx.Err() != context.Canceled {
		t.Error(ctx.Err())
	}
	// Asked for and not needed: the connection is good for another request.
	for range 3 {
		io.WriteString(c, "GET /return HTTP/1.1\r\nHost: a\r\n\r\n")
		got := <-began
		got.r.Context().Done()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if srv, ok := ctx.Value(http.ServerContextKey).(*http.Server); !ok || srv.Handler == nil {
		t.Error("http.ServerContextKey")
	}
	if a, ok := ctx.Value(http.LocalAddrContextKey).(net.Addr); !ok || a.String() != addr {
		t.Errorf("http.LocalAddrContextKey: %v", a)
	}
}

// TestBridgeHalfClosed: a client that closes its side gets its answer.
func TestBridgeHalfClosed(t *testing.T) {
	serve := func(s *Server) string { return startBridge(t, s) }
	addr := serve(&Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(50 * time.Millisecond)
		io.WriteString(w, "late")
	})})
	c := dial(t, addr)
	io.WriteString(c, getA)
	c.CloseWrite()
	if out, err := io.ReadAll(c); err != nil || !strings.HasSuffix(string(out), "late") {
		t.Errorf("%q, %v", out, err)
	}
}

// TestBridgeKept: what a handler keeps too long shows nothing of other requests.
func TestBridgeKept(t *testing.T) {
	serve := func(s *Server) string { return startBridge(t, s) }
	type kept struct {
		w http.ResponseWriter
		r *http.Request
	}
	var first kept
	addr := serve(&Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if first.w == nil {
			first = kept{w, r}
			w.Header().Set("X-First", "1")
			return
		}
		if n, err := first.w.Write([]byte("first")); n != 0 || err == nil {
			t.Errorf("Write: %d, %v", n, err)
		}
		first.w.WriteHeader(500)
		first.w.(http.Flusher).Flush()
		if _, _, err := first.w.(http.Hijacker).Hijack(); err == nil {
			t.Error("Hijack")
		}
		if n, err := first.r.Body.Read(make([]byte, 9)); n != 0 || err != http.ErrBodyReadAfterClose {
			t.Errorf("Read: %d, %v", n, err)
		}
		if first.r.URL.Path != "/first" || first.r.Header.Get("X") != "1" || first.r.Header == nil || r.Header.Get("X") != "2" {
			t.Errorf("first request: %v", first.r)
		}
		data, _ := io.ReadAll(r.Body)
		w.Write(data)
	})})
	c := dial(t, addr)
	r := bufio.NewReader(c)
	for _, in := range []string{"POST /first HTTP/1.1\r\nX: 1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
		"POST /second HTTP/1.1\r\nX: 2\r\nHost: a\r\nContent-Length: 3\r\n\r\ndef"} {
		io.WriteString(c, in)
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != 200 || strings.Contains(in, "second") && string(body) != "def" {
			t.Errorf("%s %q", res.Status, body)
		}
	}
}

// TestBridgeHijack: the connection is the handler's, with what has come in.
func TestBridgeHijack(t *testing.T) {
	serve := func(s *Server) string { return startBridge(t, s) }
	for _, path := range []string{"/", "/head", "/watched"} {
		addr := serve(&Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/head":
				w.Header().Set("Upgrade", "x")
				w.Header().Set("Connection", "Upgrade")
				w.WriteHeader(101)
			case "/watched":
				r.Context().Done()
				time.Sleep(10 * time.Millisecond)
			}
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := w.Write([]byte("x")); err != http.ErrHijacked {
				t.Errorf("Write: %v", err)
			}
			if r.Context().Err() != nil {
				t.Error("the context ends with HTTP")
			}
			go func() {
				defer conn.Close()
				line, err := rw.ReadString('\n')
				rest, _ := io.ReadAll(rw)
				fmt.Fprintf(conn, "%q %v %q", line, err, rest)
			}()
		}), ErrorLog: quietLog()})
		c := dial(t, addr)
		io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nearly")
		time.Sleep(30 * time.Millisecond)
		io.WriteString(c, " line\nrest")
		c.CloseWrite()
		out, err := io.ReadAll(c)
		_, tail, _ := strings.Cut("\r\n\r\n"+string(out), "\r\n\r\n")
		if path == "/head" {
			if !strings.HasPrefix(tail, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n") || !strings.Contains(tail, "\r\nConnection: Upgrade\r\n") {
				t.Errorf("%q", tail)
			}
			_, tail, _ = strings.Cut(tail, "\r\n\r\n")
		}
		if err != nil || tail != `"early line\n" <nil> "rest"` {
			t.Errorf("%s: %q, %v", path, out, err)
		}
	}
}

// TestBridgeFiles: files are sent whole, in ranges, to clients that are slow, and
// shorter than they were.
func TestBridgeFiles(t *testing.T) {
	serve := func(s *Server) string { return startBridge(t, s) }
	data := make([]byte, 3<<20)
	for i := range data {
		data[i] = byte(i * i >> 7)
	}
	name := filepath.Join(t.TempDir(), "file.bin")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	results := make(chan string, 1)
	files := http.FileServer(http.Dir(filepath.Dir(name)))
	addr := serve(&Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := os.Open(name)
		if err != nil {
			panic(err)
		}
		defer f.Close()
		switch r.URL.Path {
		case "/chunked":
			n, err := io.Copy(w, f)
			results <- fmt.Sprint(n, err)
		case "/sniffed":
			w.Header().Set("Content-Length", fmt.Sprint(len(data)))
			n, err := io.Copy(w, f)
			results <- fmt.Sprint(n, err)
		case "/behind":
			w.Header().Set("Content-Length", fmt.Sprint(len(data)+5))
			io.WriteString(w, "start")
			n, err := io.Copy(w, f)
			results <- fmt.Sprint(n, err)
		case "/tooshort":
			w.Header().Set("Content-Length", fmt.Sprint(len(data)+5))
			w.Header().Set("Content-Type", "x/y")
			n, err := io.Copy(w, f)
			results <- fmt.Sprint(n, err)
		default:
			files.ServeHTTP(w, r)
		}
	})})
	url := "http://" + addr
	client := &http.Client{Transport: new(http.Transport)}
	defer client.CloseIdleConnections()
	for path, want := range map[string]string{"/chunked": "3145728 <nil>", "/sniffed": "3145728 <nil>", "/behind": "3145728 <nil>",
		"/tooshort": "3145728 <nil>", "/file.bin": ""} {
		for range 3 {
			res, err := client.Get(url + path)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Millisecond) // the client is slow
			body, err := io.ReadAll(res.Body)
			res.Body.Close()
			if (err != nil) != (path == "/tooshort") || !bytes.Equal(bytes.TrimPrefix(body, []byte("start")), data) {
				t.Errorf("%s: %d bytes, %v", path, len(body), err)
			}
			if want != "" {
				if got := <-results; got != want {
					t.Errorf("%s: %s, want %s", path, got, want)
				}
			}
		}
	}
	for r, want := range map[string]string{"bytes=5-100004": string(data[5:100005]), "bytes=-70000": string(data[len(data)-70000:]), "bytes=1-2": string(data[1:3])} {
		req, _ := http.NewRequest("GET", url+"/file.bin", nil)
		req.Header.Set("Range", r)
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != 206 || string(body) != want {
			t.Errorf("%s: %s, %d bytes, %v", r, res.Status, len(body), err)
		}
	}
}

// TestBridgeSlowFile: a client that does not take a file is cut off.
func TestBridgeSlowFile(t *testing.T) {
	serve := func(s *Server) string { return startBridge(t, s) }
	name := filepath.Join(t.TempDir(), "file.bin")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	f.Truncate(64 << 20)
	f.Close()
	ended := make(chan bool, 1)
	addr := serve(&Server{WriteTimeout: 200 * time.Millisecond, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, name)
		ended <- true
	})})
	c := dial(t, addr)
	io.WriteString(c, getA)
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Error("the slow reader was not cut off")
	}
	if _, err := io.Copy(io.Discard, c); err == nil {
		t.Error("the answer ends in good order")
	}
}

// TestBridgeDeadlines: http.ResponseController's.
func TestBridgeDeadlines(t *testing.T) {
	serve := func(s *Server) string { return startBridge(t, s) }
	result := make(chan error, 1)
	addr := serve(&Server{ReadTimeout: 200 * time.Millisecond, ReadHeaderTimeout: 100 * time.Millisecond, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		switch r.URL.Path {
		case "/read":
			rc.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			_, err := io.ReadAll(r.Body)
			result <- err
		case "/patient":
			rc.SetReadDeadline(time.Time{})
			_, err := io.ReadAll(r.Body)
			result <- err
		case "/write":
			rc.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
			for {
				if _, err := w.Write(make([]byte, 100000)); err != nil {
					result <- err
					return
				}
			}
		case "/idle":
			rc.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
			time.Sleep(30 * time.Millisecond)
			_, err := w.Write(make([]byte, 100000))
			result <- err
		}
	})})
	get := func() error {
		select {
		case err := <-result:
			return err
		case <-time.After(5 * time.Second):
			return errors.New("never")
		}
	}
	c := dial(t, addr)
	io.WriteString(c, "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
	if err := get(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read: %v", err)
	}
	if out, _ := io.ReadAll(c); !strings.HasPrefix(string(out), "HTTP/1.1 200") || !strings.Contains(string(out), "Connection: close") {
		t.Errorf("read: %q", out)
	}
	c = dial(t, addr)
	io.WriteString(c, "POST /patient HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
	time.Sleep(400 * time.Millisecond)
	io.WriteString(c, "cde")
	if err := get(); err != nil {
		t.Errorf("patient: %v", err)
	}
	for _, path := range []string{"/write", "/idle"} {
		c = dial(t, addr)
		io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: a\r\n\r\n")
		if err := get(); err == nil || err.Error() == "never" {
			t.Errorf("%s: %v", path, err)
		}
		io.ReadAll(c)
	}
}

func quietLog() *log.Logger { return log.New(io.Discard, "", 0) }
