package http1

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The scripted session that the tests with faults run over and over: a bit of
// everything that a connection can be, one after the other, each on a connection
// of its own.

const (
	sessionBig    = 700 << 10 // more than a Unix socket's buffer
	sessionUpload = 100 << 10
	sessionTime   = 5 * time.Second // far more than a session takes
)

// big is a body of that size, made once.
var big = sync.OnceValue(func() []byte { return bodyOf(sessionBig) })

// sessionServer is the session's other end.
func sessionServer() *Server {
	return &Server{
		Loops: 1,
		OnRequest: func(req *IncomingMessage, res *ServerResponse) {
			switch req.URL() {
			case "/big":
				res.EndBytes(big())
			case "/pieces":
				for rest := big(); len(rest) > 0; rest = rest[min(len(rest), 70<<10):] {
					res.Write(rest[:min(len(rest), 70<<10)])
				}
				res.End()
			case "/body":
				sum := crc32.NewIEEE()
				_, err := io.Copy(sum, req.Body())
				res.End(fmt.Sprintf("%d %v", sum.Sum32(), err))
			case "/data":
				sum := crc32.NewIEEE()
				req.OnData(func(p []byte) { sum.Write(p) })
				req.OnEnd(func() { res.End(fmt.Sprintf("%d %v", sum.Sum32(), error(nil))) })
			case "/later":
				go func() {
					time.Sleep(200 * time.Microsecond)
					res.End("later")
				}()
			case "/block":
				time.Sleep(2 * time.Millisecond)
				res.End("block")
			case "/spin": // so that others are ready together
				for begin := time.Now(); time.Since(begin) < 250*time.Microsecond; {
				}
				res.End("spin")
			case "/panic":
				panic("as planned")
			default:
				res.End(req.URL())
			}
		},
		OnUpgrade: func(_ *IncomingMessage, socket net.Conn, head []byte) {
			defer socket.Close()
			io.WriteString(socket, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
			socket.Write(head)
			io.Copy(socket, socket)
		},
	}
}

// sessionStep is a connection of the session. An error is what went wrong.
type sessionStep struct {
	name string
	run  func(c net.Conn, r *bufio.Reader) error
}

// ask sends a request and expects its answer.
func ask(c net.Conn, r *bufio.Reader, path, want string) error {
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path); err != nil {
		return err
	}
	return expectBody(r, want)
}

func expectBody(r *bufio.Reader, want string) error {
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(res.Body)
	if err == nil && string(body) != want {
		err = fmt.Errorf("%w: %d bytes of body, not the %d that were expected", errWrong, len(body), len(want))
	}
	return err
}

// errWrong is an answer that is none of the request.
var errWrong = errors.New("wrong answer")

// slowly reads with pauses at first, so that the server's output waits.
type slowly struct {
	net.Conn
	reads int
}

func (s *slowly) Read(p []byte) (int, error) {
	if s.reads++; s.reads < 4 {
		time.Sleep(300 * time.Microsecond)
	}
	return s.Conn.Read(p)
}

func upload(path string) func(net.Conn, *bufio.Reader) error {
	return func(c net.Conn, r *bufio.Reader) error {
		body := bodyOf(sessionUpload)
		if _, err := fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", path); err != nil {
			return err
		}
		for i, rest := 0, body; len(rest) > 0; i++ {
			n := min(len(rest), 30<<10)
			if _, err := fmt.Fprintf(c, "%x\r\n%s\r\n", n, rest[:n]); err != nil {
				return err
			}
			if rest = rest[n:]; i < 2 {
				time.Sleep(300 * time.Microsecond) // the server has to wait for more
			}
		}
		if _, err := io.WriteString(c, "0\r\nX-Trailer: x\r\n\r\n"); err != nil {
			return err
		}
		if err := expectBody(r, fmt.Sprintf("%d %v", crc32.ChecksumIEEE(body), error(nil))); err != nil {
			return err
		}
		return ask(c, r, "/after", "/after")
	}
}

var sessionSteps = []sessionStep{
	{"keep-alive", func(c net.Conn, r *bufio.Reader) error {
		for _, request := range [][2]string{{"/1", "/1"}, {"/2", "/2"}, {"/later", "later"}, {"/block", "block"}, {"/3", "/3"}} {
			if err := ask(c, r, request[0], request[1]); err != nil {
				return err
			}
		}
		return nil
	}},
	{"pipeline", func(c net.Conn, r *bufio.Reader) error {
		var in strings.Builder
		for i := range 16 {
			fmt.Fprintf(&in, "GET /p%d HTTP/1.1\r\nHost: a\r\n\r\n", i)
		}
		if _, err := io.WriteString(c, in.String()); err != nil {
			return err
		}
		for i := range 16 {
			if err := expectBody(r, fmt.Sprint("/p", i)); err != nil {
				return err
			}
		}
		return nil
	}},
	{"big", func(c net.Conn, _ *bufio.Reader) error {
		r := bufio.NewReader(&slowly{Conn: c})
		if err := ask(c, r, "/big", string(big())); err != nil {
			return err
		}
		return ask(c, r, "/after", "/after")
	}},
	{"pieces", func(c net.Conn, _ *bufio.Reader) error {
		return ask(c, bufio.NewReader(&slowly{Conn: c}), "/pieces", string(big()))
	}},
	{"body", upload("/body")},
	{"data", upload("/data")},
	{"panic", func(c net.Conn, r *bufio.Reader) error { return ask(c, r, "/panic", "Internal Server Error") }},
	{"refused", func(c net.Conn, r *bufio.Reader) error {
		if _, err := io.WriteString(c, "nonsense\r\n\r\n"); err != nil {
			return err
		}
		return expectBody(r, "")
	}},
	{"upgrade", func(c net.Conn, r *bufio.Reader) error {
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhead"); err != nil {
			return err
		}
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			return err
		}
		if res.StatusCode != 101 {
			return errWrong
		}
		if _, err := io.WriteString(c, "more"); err != nil {
			return err
		}
		got := make([]byte, 8)
		if _, err := io.ReadFull(r, got); err != nil || string(got) != "headmore" {
			return fmt.Errorf("%q, %w", got, err)
		}
		return nil
	}},
	{"half-close", func(c net.Conn, r *bufio.Reader) error {
		if err := ask(c, r, "/1", "/1"); err != nil {
			return err
		}
		if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			return err
		}
		if _, err := r.ReadByte(); err != io.EOF {
			return fmt.Errorf("after the end: %w", err)
		}
		return nil
	}},
	{"reset", func(c net.Conn, r *bufio.Reader) error {
		_, err := io.WriteString(c, "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		return err
	}},
	{"silent", func(net.Conn, *bufio.Reader) error { return nil }},
}

// listenSession serves a session's server on a Unix socket or TCP, by the loops'
// own accept.
func listenSession(t testing.TB, network string, sys *books) (*loopServer, error) {
	t.Helper()
	return listenServer(t, network, sessionServer(), sys)
}

func listenServer(t testing.TB, network string, s *Server, sys *books) (*loopServer, error) {
	t.Helper()
	s.sys, s.Logger, s.Carrier = sys, quietLogger, CarrierLoop
	ls := &loopServer{Server: s, sys: sys, network: network, before: goroutines(), served: make(chan error, 1)}
	if err := s.prepare(); err != nil {
		t.Fatal(err)
	}
	ls.addr = "127.0.0.1:0"
	if network == "unix" {
		ls.addr = filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, ls.addr)
	if err != nil {
		t.Fatal(err)
	}
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	ls.addr = l.Addr().String()
	s.wary = wary(t)
	taken, err := s.onLoops(l)
	if err != nil {
		l.Close()
		s.Close()
		ls.served <- http.ErrServerClosed
		return ls, err
	}
	go func() { ls.served <- s.Serve(taken) }()
	return ls, nil
}

// step runs one step of the session on a connection of its own.
func (ls *loopServer) step(step sessionStep) error {
	c, err := net.Dial(ls.network, ls.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(sessionTime))
	return step.run(c, bufio.NewReader(c))
}

// together has several connections ask at once, so that the loop finds them ready
// together. One of them may suffer.
func (ls *loopServer) together() error {
	conns := make([]net.Conn, 6)
	for i := range conns {
		c, err := net.Dial(ls.network, ls.addr)
		if err != nil {
			return err
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(sessionTime))
		conns[i] = c
	}
	failed := make([]error, len(conns))
	for round := range 2 {
		for i, c := range conns {
			path := "/spin"
			if i > 0 {
				path = fmt.Sprintf("/t%d-%d", i, round)
			}
			if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path); err != nil {
				failed[i] = err
			}
		}
		for i, c := range conns {
			want := "spin"
			if i > 0 {
				want = fmt.Sprintf("/t%d-%d", i, round)
			}
			if failed[i] == nil {
				failed[i] = expectBody(bufio.NewReader(c), want)
			}
		}
	}
	errs := slices.DeleteFunc(failed, func(err error) bool { return err == nil })
	if len(errs) > 1 {
		return fmt.Errorf("%w: %d connections suffered: %q", errWrong, len(errs), errs)
	}
	return errors.Join(errs...)
}

// session runs all steps and returns what went wrong, by step. A step that had to
// wait is an error of the server in any case.
func (ls *loopServer) session(t testing.TB, what string) (failed []string) {
	t.Helper()
	note := func(step string, err error) {
		if err == nil {
			return
		}
		failed = append(failed, fmt.Sprint(step, ": ", err))
		if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, errWrong) {
			t.Errorf("%s: %s: %v", what, step, err)
		}
	}
	for _, step := range sessionSteps {
		note(step.name, ls.step(step))
	}
	note("together", ls.together())
	return failed
}

// endSession checks that the server is well after all, and ends it.
func (ls *loopServer) endSession(t testing.TB, what string) {
	t.Helper()
	healthy := sessionSteps[0]
	err := ls.step(healthy)
	if err != nil { // the fault may have struck here
		err = ls.step(healthy)
	}
	if err != nil {
		t.Errorf("%s: a healthy request afterwards: %v", what, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), sessionTime)
	defer cancel()
	if err := ls.Shutdown(ctx); err != nil {
		t.Errorf("%s: Shutdown: %v", what, err)
		ls.Close()
	}
	ls.checkGone(t)
}
