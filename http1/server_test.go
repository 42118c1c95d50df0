package http1

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// start serves s on a loopback port until the test ends, and then checks that
// nothing is left of it: goroutines, parsers, buffers.
func start(t *testing.T, s *Server) (addr string) {
	t.Helper()
	before := goroutines()
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	s.Carrier = testCarrier
	s.wary = wary(t)
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
		if !soon(func() bool { return runtime.NumGoroutine() <= before }) {
			buf := make([]byte, 1<<20)
			t.Errorf("goroutines are left:\n%s", buf[:runtime.Stack(buf, true)])
		}
		eventually(t, "what was lent", func() bool { return lent(s) == "" })
	})
	return l.Addr().String()
}

// goroutines counts them. While some begin or end, the runtime may count one too
// few.
func goroutines() (n int) {
	for range 3 {
		n = max(n, runtime.NumGoroutine())
		runtime.Gosched()
	}
	return n
}

// lent says what has not come back to the server's free lists.
func lent(s *Server) (out string) {
	all := []*pools{s.netPools}
	if s.loops != nil {
		for _, l := range s.loops.group.Loops() {
			all = append(all, l.Data.(*pools))
		}
	}
	for _, p := range all {
		p.mu.Lock()
		if n := p.parsers.Stats().Out(); n != 0 {
			out += fmt.Sprint(n, " parsers ")
		}
		if n := p.works.Stats().Out(); n != 0 {
			out += fmt.Sprint(n, " works ")
		}
		if n := p.buffers.Stats().Out(); n != 0 {
			out += fmt.Sprint(n, " buffers ")
		}
		p.mu.Unlock()
	}
	return out
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	if !soon(ok) {
		t.Errorf("%s: not within five seconds", what)
	}
}

// soon waits for ok, five seconds at most.
func soon(ok func() bool) bool {
	for wait := 50 * time.Microsecond; wait < 2500*time.Millisecond; wait *= 2 {
		if ok() {
			return true
		}
		time.Sleep(wait)
	}
	return ok()
}

// dial opens a connection that fails the test rather than hang.
func dial(t testing.TB, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return c.(*net.TCPConn)
}

// talk sends in and reads until the server closes.
func talk(t *testing.T, addr, in string) string {
	t.Helper()
	c := dial(t, addr)
	if _, err := io.WriteString(c, in); err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(c)
	if err != nil {
		t.Fatalf("%v after %q", err, out)
	}
	return string(out)
}

const lastGet = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

func TestServerAndClients(t *testing.T) {
	addr := start(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		data, _ := io.ReadAll(req.Body())
		res.SetHeader("X-Method", req.Method())
		if req.URL() == "/chunked" {
			res.Write(data)
			res.AddTrailers("X-T", "t")
			res.End()
			return
		}
		res.EndBytes(data)
	}})
	big := bytes.Repeat([]byte("0123456789"), 100000)

	t.Run("net/http", func(t *testing.T) {
		tr := &http.Transport{}
		defer tr.CloseIdleConnections()
		client := &http.Client{Transport: tr}
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for j := range 20 {
					body := big[:(i*20+j)*1000]
					url := "http://" + addr + []string{"/", "/chunked"}[j%2]
					res, err := client.Post(url, "text/plain", io.MultiReader(bytes.NewReader(body)))
					if err != nil {
						t.Error(err)
						return
					}
					got, err := io.ReadAll(res.Body)
					res.Body.Close()
					if err != nil || !bytes.Equal(got, body) || res.Header.Get("X-Method") != "POST" {
						t.Errorf("%d bytes back of %d: %v", len(got), len(body), err)
					}
					if j%2 == 1 && res.Trailer.Get("X-T") != "t" {
						t.Errorf("trailers %v", res.Trailer)
					}
				}
			})
		}
		wg.Wait()
		res, err := client.Head("http://" + addr)
		if err != nil || res.StatusCode != 200 {
			t.Errorf("HEAD: %v, %v", res, err)
		}
	})
	t.Run("curl", func(t *testing.T) {
		curl, err := exec.LookPath("curl")
		if err != nil {
			t.Skip("no curl")
		}
		cmd := exec.Command(curl, "-sS", "--max-time", "10", "--data-binary", "@-", "http://"+addr+"/", "http://"+addr+"/chunked")
		cmd.Stdin = bytes.NewReader(big)
		out, err := cmd.Output() // curl asks with Expect: 100-continue
		if err != nil || len(out) != 2*len(big) {
			t.Errorf("%d bytes, %v", len(out), err)
		}
	})
	t.Run("raw", func(t *testing.T) {
		out := talk(t, addr, strings.Repeat(getA, 3)+lastGet)
		if n := len(bodies(t, []byte(out))); n != 4 {
			t.Errorf("%d answers, want 4", n)
		}
	})
}

// TestLateAnswer: a response is finished by another goroutine after its handler
// has returned, while the connection takes in more.
func TestLateAnswer(t *testing.T) {
	addr := start(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		go func() {
			time.Sleep(time.Duration(len(req.URL())%3) * time.Millisecond)
			res.WriteString(req.URL())
			req.Header("X")
			res.End("!")
		}()
	}})
	var in strings.Builder
	var want []string
	for i := range 200 {
		url := "/" + strings.Repeat("x", i%7)
		fmt.Fprintf(&in, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", url)
		want = append(want, url+"!")
	}
	out := talk(t, addr, in.String()+lastGet)
	if got := bodies(t, []byte(out)); !slices.Equal(got[:200], want) {
		t.Errorf("got %q", got)
	}
}

// TestReadElsewhere: a body is read by another goroutine, while the handler
// waits for it and after the handler has returned.
func TestReadElsewhere(t *testing.T) {
	for name, waits := range map[string]bool{"handler waits": true, "handler has returned": false} {
		t.Run(name, func(t *testing.T) {
			addr := start(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
				done := make(chan bool)
				go func() {
					data, err := io.ReadAll(req.Body())
					res.End(fmt.Sprint(len(data), " ", err))
					close(done)
				}()
				if waits {
					<-done
				}
			}})
			c := dial(t, addr)
			fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
			for range 10 {
				c.Write(make([]byte, 10000))
				time.Sleep(time.Millisecond)
			}
			io.WriteString(c, lastGet)
			out, _ := io.ReadAll(c)
			if got := bodies(t, out); len(got) != 2 || got[0] != "100000 <nil>" {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestAbortIsNoticed: a client that goes away is noticed while a response waits.
func TestAbortIsNoticed(t *testing.T) {
	closed := make(chan bool, 1)
	addr := start(t, &Server{OnRequest: func(_ *IncomingMessage, res *ServerResponse) {
		res.OnClose(func() { closed <- true })
	}})
	for name, bye := range map[string]func(c *net.TCPConn){
		"FIN":   func(c *net.TCPConn) { c.CloseWrite() },
		"close": func(c *net.TCPConn) { c.Close() },
		"RST":   func(c *net.TCPConn) { c.SetLinger(0); c.Close() },
	} {
		c := dial(t, addr)
		io.WriteString(c, getA)
		time.Sleep(10 * time.Millisecond)
		bye(c)
		select {
		case <-closed:
		case <-time.After(5 * time.Second):
			t.Errorf("%s is not noticed", name)
		}
	}
}

// TestLateCallbacks: callbacks that are set after the handler has returned are
// called though the client is quiet.
func TestLateCallbacks(t *testing.T) {
	addr := start(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		go func() {
			time.Sleep(10 * time.Millisecond) // the connection's goroutine waits for bytes now
			req.OnData(func([]byte) {})
			req.OnEnd(func() { res.End("ended") })
		}()
	}})
	for _, in := range []string{getA, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"} {
		c := dial(t, addr)
		io.WriteString(c, in)
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || res.ContentLength != 5 {
			t.Errorf("%q: %v, %v", in, res, err)
		}
	}
}

// TestAbortHandler: http.ErrAbortHandler closes without an answer and without a
// word in the log.
func TestAbortHandler(t *testing.T) {
	var log bytes.Buffer
	addr := start(t, &Server{Logger: slog.New(slog.NewTextHandler(&log, nil)), OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		res.WriteString("x")
		panic(http.ErrAbortHandler)
	}})
	if out := talk(t, addr, getA); strings.HasSuffix(out, "0\r\n\r\n") || log.Len() > 0 {
		t.Errorf("got %q, logged %q", out, log.String())
	}
}

// TestLingering: a client that sends much before it reads can read the answer.
func TestLingering(t *testing.T) {
	addr := start(t, &Server{OnRequest: hello})
	for name, test := range map[string]struct{ head, want string }{
		"field of 4 MiB":  {"GET / HTTP/1.1\r\nHost: a\r\nX: ", "431"},
		"target of 4 MiB": {"GET /", "414"},
		"unread body":     {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4194304\r\n\r\n", "200"},
	} {
		out := talk(t, addr, test.head+strings.Repeat("x", 4<<20))
		if !strings.HasPrefix(out, "HTTP/1.1 "+test.want) {
			t.Errorf("%s: %q", name, out)
		}
	}
}

// TestTimeouts: clients that are too slow are cut off, others are not.
func TestTimeouts(t *testing.T) {
	const limit = 150 * time.Millisecond
	addr := start(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		io.Copy(io.Discard, req.Body())
		res.End("x")
	}, ReadHeaderTimeout: limit, ReadTimeout: 2 * limit, IdleTimeout: limit})
	for _, test := range []struct {
		name, in, drip string
		at             time.Duration
		want           string
	}{
		{"silent", "", "", limit, "408"},
		{"slow head", "GET / HTTP/1.1\r\n", "X: y\r\n", limit, "408"},
		{"slow body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", "x", 2 * limit, "408"},
		{"idle", getA, "", limit + keepAliveBuffer, "200"},
		{"idle with blank lines", getA, "\r\n", limit + keepAliveBuffer, "200"},
		{"slow second head", getA + "GET / HTTP/1.1\r\n", "X: y\r\n", limit, "200"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, addr)
			begin := time.Now()
			io.WriteString(c, test.in)
			stop := make(chan bool)
			go func() {
				for test.drip != "" {
					select {
					case <-stop:
						return
					case <-time.After(20 * time.Millisecond):
						io.WriteString(c, test.drip)
					}
				}
			}()
			out, err := io.ReadAll(c)
			close(stop)
			took := time.Since(begin)
			if !strings.HasPrefix(string(out), "HTTP/1.1 "+test.want) {
				t.Errorf("%q, %v", out, err)
			}
			if took < test.at-20*time.Millisecond || took > test.at+time.Second {
				t.Errorf("closed after %v, want %v", took, test.at)
			}
		})
	}
}

// TestSlowReader: a client that does not read is cut off and does not hold up
// other connections.
func TestSlowReader(t *testing.T) {
	ended := make(chan error, 1)
	addr := start(t, &Server{WriteTimeout: 200 * time.Millisecond, OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		if req.URL() == "/" {
			res.End("x")
			return
		}
		var err error
		for range 1000 {
			if _, err = res.Write(make([]byte, 100000)); err != nil {
				break
			}
		}
		ended <- err
	}})
	c := dial(t, addr)
	io.WriteString(c, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
	talk(t, addr, lastGet)
	select {
	case err := <-ended:
		if err != ErrConnectionClosed {
			t.Errorf("Write: %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("the slow reader was not cut off")
	}
}

func TestHandOver(t *testing.T) {
	tunnel := func(req *IncomingMessage, socket net.Conn, head []byte) {
		defer socket.Close()
		fmt.Fprintf(socket, "%s %s %s|", req.Method(), req.URL(), req.Header("Upgrade"))
		socket.Write(head)
		io.Copy(socket, socket)
	}
	addr := start(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		go func() {
			time.Sleep(5 * time.Millisecond)
			res.End("x")
		}()
	}, OnUpgrade: tunnel, OnConnect: tunnel})
	for _, test := range []struct{ name, in, want string }{
		{"upgrade", getA + "GET /u HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nGET head", "GET /u echo|GET head more"},
		{"connect", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nhead", "CONNECT a:1 |head more"},
	} {
		c := dial(t, addr)
		io.WriteString(c, test.in)
		time.Sleep(20 * time.Millisecond)
		io.WriteString(c, " more")
		c.CloseWrite()
		out, err := io.ReadAll(c)
		if err != nil || !strings.HasSuffix(string(out), test.want) {
			t.Errorf("%s: %q, %v", test.name, out, err)
		}
		if answers := strings.Count(string(out), "HTTP/1.1 200"); answers != strings.Count(test.in, getA) {
			t.Errorf("%s: %d answers before", test.name, answers)
		}
	}
}

// TestShutdown: what is going on is finished, what is idle closed, and
// connections are told.
func TestShutdown(t *testing.T) {
	entered, release := make(chan bool), make(chan bool)
	s := &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		if req.URL() == "/slow" {
			entered <- true
			<-release
		}
		res.End("done")
	}}
	addr := start(t, s)
	idle, busy := dial(t, addr), dial(t, addr)
	io.WriteString(idle, getA)
	if _, err := http.ReadResponse(bufio.NewReader(idle), nil); err != nil {
		t.Fatal(err)
	}
	io.WriteString(busy, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
	<-entered

	short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown with a request going on: %v", err)
	}
	if _, err := net.Dial("tcp", addr); err == nil {
		t.Error("still listening")
	}
	done := make(chan error)
	go func() { done <- s.Shutdown(context.Background()) }()
	close(release)
	out, _ := io.ReadAll(busy)
	if !strings.Contains(string(out), "Connection: close") || !strings.HasSuffix(string(out), "done") {
		t.Errorf("busy connection got %q", out)
	}
	busy.Close()
	if err := <-done; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if err := s.ListenAndServe(); err != http.ErrServerClosed {
		t.Errorf("ListenAndServe afterwards: %v", err)
	}
}

// TestClose: a handler that blocks does not keep Close, and notices.
func TestClose(t *testing.T) {
	entered := make(chan bool)
	ended := make(chan error, 1)
	s := &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		close(entered)
		_, err := io.ReadAll(req.Body())
		ended <- err
	}}
	addr := start(t, s)
	c := dial(t, addr)
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx")
	<-entered
	s.Close()
	if err := <-ended; err != ErrAborted {
		t.Errorf("Read: %v", err)
	}
}

// TestGoexit: a handler that ends its goroutine ends its connection.
func TestGoexit(t *testing.T) {
	addr := start(t, &Server{OnRequest: func(*IncomingMessage, *ServerResponse) { runtime.Goexit() }})
	c := dial(t, addr)
	io.WriteString(c, getA)
	if out, _ := io.ReadAll(c); len(out) != 0 {
		t.Errorf("%q", out)
	}
}

// TestPipe: a net.Conn without descriptor and half-close.
func TestPipe(t *testing.T) {
	s := &Server{OnRequest: hello}
	if err := s.prepare(); err != nil {
		t.Fatal(err)
	}
	client, server := net.Pipe()
	s.connectionListener(server, nil)
	go io.WriteString(client, getA+lastGet)
	out, err := io.ReadAll(client)
	if err != nil || len(bodies(t, out)) != 2 {
		t.Errorf("%q, %v", out, err)
	}
}

func TestOptions(t *testing.T) {
	for _, test := range []struct {
		server *Server
		want   []string
	}{
		{&Server{}, []string{"OnRequest", "Handler"}},
		{&Server{OnRequest: hello, Handler: http.NotFoundHandler()}, []string{"OnRequest", "Handler"}},
		{&Server{OnRequest: hello, MaxHeaderBytes: -1}, []string{"MaxHeaderBytes", "-1", "1 to 67108864"}},
		{&Server{OnRequest: hello, MaxHeaderBytes: 1 << 30}, []string{"MaxHeaderBytes"}},
		{&Server{OnRequest: hello, MaxHeadersCount: 1 << 20}, []string{"MaxHeadersCount", "1 to 65535"}},
		{&Server{OnRequest: hello, MaxIdleHTTPParsers: -1}, []string{"MaxIdleHTTPParsers"}},
		{&Server{OnRequest: hello, HighWaterMark: -1}, []string{"HighWaterMark", "1 to 67108864", "65536"}},
		{&Server{OnRequest: hello, MaxRequestsPerSocket: -1}, []string{"MaxRequestsPerSocket", "-1", "1 to"}},
		{&Server{OnRequest: hello, HTTPValidation: 9}, []string{"HTTPValidation", "9", "ValidationStrict"}},
		{&Server{OnRequest: hello, UniqueHeaders: []string{"a b"}}, []string{"UniqueHeaders", "a b"}},
		{&Server{OnRequest: hello, ShouldUpgrade: func(*IncomingMessage) bool { return true }}, []string{"ShouldUpgrade", "OnUpgrade"}},
		{&Server{OnRequest: hello, ReadHeaderTimeout: 2, ReadTimeout: 1}, []string{"ReadHeaderTimeout", "ReadTimeout"}},
	} {
		test.server.Addr = "127.0.0.1:0"
		err := test.server.ListenAndServe()
		for _, word := range test.want {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("error %v does not name %q", err, word)
			}
		}
	}
	for _, port := range []int{-1, 65536} {
		if err := CreateServer(hello).Listen(port); err == nil || !strings.Contains(err.Error(), "0 to 65535") {
			t.Errorf("Listen(%d): %v", port, err)
		}
	}
}

// TestListen: the callback is called when the server listens.
func TestListen(t *testing.T) {
	s := CreateServer(hello)
	listening := make(chan bool)
	served := make(chan error)
	go func() { served <- s.Listen(0, nil, func() { close(listening) }) }()
	<-listening
	port := s.Address().(*net.TCPAddr).Port
	if out := talk(t, fmt.Sprint("127.0.0.1:", port), lastGet); !strings.HasSuffix(out, "Hello World") {
		t.Errorf("%q", out)
	}
	if err := CreateServer(hello).Listen(port); err == nil || errors.Is(err, http.ErrServerClosed) {
		t.Errorf("a used port: %v", err)
	}
	s.Close()
	if err := <-served; err != http.ErrServerClosed {
		t.Errorf("Listen: %v", err)
	}
}

// flakyListener fails a few times before it gives a connection.
type flakyListener struct {
	net.Listener
	fails int
}

type temporaryError struct{ error }

func (temporaryError) Temporary() bool { return true }

func (l *flakyListener) Accept() (net.Conn, error) {
	if l.fails--; l.fails >= 0 {
		return nil, temporaryError{errors.New("no descriptors")}
	}
	return l.Listener.Accept()
}

func TestAcceptErrors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{OnRequest: hello, Logger: slog.New(slog.DiscardHandler)}
	served := make(chan error)
	go func() { served <- s.Serve(&flakyListener{l, 3}) }()
	talk(t, l.Addr().String(), lastGet)
	l.Close() // not by the server: an error that is handed on
	if err := <-served; err == nil || err == http.ErrServerClosed {
		t.Errorf("Serve: %v", err)
	}
	s.Close()
}
