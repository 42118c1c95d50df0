package http1

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/cork-go/cork/internal/loop"
	"github.com/cork-go/cork/internal/netpoll"
)

// flush writes what is pending.
func (t *loopTransport) flush() {
	before := t.socket.Pending()
	if err := t.socket.Flush(); err != nil {
		t.conn.broken = true
		t.conn.shut()
		return
	}
	switch after := t.socket.Pending(); {
	case after == 0:
		t.conn.drained()
	case after < before:
		if t.takenEnough() {
			t.expectProgress()
		}
		if t.conn.work != nil {
			t.conn.notify()
		}
	}
}

// taken is how many bytes the peer has taken of all that was written. What the
// kernel has taken for it does not count: its buffer grows by megabytes.
func (t *loopTransport) taken() uint64 {
	return t.conn.sent - min(t.conn.sent, uint64(t.socket.Untaken()))
}

func (t *loopTransport) takenEnough() bool { return t.writeBy == 0 || t.taken() >= t.owed }

// writesLate reports whether the peer takes longer than it may. If it has been in
// time it gets another while.
func (t *loopTransport) writesLate(now instant) bool {
	switch {
	case t.writeBy == 0 || now < t.writeBy:
		return false
	case t.socket.Pending() == 0 && (t.conn.work == nil || t.conn.outgoing.len() == 0):
		t.writeBy = 0 // the kernel has it, and IdleTimeout counts
		return false
	case t.takenEnough():
		t.expectProgress()
		return false
	}
	return true
}

// expectProgress gives the peer time for what it has not taken, WriteTimeout for
// each writeBytesMax of it.
func (t *loopTransport) expectProgress() {
	limit := t.conn.server.timeouts.write
	if limit == 0 {
		return
	}
	untaken := t.socket.Untaken()
	if untaken == 0 {
		t.writeBy = 0
		return
	}
	t.owed = t.conn.sent - min(t.conn.sent, uint64(untaken)) + uint64(min(untaken, writeBytesMax))
	t.writeBy = t.conn.clock().after(limit)
	t.arm()
}

// write implements transport.
func (t *loopTransport) write(bufs [][]byte) error {
	if t.leads() && t.turn.Keep(&t.socket, bufs) {
		return nil
	}
	before := t.socket.Pending()
	err := t.socket.Write(bufs)
	if err == nil && before == 0 && t.socket.Pending() > 0 && t.takenEnough() {
		t.expectProgress()
	}
	return err
}

// push implements transport.
func (t *loopTransport) push() {
	if err := t.socket.Push(); err != nil {
		t.conn.broken = true
		t.conn.shut()
	} else if t.socket.Pending() > 0 && t.takenEnough() {
		t.expectProgress()
	}
}

// OnPush implements loop.Handler.
func (t *loopTransport) OnPush(turn *loop.Turn) {
	c := t.conn
	c.mu.Lock()
	t.push()
	if t.socket.Pending() == 0 && (c.work != nil || c.writing == writeLast) {
		c.drained()
	}
	if t.running {
		t.tell()
	} else if c.work != nil {
		t.drive(turn)
	}
	c.mu.Unlock() // not deferred: a handler that ends its goroutine has it unlocked
}

// pending implements transport.
func (t *loopTransport) pending() int { return t.socket.Pending() }

// fill implements transport: it reads what is there, on the goroutine of the
// handler, or waits for pump.
func (t *loopTransport) fill(p []byte) {
	c := t.conn
	if p := t.ahead; p != nil { // in a buffer that this goroutine may not count on
		t.ahead = bytes.Clone(p)
		t.takeAhead()
		return
	}
	switch {
	case !t.readable:
		c.wake()
		c.thirsty = c.thirsty || p != nil
		t.arm()
		c.waitForChange()
		if c.work != nil {
			c.thirsty = c.thirsty && p == nil
		}
		c.waited()
	case p != nil:
		t.readInto(p)
	default:
		if t.buf == nil {
			t.buf = c.pools.buffer()
		} else if c.serving != nil {
			c.serving.req.materialise() // the head may be in buf
		}
		t.readInto(t.buf.b)
	}
}

// block implements transport.
func (t *loopTransport) block() {
	if t.turn != nil {
		t.conn.waits = true // that it waits for the client is no habit of the handler's: nobody was held up
		t.turn.HandOver()
	}
}

// elsewhere implements transport.
func (t *loopTransport) elsewhere(ex *exchange) bool {
	h := t.conn.pools.habits
	if t.turn == nil || !h.awake.Load() || ex.task > taskContinue {
		return false
	}
	kind := h.kind(&ex.req)
	if !h.blocks(kind) {
		return false
	}
	t.conn.kind = kind
	return true
}

// learn is called when a handler has returned that was known to block, or that
// the loop did not wait for.
func (t *loopTransport) learn() {
	c, h := t.conn, t.conn.pools.habits
	took, kind := time.Duration(t.now()-c.since), c.kind
	c.kind, c.since = 0, 0
	if kind != 0 {
		h.ran(kind, took)
	} else if c.serving != nil && took > briefMax {
		h.blocked(h.kind(&c.serving.req))
	}
}

// enter implements transport.
func (t *loopTransport) enter() {
	t.inUser = true
	if c := t.conn; t.turn == nil && c.kind != 0 && c.serving != nil {
		c.since = t.now()
	}
	if t.turn != nil && !t.entered {
		t.entered = true
		t.turn.Enter(t)
	}
}

// leave implements transport. The turn is left when something of it is needed: a
// pipeline's handlers come one after the other.
func (t *loopTransport) leave() {
	t.inUser = false
	if t.turn == nil && t.conn.work != nil && t.conn.since != 0 {
		t.learn()
	}
}

// leads reports whether the goroutine that drives the connection leads the loop,
// and may use what is the loop's. It is never so in code of the application.
func (t *loopTransport) leads() bool {
	if t.inUser {
		return false
	}
	if t.entered {
		t.entered = false
		if t.turn != nil && !t.turn.Leave() {
			t.turn = nil
		}
	}
	return t.turn != nil
}

// hold implements transport: the loop calls OnHandOver if the handler blocks.
func (t *loopTransport) hold(bool) bool { return t.turn != nil }

// unhold implements transport.
func (t *loopTransport) unhold() {}

// unread implements transport.
func (t *loopTransport) unread() bool { return t.readable || t.ahead != nil }

// closeWrite implements transport.
func (t *loopTransport) closeWrite() bool {
	return t.socket.CloseWrite() == nil
}

// unsent implements transport.
func (t *loopTransport) unsent() int { return t.socket.Untaken() }

// close implements transport.
func (t *loopTransport) close() {
	t.ahead = nil
	t.socket.Close()
}

// changed implements transport.
func (t *loopTransport) changed() {
	c := t.conn
	if t.running || t.posted || c.work == nil || c.writing == writeClosed {
		return
	}
	switch c.meet() {
	case stepWait:
	case stepRead:
		if t.readable {
			t.post()
		}
	default:
		t.post()
	}
	t.arm()
}

// post has Run called.
func (t *loopTransport) post() {
	if !t.posted {
		t.posted = true
		t.socket.Loop().Post(t)
	}
}

// arm sees to it that OnTimeout is called when there is something to do, or
// earlier.
func (t *loopTransport) arm() {
	if d := earlier(t.conn.deadline(), t.writeBy); d != 0 {
		t.socket.SetTimer(int64(d))
	}
}

// now implements transport.
func (t *loopTransport) now() instant {
	if t.turn != nil {
		return instant(t.turn.Nanos())
	}
	return t.conn.server.instant(t.conn.server.now())
}

// time implements transport.
func (t *loopTransport) time() time.Time {
	if t.turn != nil {
		return t.turn.Time()
	}
	return t.conn.server.now()
}

// remoteAddr implements transport.
func (t *loopTransport) remoteAddr() net.Addr { return addrOf(t.peer) }

// localAddr implements transport.
func (t *loopTransport) localAddr() net.Addr {
	a, _ := t.socket.LocalAddr() // fails on a closed socket: no address
	return addrOf(a)
}

// setNoDelay implements transport.
func (t *loopTransport) setNoDelay(noDelay bool) error {
	if !t.peer.IsValid() {
		return nil // a Unix socket
	}
	return t.socket.SetNoDelay(noDelay)
}

// setKeepAlive implements transport. The system's calls know no disabling: it is
// what a socket begins with.
func (t *loopTransport) setKeepAlive(config net.KeepAliveConfig) error {
	if !t.peer.IsValid() || !config.Enable {
		return nil
	}
	return t.socket.SetKeepAlive(keepAliveOf(config))
}

func keepAliveOf(config net.KeepAliveConfig) netpoll.KeepAlive {
	return netpoll.KeepAlive{
		Idle: max(config.Idle, 0), Interval: max(config.Interval, 0), Count: max(config.Count, 0),
	}
}

// reset implements transport.
func (t *loopTransport) reset() { t.socket.Reset() }

// addrOf returns the address of a TCP socket, or of a Unix socket's end, which
// has none.
func addrOf(a netip.AddrPort) net.Addr {
	if !a.IsValid() {
		return &net.UnixAddr{Net: "unix"}
	}
	return net.TCPAddrFromAddrPort(a)
}

// handOver takes the socket from the loop and gives it to OnUpgrade or
// OnConnect, on a goroutine of its own.
func (t *loopTransport) handOver() {
	c := t.conn
	ex := c.tunnel
	ex.lent = true
	head := append([]byte(nil), c.in...)
	c.leaveHTTP()
	fd, ok := t.socket.Detach()
	if !ok {
		return
	}
	go func() { // ends when the hook returns
		socket, err := netConn(fd)
		if err != nil {
			c.server.logger().Error("http1: upgrade", "error", err)
			return
		}
		c.server.callTunnel(&ex.req, socket, head)
	}()
}

// netConn makes a net.Conn of a descriptor, which it takes.
func netConn(fd int) (net.Conn, error) {
	f := os.NewFile(uintptr(fd), "")
	defer f.Close() // FileConn has its own
	return net.FileConn(f)
}
