package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Every kind of answer, and that the connection is good for another request
// behind each.
func TestAnswers(t *testing.T) { eachKind(t, testAnswers) }

func testAnswers(t *testing.T, of kind) {
	const allowRead, allowPost = "GET, HEAD", "POST"
	tests := []struct {
		name, request string
		status        int
		body          string // "" for: not looked at
		allow         string
	}{
		{"hello", "GET / HTTP/1.1\nHost: a\n\n", 200, hello, ""},
		{"hello with a query", "GET /?a=%zz HTTP/1.1\nHost: a\n\n", 200, hello, ""},
		{"hello, absolute", "GET http://a/ HTTP/1.1\nHost: a\n\n", 200, hello, ""},
		{"hello, posted", "POST / HTTP/1.1\nHost: a\nContent-Length: 2\n\nhi", 405, "", allowRead},
		{"hello, deleted", "DELETE / HTTP/1.1\nHost: a\n\n", 405, "", allowRead},
		{"hello, options", "OPTIONS / HTTP/1.1\nHost: a\n\n", 405, "", allowRead},

		{"echo", "POST /echo HTTP/1.1\nHost: a\nContent-Length: 5\n\nh\x00llo", 200, "h\x00llo", ""},
		{"echo of nothing", "POST /echo HTTP/1.1\nHost: a\nContent-Length: 0\n\n", 200, "", ""},
		{"echo without a length", "POST /echo HTTP/1.1\nHost: a\n\n", 200, "", ""},
		{"echo of chunks", "POST /echo HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n2\nhe\n3;x=y\nllo\n0\nX: y\n\n", 200, "hello", ""},
		{"echo of no chunks", "POST /echo HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n0\n\n", 200, "", ""},
		{"echo, got", "GET /echo HTTP/1.1\nHost: a\n\n", 405, "", allowPost},
		{"echo, put", "PUT /echo HTTP/1.1\nHost: a\nContent-Length: 3\n\nabc", 405, "", allowPost},

		{"big", "GET /big?n=20 HTTP/1.1\nHost: a\n\n", 200, "0123456789abcdef0123", ""},
		{"big and nothing", "GET /big?n=0 HTTP/1.1\nHost: a\n\n", 200, "", ""},
		{"big without a number", "GET /big HTTP/1.1\nHost: a\n\n", 400, "", ""},
		{"big with a word", "GET /big?n=x HTTP/1.1\nHost: a\n\n", 400, "", ""},
		{"big below nothing", "GET /big?n=-1 HTTP/1.1\nHost: a\n\n", 400, "", ""},
		{"big with a sign", "GET /big?n=%2B1 HTTP/1.1\nHost: a\n\n", 400, "", ""},
		{"big, twice", "GET /big?n=1&n=1 HTTP/1.1\nHost: a\n\n", 400, "", ""},
		{"big, a bad escape", "GET /big?n=1&m=%zz HTTP/1.1\nHost: a\n\n", 400, "", ""},
		{"big, one too many", fmt.Sprintf("GET /big?n=%d HTTP/1.1\nHost: a\n\n", bigBytesMax+1), 400, "", ""},
		{"big, beyond 64 bits", "GET /big?n=99999999999999999999 HTTP/1.1\nHost: a\n\n", 400, "", ""},
		{"big, posted", "POST /big?n=1 HTTP/1.1\nHost: a\nContent-Length: 0\n\n", 405, "", allowRead},

		{"slow", "GET /slow?ms=20 HTTP/1.1\nHost: a\n\n", 200, "waited 20 ms\n", ""},
		{"slow and at once", "GET /slow?ms=0 HTTP/1.1\nHost: a\n\n", 200, "", ""},
		{"slow without a number", "GET /slow HTTP/1.1\nHost: a\n\n", 400, "", ""},
		{"slow, one too many", fmt.Sprintf("GET /slow?ms=%d HTTP/1.1\nHost: a\n\n", slowMsMax+1), 400, "", ""},
		{"slow, below nothing", "GET /slow?ms=-1 HTTP/1.1\nHost: a\n\n", 400, "", ""},
		{"slow, posted", "POST /slow?ms=1 HTTP/1.1\nHost: a\nContent-Length: 0\n\n", 405, "", allowRead},

		{"nowhere", "GET /nowhere HTTP/1.1\nHost: a\n\n", 404, "", ""},
		{"nowhere, posted", "POST /echo/ HTTP/1.1\nHost: a\nContent-Length: 3\n\nabc", 404, "", ""},
		{"the server", "OPTIONS * HTTP/1.1\nHost: a\n\n", 404, "", ""},
		{"a bad escape", "GET /%zz HTTP/1.1\nHost: a\n\n", 400, "", ""},
	}
	addr := start(t, of)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if of.netHTTP && tt.name == "a bad escape" {
				t.Skip("the server itself refuses it, and closes")
			}
			c := dial(t, addr)
			for range 2 {
				c.send(tt.request)
				got := c.receive("GET")
				if got.StatusCode != tt.status || tt.body != "" && got.text != tt.body {
					t.Errorf("%q: %d %q, want %d %q", tt.request, got.StatusCode, got.text, tt.status, tt.body)
				}
				if allow := got.Header.Get("Allow"); allow != tt.allow {
					t.Errorf("%q: Allow is %q, want %q", tt.request, allow, tt.allow)
				}
				if got.ContentLength != int64(len(got.text)) {
					t.Errorf("%q: Content-Length %d, %d bytes", tt.request, got.ContentLength, len(got.text))
				}
			}
			c.send("GET / HTTP/1.1\nHost: a\nConnection: close\n\n")
			if got := c.receive("GET"); got.text != hello {
				t.Errorf("the next request: %d %q", got.StatusCode, got.text)
			}
			c.expectEnd()
		})
	}
}

func TestContentTypes(t *testing.T) { eachKind(t, testContentTypes) }

func testContentTypes(t *testing.T, of kind) {
	addr := start(t, of)
	for request, want := range map[string]string{
		"GET / HTTP/1.1\nHost: a\n\n":                                                          "text/plain; charset=utf-8",
		"GET /nowhere HTTP/1.1\nHost: a\n\n":                                                   "text/plain; charset=utf-8",
		"GET /big?n=1 HTTP/1.1\nHost: a\n\n":                                                   "application/octet-stream",
		"POST /echo HTTP/1.1\nHost: a\n\n":                                                     "application/octet-stream",
		"POST /echo HTTP/1.1\nHost: a\nContent-Type: a/b\nContent-Length: 1\n\nx":              "a/b",
		"POST /echo HTTP/1.1\nHost: a\nContent-Type: a/b\nTransfer-Encoding: chunked\n\n0\n\n": "a/b",
	} {
		c := dial(t, addr)
		c.send(request)
		if got := c.receive("GET").Header.Get("Content-Type"); got != want {
			t.Errorf("%q: Content-Type %q, want %q", request, got, want)
		}
	}
}

// HEAD has the head of GET and no body: what comes next is the next answer.
func TestHead(t *testing.T) { eachKind(t, testHead) }

func testHead(t *testing.T, of kind) {
	addr := start(t, of)
	for target, want := range map[string]int{
		"/": len(hello), "/big?n=1000000": 1000000, "/big?n=0": 0, "/slow?ms=5": len("waited 5 ms\n"),
	} {
		c := dial(t, addr)
		c.send("HEAD " + target + " HTTP/1.1\nHost: a\n\nGET / HTTP/1.1\nHost: a\nConnection: close\n\n")
		if got := c.receive("HEAD"); got.StatusCode != 200 || got.text != "" || got.ContentLength != int64(want) {
			t.Errorf("HEAD %s: %d %q, length %d, want %d", target, got.StatusCode, got.text, got.ContentLength, want)
		}
		if got := c.receive("GET"); got.text != hello {
			t.Errorf("behind HEAD %s: %q", target, got.text)
		}
		c.expectEnd()
	}
}

// HTTP/1.0 clients know where an answer ends, and may ask for another one.
func TestHTTP10(t *testing.T) { eachKind(t, testHTTP10) }

func testHTTP10(t *testing.T, of kind) {
	c := dial(t, start(t, of))
	for request, want := range map[string]string{
		"GET / HTTP/1.0\nConnection: keep-alive\n\n":                            hello,
		"POST /echo HTTP/1.0\nConnection: keep-alive\nContent-Length: 3\n\nabc": "abc",
		"GET /big?n=3 HTTP/1.0\nConnection: keep-alive\n\n":                     "012",
		"GET /slow?ms=1 HTTP/1.0\nConnection: keep-alive\n\n":                   "waited 1 ms\n",
	} {
		c.send(request)
		if got := c.receive("GET"); got.StatusCode != 200 || got.text != want || got.Close {
			t.Errorf("%q: %d %q, close %t; want 200 %q", request, got.StatusCode, got.text, got.Close, want)
		}
	}
}

// Both sides of the bound on /echo, with a client that reads while it sends.
func TestEchoLimit(t *testing.T) { eachKind(t, testEchoLimit) }

func testEchoLimit(t *testing.T, of kind) {
	url := "http://" + start(t, of) + "/echo"
	for _, size := range []int{echoBytesMax - 1, echoBytesMax, echoBytesMax + 1} {
		body := pattern(size)
		for name, reader := range map[string]io.Reader{
			"sized":   bytes.NewReader(body),
			"chunked": io.MultiReader(bytes.NewReader(body)), // net/http cannot see its length
		} {
			res, err := http.Post(url, "application/x-test", reader)
			if err != nil {
				t.Errorf("%s, %d bytes: %v", name, size, err)
				continue
			}
			got, err := io.ReadAll(res.Body)
			res.Body.Close()
			switch {
			case err != nil:
				t.Errorf("%s, %d bytes: %v", name, size, err)
			case size > echoBytesMax:
				if res.StatusCode != 413 || !res.Close {
					t.Errorf("%s, %d bytes: status %d, close %t; want 413 and close", name, size, res.StatusCode, res.Close)
				}
			case res.StatusCode != 200 || !bytes.Equal(got, body):
				t.Errorf("%s, %d bytes: status %d, %d bytes, the same: %t", name, size, res.StatusCode, len(got), bytes.Equal(got, body))
			}
		}
	}
}

// An announced body that is too long is refused before a byte of it came.
func TestEchoRefusesAtOnce(t *testing.T) { eachKind(t, testEchoRefusesAtOnce) }

func testEchoRefusesAtOnce(t *testing.T, of kind) {
	addr := start(t, of)
	for _, length := range []string{strconv.Itoa(echoBytesMax + 1), "9223372036854775807"} {
		c := dial(t, addr)
		c.send("POST /echo HTTP/1.1\nHost: a\nContent-Length: " + length + "\n\n")
		if got := c.receive("POST"); got.StatusCode != 413 || !got.Close {
			t.Errorf("Content-Length %s: %d, close %t; want 413 and close", length, got.StatusCode, got.Close)
		}
		c.expectEnd()
	}
}

// A client that asks first is not told to send what nobody wants.
func TestExpect(t *testing.T) { eachKind(t, testExpect) }

func testExpect(t *testing.T, of kind) {
	tests := []struct {
		name, request, body string
		status              int // 100 if the body is wanted
	}{
		{"echo", "POST /echo HTTP/1.1\nContent-Length: 5\n", "hello", 100},
		{"echo of chunks", "POST /echo HTTP/1.1\nTransfer-Encoding: chunked\n", "5\nhello\n0\n\n", 100},
		{"one too many", fmt.Sprintf("POST /echo HTTP/1.1\nContent-Length: %d\n", echoBytesMax+1), "", 413},
		{"another method", "PUT /echo HTTP/1.1\nContent-Length: 5\n", "", 405},
		{"nowhere", "POST /nowhere HTTP/1.1\nContent-Length: 5\n", "", 404},
	}
	addr := start(t, of)
	for _, tt := range tests {
		c := dial(t, addr)
		c.send(tt.request + "Host: a\nExpect: 100-continue\n\n")
		got := c.receive("POST")
		if got.StatusCode != tt.status {
			t.Errorf("%s: %d, want %d", tt.name, got.StatusCode, tt.status)
		}
		if tt.status == 100 {
			c.send(tt.body)
			if got := c.receive("POST"); got.StatusCode != 200 || got.text != "hello" || got.Close {
				t.Errorf("%s: %d %q, close %t; want hello", tt.name, got.StatusCode, got.text, got.Close)
			}
			c.send("GET / HTTP/1.1\nHost: a\nConnection: close\n\n")
			c.receive("GET")
		} else if !got.Close {
			t.Errorf("%s: the connection stays, and the body may follow or not", tt.name)
		}
		c.expectEnd()
	}
}

// A client that does not look up before it has sent what it meant to send can
// still read the 413.
func TestEchoRefusalIsReadable(t *testing.T) { eachKind(t, testEchoRefusalIsReadable) }

func testEchoRefusalIsReadable(t *testing.T, of kind) {
	addr := start(t, of)
	rest := pattern(4 << 20)
	for name, head := range map[string]string{
		"sized":   "Content-Length: " + strconv.Itoa(echoBytesMax+1),
		"chunked": "Transfer-Encoding: chunked",
	} {
		c := dial(t, addr)
		c.send("POST /echo HTTP/1.1\nHost: a\n" + head + "\n\n")
		if name == "chunked" {
			c.send(fmt.Sprintf("%x\n", 2*echoBytesMax))
			if _, err := c.Write(pattern(echoBytesMax + 1)); err != nil {
				t.Errorf("%s: up to the bound: %v", name, err)
			}
		}
		if _, err := c.Write(rest); err != nil {
			t.Errorf("%s: behind the bound: %v", name, err)
		}
		if got := c.receive("POST"); got.StatusCode != 413 {
			t.Errorf("%s: %d, want 413", name, got.StatusCode)
		}
		c.expectEnd()
	}
}

// A client that sends everything before it reads anything.
func TestEchoSendFirst(t *testing.T) { eachKind(t, testEchoSendFirst) }

func testEchoSendFirst(t *testing.T, of kind) {
	c := dial(t, start(t, of))
	body := pattern(echoBytesMax)
	c.send("POST /echo HTTP/1.1\nHost: a\nContent-Length: " + strconv.Itoa(len(body)) + "\n\n")
	if _, err := c.Write(body); err != nil {
		t.Fatal(err)
	}
	if got := c.receive("POST"); got.text != string(body) {
		t.Errorf("%d bytes came back, not the %d that were sent", len(got.text), len(body))
	}
}

// The whole of the largest answer, and a client that has enough of it.
func TestBigLimit(t *testing.T) { eachKind(t, testBigLimit) }

func testBigLimit(t *testing.T, of kind) {
	addr := start(t, of)
	res, err := http.Get("http://" + addr + "/big?n=" + strconv.Itoa(bigBytesMax))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if n, err := io.Copy(io.Discard, res.Body); err != nil || n != bigBytesMax {
		t.Errorf("%d bytes, %v; want %d", n, err, bigBytesMax)
	}
	c := dial(t, addr)
	c.send("GET /big?n=" + strconv.Itoa(bigBytesMax) + " HTTP/1.1\nHost: a\n\n")
	if _, err := io.CopyN(io.Discard, c.r, 1<<20); err != nil {
		t.Error(err)
	}
	c.Close() // the server's shutdown at the end of the test sees that it noticed
}

// Slow answers keep nobody waiting: not each other, nor fast ones.
func TestSlowHoldsNobodyUp(t *testing.T) { eachKind(t, testSlowHoldsNobodyUp) }

func testSlowHoldsNobodyUp(t *testing.T, of kind) {
	addr := start(t, of)
	const clients, ms = 100, 1500
	began := time.Now()
	var all sync.WaitGroup
	for range clients {
		c := dial(t, addr)
		c.send(fmt.Sprintf("GET /slow?ms=%d HTTP/1.1\nHost: a\n\n", ms))
		all.Go(func() {
			if got := c.receive("GET"); got.StatusCode != 200 {
				t.Errorf("slow: %d", got.StatusCode)
			}
			if d := time.Since(began); d < ms*time.Millisecond {
				t.Errorf("slow: answered after %v", d)
			}
		})
	}
	c := dial(t, addr)
	for range 10 {
		c.send("GET / HTTP/1.1\nHost: a\n\n")
		c.receive("GET")
	}
	if d := time.Since(began); d > ms*time.Millisecond {
		t.Errorf("ten fast answers took %v", d)
	}
	all.Wait()
	if d := time.Since(began); d > clients*ms*time.Millisecond/10 {
		t.Errorf("%d slow answers at once took %v", clients, d)
	}
}

// Answers leave in the order of the requests, slow ones too.
func TestPipeline(t *testing.T) { eachKind(t, testPipeline) }

func testPipeline(t *testing.T, of kind) {
	c := dial(t, start(t, of))
	long := strings.Repeat("hello", 60_000) // it has to wait for its turn
	c.send("GET /slow?ms=100 HTTP/1.1\nHost: a\n\n" +
		"POST /echo HTTP/1.1\nHost: a\nContent-Length: 300000\n\n" + long +
		"GET /big?n=200000 HTTP/1.1\nHost: a\n\n" +
		"GET / HTTP/1.1\nHost: a\nConnection: close\n\n")
	for i, want := range []string{"waited 100 ms\n", long, strings.Repeat("0123456789abcdef", 200000/16), hello} {
		if got := c.receive("GET"); got.text != want {
			t.Errorf("answer %d: %d %.40q, want %.40q", i, got.StatusCode, got.text, want)
		}
	}
	c.expectEnd()
}

// pattern returns n bytes whose places can be told apart.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i) ^ byte(i>>8) ^ byte(i>>16)
	}
	return b
}
