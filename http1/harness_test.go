package http1

import (
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"
)

// testTime is what the clock of a test server shows.
var testTime = time.Date(2026, 11, 20, 21, 0, 0, 0, time.UTC)

const testDate = "Date: Fri, 20 Nov 2026 21:00:00 GMT\r\n"

// fakeTransport gives a connection scripted input and keeps its output. Buffers
// that the connection must not look at any more are overwritten.
type fakeTransport struct {
	conn   *conn
	server *Server
	pieces [][]byte
	eof    bool // the input ends behind the pieces; else it stays quiet

	buf, bodyBuf []byte
	out          []byte
	writes       int
	writeErr     error
	outEnded     bool
	closed       bool
	noHalfClose  bool
	changes      int
	holds        time.Duration
}

func (t *fakeTransport) write(bufs [][]byte) error {
	if t.writeErr != nil {
		return t.writeErr
	}
	if t.outEnded || t.closed {
		panic("fake: write after close")
	}
	t.writes++
	for _, b := range bufs {
		t.out = append(t.out, b...)
	}
	return nil
}

func (t *fakeTransport) fill(p []byte) {
	c := t.conn
	if c.work != nil {
		c.keep()
	}
	lent := &t.bodyBuf
	if c.work == nil || c.serving == nil {
		spoil(t.buf)
		spoil(t.bodyBuf)
		t.buf, t.bodyBuf = nil, nil
		lent = &t.buf
	} else {
		spoil(t.bodyBuf)
	}
	if len(t.pieces) == 0 {
		c.eof = true // a Read must not wait for ever in a test
		return
	}
	if p != nil {
		n := copy(p, t.pieces[0])
		if t.pieces[0] = t.pieces[0][n:]; len(t.pieces[0]) == 0 {
			t.pieces = t.pieces[1:]
		}
		c.take(p[:n], c.clock())
		return
	}
	*lent = append([]byte(nil), t.pieces[0]...)
	t.pieces = t.pieces[1:]
	c.unlock()
	c.mu.Lock()
	c.take(*lent, c.clock())
}

func spoil(b []byte) {
	for i := range b {
		b[i] = '?'
	}
}

// hold holds for ever unless the test says how long.
func (t *fakeTransport) hold(more bool) bool {
	if !more {
		return false
	}
	if t.holds > 0 {
		time.AfterFunc(t.holds, func() {
			t.conn.mu.Lock()
			t.conn.held()
			t.conn.unlock()
		})
	}
	return true
}

func (t *fakeTransport) closeWrite() bool     { t.outEnded = true; return !t.noHalfClose }
func (t *fakeTransport) close()               { t.closed = true }
func (t *fakeTransport) changed()             { t.changes++ }
func (t *fakeTransport) pending() int         { return 0 }
func (t *fakeTransport) unread() bool         { return true }
func (t *fakeTransport) unsent() int          { return 0 }
func (t *fakeTransport) push()                {}
func (t *fakeTransport) block()               {}
func (t *fakeTransport) enter()               {}
func (t *fakeTransport) leave()               {}
func (t *fakeTransport) unhold()              {}
func (t *fakeTransport) now() instant         { return t.server.instant(t.server.now()) }
func (t *fakeTransport) time() time.Time      { return t.server.now() }
func (t *fakeTransport) remoteAddr() net.Addr { return &net.TCPAddr{} }
func (t *fakeTransport) localAddr() net.Addr  { return &net.TCPAddr{} }
func (t *fakeTransport) reset()               { t.closed = true }
func (t *fakeTransport) watch() bool          { return false }
func (t *fakeTransport) interrupt()           {}
func (t *fakeTransport) expireWrite()         {}

func (t *fakeTransport) hijack() (net.Conn, []byte, error) { return nil, nil, ErrConnectionClosed }

func (t *fakeTransport) setNoDelay(bool) error                  { return nil }
func (t *fakeTransport) setKeepAlive(net.KeepAliveConfig) error { return nil }

// newFake returns a prepared server's connection over a fakeTransport.
func newFake(t testing.TB, s *Server) *fakeTransport {
	t.Helper()
	if s.now == nil {
		s.now = func() time.Time { return testTime }
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	if err := s.prepare(); err != nil {
		t.Fatal(err)
	}
	f := &fakeTransport{server: s}
	f.conn = newConn(s, f, s.netPools)
	return f
}

// drive runs the connection until there is nothing to do.
func (t *fakeTransport) drive() step {
	c := t.conn
	c.mu.Lock()
	defer c.unlock()
	for {
		s := c.run()
		switch {
		case s == stepRead && len(t.pieces) > 0:
			t.fill(nil)
		case s == stepRead && t.eof && !c.eof:
			c.eof = true
		default:
			return s
		}
	}
}

// feed gives input, in pieces, and drives.
func (t *fakeTransport) feed(pieces ...string) step {
	for _, p := range pieces {
		t.pieces = append(t.pieces, []byte(p))
	}
	return t.drive()
}

// state describes how the connection was left.
func (t *fakeTransport) state() string {
	switch {
	case t.closed:
		return "closed"
	case t.outEnded:
		return "ended"
	}
	return "open"
}

// splits calls fn with input whole, byte by byte, and in two at every place.
func splits(input string, fn func(how string, pieces [][]byte)) {
	fn("whole", [][]byte{[]byte(input)})
	bytewise := make([][]byte, len(input))
	for i := range input {
		bytewise[i] = []byte{input[i]}
	}
	fn("byte by byte", bytewise)
	step := 1 + len(input)/400
	for i := 1; i < len(input); i += step {
		fn(fmt.Sprint("split at ", i), [][]byte{[]byte(input[:i]), []byte(input[i:])})
	}
}

// lines makes CRLF of the line ends in a test's raw text.
func lines(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func (t *fakeTransport) elsewhere(*exchange) bool { return false }
