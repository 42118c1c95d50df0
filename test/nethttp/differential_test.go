package nethttp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cork-go/cork/http1"
)

// stream is what a client sends, as bytes, with LF for CRLF.
type stream struct {
	name string
	in   string
	// differs is why cork answers otherwise than net/http; the row of docs/net-http.md
	// that begins with it says more. "" if it does not.
	differs string
}

// The reasons, each a row in docs/net-http.md.
const (
	strictLines    = "Bare LF, blanks and other looseness"
	strictMethods  = "Unknown methods"
	strictVersions = "Other versions"
	strictLength   = "Two ways to say a length"
	strictTarget   = "Targets with a fragment or user"
	netRPC         = "CONNECT with a path"
	information    = "1xx for HTTP/1.0"
	expectOld      = "Expect of HTTP/1.0"
	emptyHost      = "Empty lines before a request"
	badBody        = "A body that is malformed"
	controls       = "Control characters in answers"
	maxBytes       = "MaxBytesReader"
	drained        = "Unread bodies"
)

// streams are what the servers are asked. A stream that ends with a whole request
// shows whether the connection stays.
var streams = []stream{
	{"hello", "GET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"pipeline", "GET /hello HTTP/1.1\nHost: a\n\nGET /big HTTP/1.1\nHost: a\n\nGET /none HTTP/1.1\nHost: a\n\n", ""},
	{"pipeline with bodies", "POST /echo HTTP/1.1\nHost: a\nContent-Length: 3\n\nabcPOST /echo HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n3\nabc\n0\n\nGET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"close", "GET /hello HTTP/1.1\nHost: a\nConnection: close\n\nGET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"close by the handler", "GET /close HTTP/1.1\nHost: a\n\nGET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"1.0", "GET /hello HTTP/1.0\n\n", ""},
	{"1.0, keep-alive", "GET /hello HTTP/1.0\nConnection: keep-alive\n\nGET /hello HTTP/1.0\nConnection: keep-alive\n\n", ""},
	{"1.0, keep-alive, chunked", "GET /flush HTTP/1.0\nConnection: keep-alive\n\n", ""},
	{"1.0, early hints", "GET /hints HTTP/1.0\n\n", information},
	{"1.1, early hints", "GET /hints HTTP/1.1\nHost: a\n\n", ""},
	{"HEAD", "HEAD /hello HTTP/1.1\nHost: a\n\nGET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"HEAD, big", "HEAD /big HTTP/1.1\nHost: a\n\nGET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"flush", "GET /flush HTTP/1.1\nHost: a\n\n", ""},
	{"trailers", "GET /trailers HTTP/1.1\nHost: a\n\n", ""},
	{"status", "GET /status?204 HTTP/1.1\nHost: a\n\nGET /status?304 HTTP/1.1\nHost: a\n\nGET /status?500 HTTP/1.1\nHost: a\n\nGET /status?299 HTTP/1.1\nHost: a\n\n", ""},
	{"short", "GET /short HTTP/1.1\nHost: a\n\n", ""},
	{"panic", "GET /panic HTTP/1.1\nHost: a\n\n", ""},
	{"panic behind an answer", "GET /hello HTTP/1.1\nHost: a\n\nGET /panic HTTP/1.1\nHost: a\n\n", ""},
	{"panic in a body", "GET /latepanic HTTP/1.1\nHost: a\n\n", ""},
	{"redirect", "GET /dir HTTP/1.1\nHost: a\n\n", ""},
	{"not clean", "GET /a/../hello HTTP/1.1\nHost: a\n\n", ""},
	{"query", "GET /form?a=1&a=2&b=%20 HTTP/1.1\nHost: a\n\n", ""},
	{"form", "POST /form?a=1 HTTP/1.1\nHost: a\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 7\n\nb=2&a=3", ""},
	{"escapes", "GET /form/%41%2fb HTTP/1.1\nHost: a\n\n", ""},
	{"bad escape", "GET /%zz HTTP/1.1\nHost: a\n\n", ""},
	{"absolute", "GET http://a/form HTTP/1.1\nHost: a\n\n", ""},
	{"absolute, other host", "GET http://b/form HTTP/1.1\nHost: a\n\n", ""},
	{"user in the target", "GET http://u@a/form HTTP/1.1\nHost: a\n\n", strictTarget},
	{"fragment", "GET /form#x HTTP/1.1\nHost: a\n\n", strictTarget},
	{"no host", "GET /hello HTTP/1.1\n\n", ""},
	{"two hosts", "GET /hello HTTP/1.1\nHost: a\nHost: a\n\n", ""},
	{"empty host", "GET /form HTTP/1.1\nHost:\n\n", ""},
	{"odd host", "GET /form HTTP/1.1\nHost: a b\n\n", ""},
	{"odd host with port", "GET /form HTTP/1.1\nHost: [::1]:80\n\n", ""},
	{"options", "OPTIONS * HTTP/1.1\nHost: a\n\n", ""},
	{"options with a body", "OPTIONS * HTTP/1.1\nHost: a\nContent-Length: 3\n\nabcGET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"star", "GET * HTTP/1.1\nHost: a\n\n", ""},
	{"connect", "CONNECT a:1 HTTP/1.1\nHost: a:1\n\n", ""},
	{"connect with a path", "CONNECT /rpc HTTP/1.1\nHost: a\n\n", netRPC},
	{"method", "PATCH /form HTTP/1.1\nHost: a\n\n", ""},
	{"unknown method", "FROB /form HTTP/1.1\nHost: a\n\n", strictMethods},
	{"malformed method", "G(T /form HTTP/1.1\nHost: a\n\n", ""},
	{"lower-case method", "get /form HTTP/1.1\nHost: a\n\n", strictMethods},
	{"no version", "GET /form\n\n", ""},
	{"1.2", "GET /form HTTP/1.2\nHost: a\n\n", strictVersions},
	{"2.0", "GET /form HTTP/2.0\nHost: a\n\n", ""},
	{"0.9", "GET /form HTTP/0.9\nHost: a\n\n", ""},
	{"header of a client", "GET /header HTTP/1.1\nHost: a\nAccept: x\nACCEPT: y\nx-lower:  1 \nCookie: a=b\nEmpty:\n\n", ""},
	{"blank before the colon", "GET /header HTTP/1.1\nHost: a\nX : 1\n\n", ""},
	{"folded", "GET /header HTTP/1.1\nHost: a\nX: 1\n 2\n\n", strictLines},
	{"bad name", "GET /header HTTP/1.1\nHost: a\nX(: 1\n\n", ""},
	{"no colon", "GET /header HTTP/1.1\nHost: a\nX\n\n", ""},
	{"control in a value", "GET /header HTTP/1.1\nHost: a\nX: \x01\n\n", ""},
	{"NUL in a value", "GET /header HTTP/1.1\nHost: a\nX: a\x00b\n\n", ""},
	{"bytes in a value", "GET /header HTTP/1.1\nHost: a\nX: \xff\xc3\xa4\n\n", ""},
	{"pragma", "GET /header HTTP/1.1\nHost: a\nPragma: no-cache\n\n", ""},
	{"connection words", "GET /header HTTP/1.1\nHost: a\nConnection: x, keep-alive\n\n", ""},
	{"upgrade that nobody wants", "GET /header HTTP/1.1\nHost: a\nConnection: upgrade\nUpgrade: x\n\nGET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"empty lines before", "\n\nGET /hello HTTP/1.1\nHost: a\n\n", emptyHost},
	{"nonsense", "nonsense\n\n", ""},
	{"length", "POST /echo HTTP/1.1\nHost: a\nContent-Length: 0\n\nGET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"length twice", "POST /echo HTTP/1.1\nHost: a\nContent-Length: 3\nContent-Length: 3\n\nabc", strictLength},
	{"lengths that differ", "POST /echo HTTP/1.1\nHost: a\nContent-Length: 3\nContent-Length: 4\n\nabcd", ""},
	{"length with a sign", "POST /echo HTTP/1.1\nHost: a\nContent-Length: +3\n\nabc", ""},
	{"length of nothing", "POST /echo HTTP/1.1\nHost: a\nContent-Length:\n\nabc", ""},
	{"length and chunked", "POST /echo HTTP/1.1\nHost: a\nContent-Length: 3\nTransfer-Encoding: chunked\n\n3\nabc\n0\n\n", strictLength},
	{"other coding", "POST /echo HTTP/1.1\nHost: a\nTransfer-Encoding: gzip, chunked\n\n0\n\n", ""},
	{"coding and no chunked", "POST /echo HTTP/1.1\nHost: a\nTransfer-Encoding: gzip\n\n", strictLength},
	{"chunked of HTTP/1.0", "POST /echo HTTP/1.0\nHost: a\nTransfer-Encoding: chunked\n\n3\nabc\n0\n\n", strictLength},
	{"chunk extension", "POST /echo HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n3;a=b\nabc\n0\n\nGET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"chunked trailers", "POST /sent HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\nTrailer: A\n\n3\nabc\n0\nA: 1\nB: 2\n\nGET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"forbidden trailer", "POST /sent HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\nTrailer: Content-Length\n\n0\n\n", ""},
	{"malformed chunk", "POST /sent HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\nx\nabc\n0\n\n", badBody},
	{"body that ends early", "POST /sent HTTP/1.1\nHost: a\nContent-Length: 9\n\nabc\xff", badBody}, // \xff: the client closes
	{"unread body", "POST /hello HTTP/1.1\nHost: a\nContent-Length: 3\n\nabcGET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"unread chunks", "POST /hello HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n3\nabc\n0\n\nGET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"unread body of 300 KiB", "POST /hello HTTP/1.1\nHost: a\nContent-Length: 307200\n\n" + strings.Repeat("x", 307200) + "GET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"unread body of 200 KiB", "POST /hello HTTP/1.1\nHost: a\nContent-Length: 204800\n\n" + strings.Repeat("x", 204800) + "GET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"unread body, big answer", "POST /big HTTP/1.1\nHost: a\nContent-Length: 3\n\nabcGET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"half a body read", "POST /half HTTP/1.1\nHost: a\nContent-Length: 6\n\nabcdefGET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"body closed", "POST /closed HTTP/1.1\nHost: a\nContent-Length: 6\n\nabcdefGET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"full duplex", "POST /duplex HTTP/1.1\nHost: a\nContent-Length: 6\n\nabcdefGET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"limited", "POST /limited HTTP/1.1\nHost: a\nContent-Length: 6\n\nabcdefGET /hello HTTP/1.1\nHost: a\n\n", maxBytes},
	{"within the limit", "POST /limited HTTP/1.1\nHost: a\nContent-Length: 3\n\nabcGET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"expect", "POST /echo HTTP/1.1\nHost: a\nExpect: 100-continue\nContent-Length: 3\n\nabcGET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"expect, unread", "POST /hello HTTP/1.1\nHost: a\nExpect: 100-continue\nContent-Length: 3\n\n", drained},
	{"expect, chunked", "POST /echo HTTP/1.1\nHost: a\nExpect: 100-Continue\nTransfer-Encoding: chunked\n\n3\nabc\n0\n\nGET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"expect something", "POST /echo HTTP/1.1\nHost: a\nExpect: x\nContent-Length: 3\n\nabc", ""},
	{"expect of HTTP/1.0", "POST /echo HTTP/1.0\nHost: a\nExpect: x\nContent-Length: 3\n\nabc", expectOld},
	{"bad values of a handler", "GET /badvalues HTTP/1.1\nHost: a\n\n", controls},
	{"line ends of a handler", "GET /lineends HTTP/1.1\nHost: a\n\n", ""},
	{"hijack", "GET /hijack HTTP/1.1\nHost: a\n\nearly", ""},
	{"file", "GET /file HTTP/1.1\nHost: a\nRange: bytes=2-5\n\nGET /hello HTTP/1.1\nHost: a\n\n", ""},
	{"half-closed", "GET /hello HTTP/1.1\nHost: a\n\n\xff", ""},
	{"half a head, closed", "GET /hello HTTP/1.1\nHost\xff", ""},
	{"bare LF", "GET /hello HTTP/1.1\rX: 1\n\n", ""},
	{"long field", "GET /length HTTP/1.1\nHost: a\nX: " + strings.Repeat("x", 100_000) + "\n\n", ""},
	{"too long field", "GET /length HTTP/1.1\nHost: a\nX: " + strings.Repeat("x", 3<<19) + "\n\n", ""},
	{"long target", "GET /length?" + strings.Repeat("x", 100_000) + " HTTP/1.1\nHost: a\n\n", ""},
}

// handlers are what the servers serve. What they answer depends on the request
// alone.
func handlers() http.Handler {
	mux := http.NewServeMux()
	big := strings.Repeat("big ", 10_000)
	handle := func(path string, fn http.HandlerFunc) { mux.HandleFunc(path, fn) }
	handle("/hello", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "Hello") })
	handle("/big", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, big) })
	handle("/echo", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	handle("/dir/", http.NotFound)
	handle("/close", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		io.WriteString(w, "x")
	})
	handle("/flush", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "a")
		http.NewResponseController(w).Flush()
		io.WriteString(w, "b")
	})
	handle("/hints", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</a>")
		w.WriteHeader(103)
		io.WriteString(w, "x")
	})
	handle("/trailers", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "A, B")
		io.WriteString(w, "x")
		w.Header().Set("A", "1")
		w.Header().Set(http.TrailerPrefix+"C", "2")
	})
	handle("/status", func(w http.ResponseWriter, r *http.Request) {
		status, _ := strconv.Atoi(r.URL.RawQuery)
		w.WriteHeader(status)
		_, err := io.WriteString(w, "text")
		_ = err
	})
	handle("/short", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "x")
	})
	handle("/panic", func(w http.ResponseWriter, r *http.Request) { panic("x") })
	handle("/latepanic", func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		panic("x")
	})
	form := func(w http.ResponseWriter, r *http.Request) {
		err := r.ParseForm()
		fmt.Fprintln(w, r.Method, r.Host, r.URL, r.URL.Path, r.RequestURI, r.Proto, r.Form, r.PostForm, r.ContentLength, r.Close, err)
	}
	handle("/form", form)
	handle("/form/", form)
	handle("/header", func(w http.ResponseWriter, r *http.Request) { r.Header.Write(w) })
	handle("/length", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, len(r.Header.Get("X")), len(r.URL.RawQuery))
	})
	handle("/sent", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%q %v %v", body, err, r.Trailer)
	})
	handle("/half", func(w http.ResponseWriter, r *http.Request) {
		part := make([]byte, 3)
		io.ReadFull(r.Body, part)
		w.Write(part)
	})
	handle("/closed", func(w http.ResponseWriter, r *http.Request) {
		r.Body.Close()
		_, err := r.Body.Read(make([]byte, 1))
		fmt.Fprint(w, err)
	})
	handle("/duplex", func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		fmt.Fprint(w, rc.EnableFullDuplex(), rc.Flush())
		io.Copy(w, r.Body)
	})
	handle("/limited", func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 3))
		fmt.Fprint(w, err)
	})
	handle("/badvalues", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-A", "a\x01b\x7fc") })
	handle("/lineends", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-A", " a\r\nb\nc ") })
	handle("/hijack", func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		part := make([]byte, 5)
		io.ReadFull(rw, part)
		fmt.Fprintf(rw, "HTTP/1.1 200 OK\r\nX-Part: %s\r\nContent-Length: 0\r\n\r\n", part)
		rw.Flush()
	})
	handle("/file", func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "x.txt", time.Unix(1e9, 0), strings.NewReader("0123456789"))
	})
	return mux
}

// TestDifferential: raw bytes are answered as by net/http's server, unless there is
// a reason that the documents name.
func TestDifferential(t *testing.T) {
	docs, err := os.ReadFile("../../docs/net-http.md")
	if err != nil {
		t.Fatal(err)
	}
	standard := startStandard(t, handlers())
	for _, carrier := range carriers {
		t.Run(carrier.String(), func(t *testing.T) {
			ours := start(t, &http1.Server{Handler: handlers(), Carrier: carrier})
			for _, s := range streams {
				t.Run(s.name, func(t *testing.T) {
					t.Parallel()
					want := converse(t, standard, s.in, len(s.in))
					got := converse(t, ours, s.in, len(s.in))
					if (got != want) != (s.differs != "") {
						t.Errorf("%q\ncork:\n%s\nnet/http:\n%s", s.in[:min(200, len(s.in))], got, want)
					}
					if s.differs != "" {
						t.Logf("meant: %s\ncork:\n%s\nnet/http:\n%s", s.differs, got, want)
					}
					if s.differs != "" && !strings.Contains(string(docs), "\n| "+s.differs+" |") {
						t.Errorf("docs/net-http.md has no row %q", s.differs)
					}
					if len(s.in) > 1000 {
						return
					}
					for _, step := range []int{1, 7} {
						if in := converse(t, ours, s.in, step); in != got {
							t.Errorf("%q in pieces of %d bytes:\n%s\nwhole:\n%s", s.in, step, in, got)
						}
					}
				})
			}
		})
	}
}

// patience is how long a connection has to be quiet to be one that stays.
const patience = 600 * time.Millisecond

// converse sends a stream in pieces and returns what came back, and whether the
// connection stays.
func converse(t *testing.T, addr, in string, step int) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in = strings.ReplaceAll(in, "\n", "\r\n")
	text, ends := strings.CutSuffix(in, "\xff")
	go func() {
		for piece := range slices.Chunk([]byte(text), step) {
			if _, err := c.Write(piece); err != nil {
				return
			}
		}
		if ends {
			c.(*net.TCPConn).CloseWrite()
		}
	}()
	var out strings.Builder
	r := bufio.NewReader(&quietReader{c})
	for _, line := range strings.Split(text, "\r\n") {
		method, rest, _ := strings.Cut(line, " ")
		if !strings.Contains(rest, "HTTP/") {
			continue
		}
		if i := strings.LastIndexFunc(method, func(r rune) bool { return r < 'A' || r > 'Z' }); i >= 0 {
			method = method[i+1:] // behind a body
		}
		for {
			res, err := http.ReadResponse(r, &http.Request{Method: method})
			if err != nil {
				fmt.Fprintln(&out, ending(err))
				return out.String()
			}
			note(&out, res)
			if res.StatusCode >= 200 {
				break
			}
		}
	}
	_, err = r.ReadByte()
	fmt.Fprintln(&out, ending(err))
	return out.String()
}

// quietReader is a connection that may not be quiet for long.
type quietReader struct{ net.Conn }

func (q *quietReader) Read(p []byte) (int, error) {
	q.SetReadDeadline(time.Now().Add(patience))
	return q.Conn.Read(p)
}

// ending is the fate of a connection, in a word.
func ending(err error) string {
	switch {
	case err == nil:
		return "more than was asked for"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "stays"
	}
	return "closed"
}

// note writes an answer down, without its date. A refusal is its status: the text
// is nobody's business.
func note(out *strings.Builder, res *http.Response) {
	body, err := io.ReadAll(res.Body)
	switch res.StatusCode {
	case 400, 417, 431, 414, 501, 505:
		fmt.Fprintln(out, res.StatusCode)
		return
	}
	res.Header.Del("Date")
	fmt.Fprintln(out, res.Proto, res.Status, res.ContentLength, res.TransferEncoding, res.Close)
	res.Header.Write(out)
	if len(body) > 200 {
		body = fmt.Appendf(body[:200], "… %d", len(body))
	}
	fmt.Fprintf(out, "%q %v %v\n", body, err, res.Trailer)
}
