package http1

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/cork-go/cork/internal/invariants"
	"github.com/cork-go/cork/internal/netpoll"
)

// netTransport carries a connection over a net.Conn, with one goroutine that
// reads and runs it.
type netTransport struct {
	socket net.Conn
	conn   *conn
	server *Server

	// raw is the socket's descriptor, nil if it has none to read from directly.
	// With it a connection that waits for bytes owns no buffer.
	raw     syscall.RawConn
	tryRead func(fd uintptr) bool // t.readReady, made once
	got     readResult            // of tryRead
	spare   *buffer               // for tryRead, and from it

	// Input, lent. Guarded by conn.mu but while the one reader reads.
	buf     *buffer // of the carrier's reads
	bodyBuf *buffer // of a body's Read while a handler runs: buf may hold its head
	reading bool    // fill waits: changed has to move its deadline

	timer *time.Timer // of hold

	// Deadlines that are set on the socket, zero for none. A deadline may be
	// too early, never too late: who meets one looks whether it is time. So
	// it is not moved with each request.
	readBy      instant
	writeBy     instant
	readExpired bool // readBy has passed: it has to be set anew in any case

	vec net.Buffers
}

type readResult struct {
	n   int
	err error
}

func newNetTransport(s *Server, socket net.Conn) *netTransport {
	t := &netTransport{socket: socket, server: s}
	t.raw = rawConn(socket)
	t.tryRead = t.readReady
	t.conn = newConn(s, t, s.netPools)
	return t
}

// serve is the connection's goroutine.
func (t *netTransport) serve() {
	c := t.conn
	ended := false
	defer func() {
		if fault := recover(); fault != nil {
			panic(fault) // ours, with conn.mu held perhaps: nothing to be saved
		}
		if !ended {
			t.goOn()
			return
		}
		t.server.removeConnection(t)
		t.releaseBuffers()
	}()
	c.mu.Lock()
	for {
		switch c.run() {
		case stepRead:
			t.fill(nil)
		case stepWait:
			c.keep()
			c.small = nil
			t.waitForChange()
		case stepUpgrade:
			ended = true
			t.handOver()
			return
		case stepClosed:
			c.unlock()
			ended = true
			return
		}
	}
}

// waitForChange waits for the application, or for the time that a client has for
// its body, which nobody may be reading.
func (t *netTransport) waitForChange() {
	c := t.conn
	if d := c.deadline(); d != 0 {
		timer := time.AfterFunc(time.Duration(d-c.clock()), t.onDeadline)
		defer timer.Stop()
	}
	c.wait()
}

// onDeadline is called by the timer, on a goroutine of its own.
func (t *netTransport) onDeadline() {
	c := t.conn
	c.mu.Lock()
	c.tick(c.clock())
	if c.work != nil {
		c.cond.Broadcast()
	}
	c.unlock()
}

// goOn ends a connection whose goroutine ends in code of the application
// (runtime.Goexit), on another goroutine. A Write elsewhere that waits for the
// client has mu for so long: then the socket is closed, so that it lets go.
func (t *netTransport) goOn() {
	c := t.conn
	for wait := holdTime; !c.mu.TryLock(); wait *= 2 {
		if wait > goexitWait {
			_ = t.socket.Close()
			c.mu.Lock()
			break
		}
		time.Sleep(wait)
	}
	c.exited()
	if t.reading {
		t.armRead(longAgo) // for a body that is of no interest any more
	}
	c.unlock()
	go t.serve() // ends when the connection does
}

func (t *netTransport) releaseBuffers() {
	if t.buf != nil {
		t.conn.pools.putBuffer(t.buf)
		t.buf = nil
	}
	if t.bodyBuf != nil {
		t.conn.pools.putBuffer(t.bodyBuf)
		t.bodyBuf = nil
	}
}

// fill implements transport. One goroutine at a time calls it: the carrier's,
// or the one of a body's Read while the carrier's runs a handler.
func (t *netTransport) fill([]byte) {
	c := t.conn
	lent := &t.buf
	if c.work != nil {
		c.keep()
		if c.serving != nil {
			lent, c.pumping = &t.bodyBuf, true
		}
	}
	if lent == &t.buf {
		t.releaseBuffers()
	}
	t.armRead(c.deadline())
	t.reading = true
	c.unlock()
	buf, n, err := t.read(*lent)
	c.mu.Lock()
	now := c.clock()
	t.reading = false
	*lent = buf
	if lent == &t.bodyBuf {
		c.pumping = false
		c.cond.Broadcast()
	}
	if c.writing == writeClosed {
		return
	}
	if n > 0 {
		c.take(buf.b[:n], now)
	}
	switch {
	case err == nil:
	case err == io.EOF:
		c.eof = true
	case errors.Is(err, os.ErrDeadlineExceeded):
		t.readExpired = true
		c.tick(now)
		c.waited()
	default:
		c.shut()
	}
}

// read waits for bytes. buf is the buffer to read into, nil for one from the
// free list, taken when there is something to read if that can be known.
func (t *netTransport) read(buf *buffer) (*buffer, int, error) {
	if t.raw == nil {
		if buf == nil {
			buf = t.conn.pools.buffer()
		}
		n, err := t.socket.Read(buf.b)
		return buf, n, err
	}
	t.got = readResult{}
	t.spare = buf
	err := t.raw.Read(t.tryRead)
	buf, t.spare = t.spare, nil
	if err == nil {
		err = t.got.err
	}
	return buf, t.got.n, err
}

// armRead sees to it that fill ends by the time d, or a little earlier; zero is
// never.
func (t *netTransport) armRead(d instant) {
	if !t.readExpired && (d == 0 || t.readBy != 0 && d >= t.readBy) {
		return
	}
	t.readExpired = false
	t.readBy = d
	_ = t.socket.SetReadDeadline(t.server.realTime(d)) // fails on a closed socket, and so will the read
}

// changed implements transport. A read that waits though there is something else
// to do by now, such as an OnEnd that was set late, is cut short.
func (t *netTransport) changed() {
	if !t.reading {
		return
	}
	c := t.conn
	if c.work == nil {
		return
	}
	next := c.meet
	if c.pumping {
		next = c.meetInput
	}
	switch next() {
	case stepRead:
		t.armRead(c.deadline())
	case stepClosed: // the socket is closed, or about to be
	default:
		t.armRead(longAgo)
	}
}

// longAgo is a deadline that has passed.
const longAgo instant = 1

// hold implements transport: a handler that blocks must not keep back what is
// written.
func (t *netTransport) hold(more bool) bool {
	if !more {
		return false
	}
	if t.timer == nil {
		t.timer = time.AfterFunc(holdTime, t.onHold)
	} else {
		t.timer.Reset(holdTime)
	}
	return true
}

func (t *netTransport) unhold() { t.timer.Stop() }

// onHold is called by the timer, on a goroutine of its own.
func (t *netTransport) onHold() {
	t.conn.mu.Lock()
	t.conn.held()
	t.conn.unlock()
}

// push and pending implement transport: write waits itself.
func (t *netTransport) push()        {}
func (t *netTransport) pending() int { return 0 }

// block, enter and leave implement transport: nobody waits for this goroutine.
func (t *netTransport) block() {}
func (t *netTransport) enter() {}

func (t *netTransport) elsewhere(*exchange) bool { return false }
func (t *netTransport) leave()                   {}

func (t *netTransport) now() instant    { return t.server.instant(t.server.now()) }
func (t *netTransport) time() time.Time { return t.server.now() }

// write implements transport.
func (t *netTransport) write(bufs [][]byte) error {
	if len(bufs) == 1 && len(bufs[0]) <= writeBytesMax {
		t.armWrite()
		n, err := t.socket.Write(bufs[0])
		return t.wrote(n, err)
	}
	for len(bufs) > 0 {
		t.armWrite()
		n := 0
		t.vec = t.vec[:0]
		for len(bufs) > 0 && n < writeBytesMax {
			part := bufs[0]
			if rest := writeBytesMax - n; len(part) > rest {
				part, bufs[0] = part[:rest], part[rest:]
			} else {
				bufs = bufs[1:]
			}
			n += len(part)
			t.vec = append(t.vec, part)
		}
		whole := t.vec
		_, err := t.vec.WriteTo(t.socket)
		clear(whole)
		t.vec = whole[:0]
		if err = t.wrote(n, err); err != nil {
			return err
		}
	}
	return nil
}

// armWrite gives the next write what is left of the peer's time, or up to an
// eighth less: so the deadline need not be set for each.
func (t *netTransport) armWrite() {
	at, taking := &t.server.timeouts.answer, &t.conn.taking
	if at.bytes == 0 {
		return
	}
	taking.begin(t.now())
	d := taking.until(at)
	if left := d - taking.since; t.writeBy > d || t.writeBy <= d-left/8 {
		t.writeBy = d
		_ = t.socket.SetWriteDeadline(t.server.realTime(d)) // fails on a closed socket, and so will the write
	}
}

// wrote keeps the book of how long the peer has let a write wait. One that is too
// slow gets a reset: the end of the output would not get through either.
func (t *netTransport) wrote(n int, err error) error {
	at, taking := &t.server.timeouts.answer, &t.conn.taking
	if at.bytes != 0 {
		taking.end(t.now())
		taking.earn(uint64(n), at)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.reset()
	}
	return err
}

// unread implements transport: who knows.
func (t *netTransport) unread() bool { return true }

// closeWrite implements transport.
func (t *netTransport) closeWrite() bool {
	half, ok := t.socket.(interface{ CloseWrite() error })
	return ok && half.CloseWrite() == nil
}

// unsent implements transport.
func (t *netTransport) unsent() int {
	if t.raw == nil {
		return 0
	}
	return unsentOf(t.raw)
}

func unsentOf(raw syscall.RawConn) (n int) {
	_ = raw.Control(func(fd uintptr) {
		var err error
		if n, err = netpoll.OS.Unacked(int(fd)); err != nil {
			n = 0
		}
	})
	return n
}

// close implements transport.
func (t *netTransport) close() { _ = t.socket.Close() }

func (t *netTransport) remoteAddr() net.Addr { return t.socket.RemoteAddr() }

func (t *netTransport) localAddr() net.Addr { return t.socket.LocalAddr() }

func (t *netTransport) setNoDelay(noDelay bool) error {
	if s, ok := t.socket.(interface{ SetNoDelay(bool) error }); ok {
		return s.SetNoDelay(noDelay)
	}
	return nil
}

func (t *netTransport) setKeepAlive(config net.KeepAliveConfig) error {
	if s, ok := t.socket.(interface {
		SetKeepAliveConfig(net.KeepAliveConfig) error
	}); ok {
		return s.SetKeepAliveConfig(config)
	}
	return nil
}

func (t *netTransport) reset() {
	if s, ok := t.socket.(interface{ SetLinger(int) error }); ok {
		_ = s.SetLinger(0)
	}
	t.close()
}

// handOver gives the socket to OnUpgrade or OnConnect. conn.mu is held, and
// released.
func (t *netTransport) handOver() {
	c := t.conn
	req := &c.tunnel.req
	head := bytes.Clone(c.in)
	c.leaveHTTP()
	c.unlock()
	t.server.removeConnection(t)
	t.releaseBuffers() // the hook may stay as long as its connection
	_ = t.socket.SetDeadline(time.Time{})
	t.server.callTunnel(req, t.socket, head)
}

// callTunnel calls OnUpgrade or OnConnect.
func (s *Server) callTunnel(req *IncomingMessage, socket net.Conn, head []byte) {
	hook := s.OnUpgrade
	if req.Method() == "CONNECT" {
		hook = s.OnConnect
	}
	returned := false
	defer func() {
		if !returned { // a panic, or Goexit
			s.closeTunnel(socket)
		}
	}()
	returned = s.guard(func() { hook(req, socket, head) })
}

// closeTunnel closes a connection when its client has taken what was sent: with
// input that nobody has read closing is a reset, which ends that too.
func (s *Server) closeTunnel(socket net.Conn) {
	defer socket.Close()
	half, ok := socket.(interface{ CloseWrite() error })
	raw := rawConn(socket)
	if !ok || raw == nil || half.CloseWrite() != nil {
		return
	}
	until := time.Now().Add(s.timeouts.linger)
	for unsentOf(raw) > 0 && time.Now().Before(until) {
		time.Sleep(departLookMin)
	}
}

// guard calls a hook and reports whether it returned without a panic.
func (s *Server) guard(hook func()) (ok bool) {
	defer func() {
		fault := recover()
		if v, violated := fault.(invariants.Violation); violated {
			panic(v)
		}
		if fault != nil && fault != http.ErrAbortHandler {
			s.logger().Error("http1: panic in hook", "panic", fmt.Sprint(fault), "stack", string(debug.Stack()))
		}
	}()
	hook()
	return true
}
