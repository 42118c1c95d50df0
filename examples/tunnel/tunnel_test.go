package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// start runs a server and returns its address. When the test ends everything
// has to end.
func start(t *testing.T, o options) (addr string, a *app) {
	t.Helper()
	if o.idle == 0 {
		o.idle = time.Minute
	}
	o.grace = 5 * time.Second
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a = newApp(o, log.New(io.Discard, "", 0))
	ctx, cancel := context.WithCancel(context.Background())
	before := runtime.NumGoroutine()
	served := make(chan error, 1)
	go func() { served <- serve(ctx, l, a) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		for i := 0; runtime.NumGoroutine() > before; i++ {
			if i == 200 {
				t.Errorf("%d goroutines are left, %d were there before", runtime.NumGoroutine(), before)
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
	return l.Addr().String(), a
}

// conn is one end of a connection, of a client or of a target.
type conn struct {
	*net.TCPConn
	t *testing.T
	r *bufio.Reader
}

func newConn(t *testing.T, socket net.Conn) *conn {
	t.Cleanup(func() { socket.Close() })
	_ = socket.SetDeadline(time.Now().Add(20 * time.Second)) // a test that hangs says where
	return &conn{socket.(*net.TCPConn), t, bufio.NewReader(socket)}
}

func dial(t *testing.T, addr string) *conn {
	t.Helper()
	socket, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return newConn(t, socket)
}

// send writes text with CRLF for its line ends.
func (c *conn) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, strings.ReplaceAll(text, "\n", "\r\n")); err != nil {
		c.t.Fatalf("send %q: %v", text, err)
	}
}

// expect reads text.
func (c *conn) expect(text string) {
	c.t.Helper()
	got := make([]byte, len(text))
	if n, err := io.ReadFull(c.r, got); err != nil || string(got) != text {
		c.t.Fatalf("received %q, %v; want %q", got[:n], err, text)
	}
}

// expectEnd reads the end, in good order.
func (c *conn) expectEnd() {
	c.t.Helper()
	if rest, err := io.ReadAll(c.r); err != nil || len(rest) > 0 {
		c.t.Errorf("received %q, %v; want the end", rest, err)
	}
}

// expectHead reads a head that begins so.
func (c *conn) expectHead(prefix string) {
	c.t.Helper()
	var head strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		head.WriteString(line)
		if err != nil {
			c.t.Fatalf("received %q, %v; want a head", head.String(), err)
		}
		if line == "\r\n" {
			break
		}
	}
	if !strings.HasPrefix(head.String(), prefix) {
		c.t.Fatalf("received %q, want %q…", head.String(), prefix)
	}
}

// answer reads a whole answer.
func (c *conn) answer(method string) (*http.Response, string) {
	c.t.Helper()
	res, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		c.t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return res, string(text)
}

// pair returns the two ends of a new tunnel. early is sent along with the
// request.
func pair(t *testing.T, addr, early string) (client, peer *conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client = dial(t, addr)
	client.send("CONNECT " + l.Addr().String() + " HTTP/1.1\nHost: a\n\n" + early)
	socket, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	client.expectHead("HTTP/1.1 200 ")
	return client, newConn(t, socket)
}

// As clients use it: TLS from end to end, through the proxy.
func TestProxy(t *testing.T) {
	big := bytes.Repeat([]byte("cork"), 1<<20)
	origin := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "POST" {
			_, _ = io.Copy(w, r.Body)
			return
		}
		_, _ = w.Write(big)
	}))
	defer origin.Close()
	addr, _ := start(t, options{})
	client := origin.Client()
	transport := client.Transport.(*http.Transport)
	transport.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: addr})
	defer transport.CloseIdleConnections()
	for _, method := range []string{"GET", "POST", "GET"} {
		req, err := http.NewRequest(method, origin.URL, bytes.NewReader(big))
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != 200 || err != nil || !bytes.Equal(got, big) {
			t.Errorf("%s: %d, %d bytes, %v", method, res.StatusCode, len(got), err)
		}
	}
}

func TestRefusedTargets(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	open := l.Addr().(*net.TCPAddr).Port
	go func() { // ends with l
		for {
			peer, err := l.Accept()
			if err != nil {
				return
			}
			peer.Close()
		}
	}()
	defer l.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().String()
	closed.Close()
	listed := allowList{{"127.0.0.1", uint16(open)}, {"example.org", 443}}
	port := ":" + strconv.Itoa(open)
	tests := []struct {
		name, target string
		allow        allowList
		status       int
	}{
		{"an address", "127.0.0.1" + port, nil, 200},
		{"a name", "localhost" + port, nil, 200},
		{"a name with a dot", "LOCALHOST." + port, nil, 200},
		{"an address in an address", "[::ffff:127.0.0.1]" + port, nil, 200},
		{"nobody there", nobody, nil, 502},
		{"another machine", "192.0.2.1:80", nil, 403},
		{"another name", "example.org:443", nil, 403},
		{"all addresses", "0.0.0.0" + port, nil, 403},
		{"an address in a short form", "127.1" + port, nil, 403},
		{"a number", "2130706433" + port, nil, 403},
		{"another one of this machine", "127.0.0.2:1", nil, 502},
		{"listed", "127.0.0.1" + port, listed, 200},
		{"listed for another port", "127.0.0.1:1", listed, 403},
		{"listed under another name", "localhost" + port, listed, 403},
		{"not listed", "127.0.0.2" + port, listed, 403},
		{"listed name, another port", "example.org:80", listed, 403},
		{"the end of a listed name", "notexample.org:443", listed, 403},
		{"the beginning of a listed name", "example.org.evil.test:443", listed, 403},
		{"port 0", "127.0.0.1:0", nil, 400},
		{"no port", "127.0.0.1", nil, 400},
		{"an empty port", "127.0.0.1:", nil, 400},
		{"a port too large", "127.0.0.1:65536", nil, 400},
		{"no host", ":80", nil, 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if runtime.GOOS != "linux" && strings.HasPrefix(tt.target, "127.0.0.2") {
				t.Skip("only 127.0.0.1 is there on some systems")
			}
			addr, _ := start(t, options{allow: tt.allow})
			c := dial(t, addr)
			c.send("CONNECT " + tt.target + " HTTP/1.1\nHost: a\n\n")
			res, err := http.ReadResponse(c.r, &http.Request{Method: "CONNECT"})
			if err != nil || res.StatusCode != tt.status {
				t.Fatalf("%v, %v; want %d", res, err, tt.status)
			}
			if tt.status != 200 {
				_, _ = io.ReadAll(res.Body)
				c.expectEnd()
			}
			c.Close()
		})
	}
}

// The default looks at what a name means, too.
func TestControl(t *testing.T) {
	for address, want := range map[string]bool{"127.0.0.1:80": true, "[::1]:80": true, "192.0.2.1:80": false, "[::]:80": false, "x": false} {
		if got := allowList(nil).control("tcp", address, nil) == nil; got != want {
			t.Errorf("%s: allowed %t, want %t", address, got, want)
		}
	}
	if err := (allowList{{"example.org", 443}}).control("tcp", "192.0.2.1:443", nil); err != nil {
		t.Errorf("of a listed name: %v", err)
	}
}

// Either side may finish first, and hear the rest of what the other has to say.
func TestHalfClose(t *testing.T) {
	addr, _ := start(t, options{})
	for _, name := range []string{"client first", "target first"} {
		t.Run(name, func(t *testing.T) {
			one, other := pair(t, addr, "")
			if name == "target first" {
				one, other = other, one
			}
			one.send("that is all")
			if err := one.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			other.expect("that is all")
			other.expectEnd()
			for range 3 {
				other.send("go on")
				one.expect("go on")
			}
			if err := other.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			one.expectEnd()
		})
	}
}

// What a client sends before it has its answer is for the target.
func TestEarlyBytes(t *testing.T) {
	addr, _ := start(t, options{})
	client, peer := pair(t, addr, "early")
	peer.expect("early")
	client.send("late")
	peer.expect("late")
	client.Close()
	peer.expectEnd()
}

// A tunnel ends when nobody says anything, and not while one of both does.
func TestIdle(t *testing.T) {
	const idle = 400 * time.Millisecond
	addr, a := start(t, options{idle: idle})
	client, peer := pair(t, addr, "")
	for range 8 {
		time.Sleep(idle / 4)
		peer.send("x")
		client.expect("x")
	}
	began := time.Now()
	if _, err := client.r.ReadByte(); err == nil {
		t.Error("somebody spoke")
	}
	if d := time.Since(began); d < idle/2 || d > idle+5*time.Second {
		t.Errorf("over after %v, want %v", d, idle)
	}
	a.tunnels.open.Wait()
}

// A reset is not an end: the other side must not take what it has for the whole.
func TestReset(t *testing.T) {
	addr, _ := start(t, options{})
	client, peer := pair(t, addr, "")
	peer.send("half of")
	client.expect("half of")
	_ = peer.SetLinger(0)
	peer.Close()
	if _, err := client.r.ReadByte(); err == nil || err == io.EOF {
		t.Errorf("read: %v, want a reset", err)
	}
}

// A target that does not read stops the client, and gets all in the end.
func TestFlowControl(t *testing.T) {
	addr, _ := start(t, options{})
	client, peer := pair(t, addr, "")
	_ = client.SetWriteBuffer(64 << 10)
	body := bytes.Repeat([]byte("cork"), 16<<20)
	_ = client.SetWriteDeadline(time.Now().Add(time.Second))
	sent, err := client.Write(body)
	if err == nil {
		t.Fatal("all of it was taken")
	}
	t.Logf("%d bytes were taken while the target took none", sent)
	_ = client.SetWriteDeadline(time.Now().Add(20 * time.Second))
	go func() { // ends with the connection
		_, _ = client.Write(body[sent:])
		_ = client.CloseWrite()
	}()
	if n, err := io.Copy(io.Discard, peer.r); err != nil || n != int64(len(body)) {
		t.Errorf("%d bytes came through, %v; want %d", n, err, len(body))
	}
}

func TestTooMany(t *testing.T) {
	addr, a := start(t, options{})
	a.tunnels.free = 1
	client, peer := pair(t, addr, "")
	for _, request := range []string{"CONNECT 127.0.0.1:1 HTTP/1.1\nHost: a\n\n", "GET /echo HTTP/1.1\nHost: a\nConnection: Upgrade\nUpgrade: echo\n\n"} {
		c := dial(t, addr)
		c.send(request)
		if res, _ := c.answer("GET"); res.StatusCode != 503 || res.Header.Get("Retry-After") == "" {
			t.Errorf("%q: %d, Retry-After %q; want 503", request, res.StatusCode, res.Header.Get("Retry-After"))
		}
		c.Close()
	}
	client.Close()
	peer.Close() // one alone might only have finished
	a.tunnels.open.Wait()
	client, peer = pair(t, addr, "")
	client.Close()
	peer.Close()
}

func TestEcho(t *testing.T) {
	addr, _ := start(t, options{})
	for _, upgrade := range []string{"echo", "ECHO", "foo/2, echo , bar"} {
		c := dial(t, addr)
		c.send("GET /echo HTTP/1.1\nHost: a\nConnection: keep-alive, Upgrade\nUpgrade: " + upgrade + "\n\nearly")
		c.expectHead("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
		c.expect("early")
		c.send("\x00 GET / HTTP/1.1")
		c.expect("\x00 GET / HTTP/1.1")
		if err := c.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		c.expectEnd()
	}
}

// What is no tunnel stays with HTTP, whatever it asks for.
func TestAnswers(t *testing.T) {
	const upgrade = "Connection: Upgrade\nUpgrade: "
	tests := []struct {
		name, request  string
		status         int
		upgrade, allow string
		again          bool // the connection takes another request
	}{
		{"no upgrade", "GET /echo HTTP/1.1\nHost: a\n\n", 426, "echo", "", true},
		{"another protocol", "GET /echo HTTP/1.1\nHost: a\n" + upgrade + "h2c\n\n", 426, "echo", "", true},
		{"another protocol that is like it", "GET /echo HTTP/1.1\nHost: a\n" + upgrade + "echo/2, echos\n\n", 426, "echo", "", true},
		{"HTTP/1.0", "GET /echo HTTP/1.0\nConnection: keep-alive, Upgrade\nUpgrade: echo\n\n", 426, "echo", "", false},
		{"another method", "PUT /echo HTTP/1.1\nHost: a\nContent-Length: 0\n\n", 405, "", "GET", true},
		{"another method, upgraded", "DELETE /echo HTTP/1.1\nHost: a\n" + upgrade + "echo\n\n", 405, "", "GET", true},
		{"with a body", "POST /echo HTTP/1.1\nHost: a\n" + upgrade + "echo\nContent-Length: 2\n\nhi", 405, "", "GET", true},
		{"the root", "GET / HTTP/1.1\nHost: a\n\n", 200, "", "", true},
		{"the root, upgraded", "GET / HTTP/1.1\nHost: a\n" + upgrade + "h2c\n\n", 200, "", "", true},
		{"the root's head", "HEAD / HTTP/1.1\nHost: a\n\n", 200, "", "", true},
		{"the root's head, upgraded", "HEAD / HTTP/1.1\nHost: a\n" + upgrade + "h2c\n\n", 200, "", "", true},
		{"the root, posted", "POST / HTTP/1.1\nHost: a\nContent-Length: 0\n\n", 405, "", "GET, HEAD", true},
		{"nowhere", "GET /nowhere HTTP/1.1\nHost: a\n\n", 404, "", "", true},
		{"nowhere, upgraded", "GET /nowhere HTTP/1.1\nHost: a\n" + upgrade + "echo\n\n", 404, "", "", true},
		{"a bad escape", "GET /%zz HTTP/1.1\nHost: a\n\n", 400, "", "", true},
		{"another way to use a proxy", "GET http://example.org/ HTTP/1.1\nHost: example.org\n\n", 501, "", "", true},
	}
	addr, _ := start(t, options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := dial(t, addr)
			c.send(tt.request)
			method, _, _ := strings.Cut(tt.request, " ")
			res, _ := c.answer(method)
			if res.StatusCode != tt.status || res.Header.Get("Upgrade") != tt.upgrade || res.Header.Get("Allow") != tt.allow {
				t.Errorf("%d, Upgrade %q, Allow %q; want %d, %q, %q", res.StatusCode,
					res.Header.Get("Upgrade"), res.Header.Get("Allow"), tt.status, tt.upgrade, tt.allow)
			}
			if tt.again {
				c.send("GET / HTTP/1.1\nHost: a\nConnection: close\n\n")
				if res, _ := c.answer("GET"); res.StatusCode != 200 {
					t.Errorf("the next request: %d", res.StatusCode)
				}
			}
			c.expectEnd()
			c.Close()
		})
	}
}
