package http1

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/cork-go/cork/internal/loop"
	"github.com/cork-go/cork/internal/netpoll"
)

// loopConn is a connection on an event loop, in one piece of memory.
type loopConn struct {
	conn      conn
	transport loopTransport
}

// loopTransport carries a connection on an event loop: the loop tells that the
// socket is ready, and the goroutine that leads it reads and runs the
// connection. If a handler blocks, another goroutine leads on, and the
// connection is driven to its end by the one that was left behind; what comes
// in meanwhile is taken by the new leader, see pump.
//
// All fields are guarded by conn.mu.
type loopTransport struct {
	socket loop.Socket
	conn   *conn
	turn   *loop.Turn // set while the goroutine that leads the loop drives the connection
	peer   netip.AddrPort

	// buf is for reads while no turn is at hand, and what a body's Read has not
	// taken yet.
	buf *buffer

	ahead []byte // read, and not taken by the connection yet: OnRead

	writeBy instant // when the peer must have taken owed bytes; 0 if it has no time
	owed    uint64  // … of all that was ever written

	running  bool // a goroutine drives the connection
	inUser   bool // … and is in code of the application
	entered  bool // Turn.Leave is due
	readable bool // the socket may have more
	hungUp   bool // its end is in sight: a short read does not mean that it is empty
	thirsty  bool // somebody waits in fill who wants to read by himself
	waits    bool // the handler is about to wait for the connection
	looked   bool // OnRead has read what OnReady is about to tell of
	posted   bool // Run is due

	needsRoom bool // sendFile waits for room in the kernel's buffer
}

// readsMax is how often a connection is read before others have their turn.
const readsMax = 16

// drive runs the connection until it waits for something. mu is held.
func (t *loopTransport) drive(turn *loop.Turn) {
	c := t.conn
	t.running, t.turn = true, turn
	c.waited()
	t.takeAhead()
	for reads := 0; ; {
		step := c.run()
		if step == stepRead && t.readable {
			if reads++; reads > readsMax && t.turn != nil {
				t.post()
				break
			}
			t.read()
			continue
		}
		if step == stepElsewhere {
			if t.leads() {
				t.sendAway()
				return
			}
			continue // the goroutine is another one already
		}
		if step == stepUpgrade {
			t.handOver()
		}
		break
	}
	t.settle()
	t.leads() // no more
	t.running, t.turn = false, nil
	c.rest()
	t.arm()
}

// sendAway has another goroutine drive the connection on, which is as if this one
// were left behind inside of the handler. The loop loses nothing by that: it goes
// on with what is ready.
func (t *loopTransport) sendAway() {
	c := t.conn
	t.turn = nil
	c.fresh.req.materialise()
	c.held()
	t.push()
	t.settle()
	t.arm()
	t.socket.Loop().Do(t)
}

// Work implements loop.Job: what sendAway has begun.
func (t *loopTransport) Work() {
	c := t.conn
	c.mu.Lock()
	t.drive(nil)
	c.mu.Unlock() // not deferred: a handler that ends its goroutine has it unlocked
}

// settle moves what the connection still needs out of buffers that are not its
// own.
func (t *loopTransport) settle() {
	if t.conn.work != nil {
		t.conn.keep()
	}
	t.releaseBuffer()
}

func (t *loopTransport) releaseBuffer() {
	if t.buf != nil {
		t.conn.pools.putBuffer(t.buf)
		t.buf = nil
	}
}

// read takes in what is there, into the loop's buffer if the goroutine leads it.
func (t *loopTransport) read() {
	if t.leads() {
		t.readInto(t.turn.Buffer())
		return
	}
	if t.buf == nil {
		t.buf = t.conn.pools.buffer()
	}
	t.readInto(t.buf.b)
}

// readInto reads once. What is in p already is moved first.
func (t *loopTransport) readInto(p []byte) {
	c := t.conn
	if c.work != nil {
		c.keep()
	}
	n, err := t.socket.Read(p)
	switch {
	case err == syscall.EAGAIN:
		t.readable = false
	case err != nil:
		t.readable = false
		c.shut()
	case n == 0:
		t.readable = false
		c.eof = true
	default:
		t.readable = n == len(p) || t.hungUp
		c.take(p[:n], c.clock())
	}
}

// OnRead implements loop.Handler. What is read is taken later, by the connection
// that is being driven: so all of a group need one parser, one after the other.
func (t *loopTransport) OnRead(_ *loop.Turn, space []byte) (used int) {
	c := t.conn
	c.mu.Lock()
	if !t.running && t.ahead == nil && c.writing != writeClosed && (c.work == nil || c.meetInput() == stepRead) {
		t.readAhead(space)
		used = len(t.ahead)
	}
	c.mu.Unlock()
	return used
}

// readAhead reads once.
func (t *loopTransport) readAhead(space []byte) {
	n, err := t.socket.Read(space)
	t.looked, t.readable = true, false
	switch {
	case err == syscall.EAGAIN:
	case err != nil:
		t.conn.shut() // OnReady tells of it
	case n == 0:
		t.conn.eof = true
	default:
		t.readable = n == len(space)
		t.ahead = space[:n:n]
	}
}

// takeAhead gives the connection what OnRead has read.
func (t *loopTransport) takeAhead() bool {
	p := t.ahead
	if p == nil {
		return false
	}
	t.ahead = nil
	t.conn.take(p, t.conn.clock())
	return true
}

// OnReady implements loop.Handler.
func (t *loopTransport) OnReady(turn *loop.Turn, readable, writable, hungUp bool) {
	c := t.conn
	c.mu.Lock()
	t.hungUp = t.hungUp || hungUp
	t.readable = t.readable || hungUp || readable && !t.looked
	t.looked = false
	if writable && t.socket.Pending() > 0 {
		t.flush()
	}
	if writable && t.needsRoom {
		t.hasRoom()
	}
	switch {
	case t.running:
		t.pump(turn)
	case t.readable || t.ahead != nil || c.eof || c.work != nil:
		t.drive(turn)
	}
	c.mu.Unlock() // not deferred: a handler that ends its goroutine has it unlocked
}

// Run implements loop.Task: something has changed.
func (t *loopTransport) Run(turn *loop.Turn) {
	c := t.conn
	c.mu.Lock()
	t.posted = false
	if t.running {
		t.pump(turn)
	} else {
		t.drive(turn)
	}
	c.mu.Unlock() // not deferred: a handler that ends its goroutine has it unlocked
}

// OnTimeout implements loop.Handler.
func (t *loopTransport) OnTimeout(turn *loop.Turn) {
	c := t.conn
	c.mu.Lock()
	t.socket.Expired()
	now := instant(turn.Nanos())
	late := t.writesLate(now)
	if late {
		// The kernel tells of room when a third of its buffer is free, which may be
		// more than the peer owes.
		t.flush()
		late = t.writesLate(now)
	}
	if late {
		t.socket.Reset() // the end of the output would not get through either
		c.shut()
	} else {
		c.tick(now)
	}
	if t.running {
		t.arm()
		t.tell()
	} else {
		t.drive(turn)
	}
	c.mu.Unlock() // not deferred: a handler that ends its goroutine has it unlocked
}

// pump reads on behalf of a connection whose handler runs on another goroutine:
// the body, for whoever waits for it, and beyond it a little, since that shows
// that the client has gone.
func (t *loopTransport) pump(turn *loop.Turn) {
	if t.turn != nil {
		return // the goroutine in question leads: it is calling itself
	}
	reads := 0
	for reads < readsMax && t.pumpOnce(turn) {
		reads++
	}
	t.conn.keep()
	if reads == readsMax {
		t.post()
	}
	t.arm()
	t.tell()
}

// pumpOnce does the next step, and reports whether there may be another.
func (t *loopTransport) pumpOnce(turn *loop.Turn) bool {
	c := t.conn
	step := c.meetInput()
	if c.current == nil && step == stepParse && len(c.in) > 0 {
		step = stepRead // the next request has to wait, but not what is behind it
	}
	switch step {
	case stepParse:
		c.execute()
	case stepFinish:
		c.finishInput()
	case stepRead:
		if t.takeAhead() {
			return true
		}
		if !t.readable || c.current == nil && len(c.in) >= readAheadMax {
			return false
		}
		if t.thirsty {
			c.cond.Broadcast() // it reads to where it wants the bytes
			return false
		}
		t.readInto(turn.Buffer())
	default:
		return false
	}
	return true
}

// tell has callbacks called that came due while the goroutine that drives the
// connection is inside a handler, which may wait for one of them: OnClose.
func (t *loopTransport) tell() {
	if t.conn.work != nil {
		t.conn.tell()
	}
}

// OnHandOver implements loop.Handler: the goroutine that drives the connection is
// inside a handler and does not lead any more. Everything is moved out of the
// loop's buffer, but what a callback was given stays where it is.
func (t *loopTransport) OnHandOver() (keepsBuffer bool) {
	c := t.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	t.turn = nil
	defer func() { t.waits = false }()
	t.ahead = bytes.Clone(t.ahead)
	if c.work == nil {
		return false
	}
	if c.serving != nil {
		c.serving.req.materialise()
		if t.inUser && !t.waits {
			c.since = t.now()
		}
	}
	if c.fresh != nil {
		c.fresh.req.materialise()
	}
	c.held()
	t.push()
	t.tell()
	if c.lent {
		return true
	}
	c.keep()
	return false
}

// OnGoexit implements loop.Handler.
func (t *loopTransport) OnGoexit() {
	c := t.conn
	c.mu.Lock()
	t.running, t.turn, t.entered, t.inUser = false, nil, false, false
	c.exited()
	if c.work != nil {
		c.kind, c.since = 0, 0
	}
	t.settle()
	if c.writing != writeClosed {
		t.post()
	}
	c.unlock()
}

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
		t.thirsty = t.thirsty || p != nil
		t.arm()
		c.waitForChange()
		t.thirsty = t.thirsty && p == nil
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
		t.waits = true // that it waits for the client is no habit of the handler's: nobody was held up
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

// loops carries a server's connections on event loops.
type loops struct {
	server *Server
	group  *loop.Group
}

func newLoops(s *Server) (*loops, error) {
	group, err := loop.NewGroup(loop.Config{
		Loops:   s.Loops,
		Epoch:   s.epoch,
		Now:     s.now,
		Sys:     s.sys,
		OnError: s.failed,
	})
	if err != nil {
		return nil, err
	}
	habits := newHabits(s.wary)
	for _, l := range group.Loops() {
		pools := newPools(s)
		pools.habits = habits
		l.Data = pools
	}
	return &loops{server: s, group: group}, nil
}

// acceptAt returns onAccept for the connections of a listener.
func (ls *loops) acceptAt(at *site) func(home *loop.Loop, fd int, peer netip.AddrPort) {
	return func(home *loop.Loop, fd int, peer netip.AddrPort) { ls.onAccept(home, fd, peer, at) }
}

// onAccept is Node's connectionListener: it begins a connection.
func (ls *loops) onAccept(home *loop.Loop, fd int, peer netip.AddrPort, at *site) {
	if ls.server.full() {
		ls.drop(home, fd, peer)
		return
	}
	lc := new(loopConn)
	t := &lc.transport
	t.conn, t.peer = &lc.conn, peer
	lc.conn.init(ls.server, t, home.Data.(*pools))
	lc.conn.site = at
	lc.conn.mu.Lock()
	defer lc.conn.mu.Unlock()
	if err := home.Add(&t.socket, fd, t); err != nil {
		lc.conn.shut()
		if err != syscall.ECANCELED { // the server is closed
			go ls.server.failed(fmt.Errorf("accept: %w", err)) // the listener's lock is held
		}
		return
	}
	if lc.conn.greet(); lc.conn.work != nil {
		t.post()
	}
	t.arm()
}

// drop closes a connection for which there is no room.
func (ls *loops) drop(home *loop.Loop, fd int, peer netip.AddrPort) {
	sys := ls.group.Sys()
	local, _ := sys.LocalAddr(fd)
	_ = sys.Close(fd)
	if ls.server.OnDrop != nil {
		home.Post(&hookTask{func() { ls.server.dropped(addrOf(local), addrOf(peer)) }})
	}
}

// hookTask calls a hook that belongs to no connection on an event loop.
type hookTask struct {
	call func()
}

// Run implements loop.Task.
func (h *hookTask) Run(turn *loop.Turn) {
	turn.Enter(h)
	h.call()
	turn.Leave()
}

// OnRead, OnReady, OnTimeout, OnPush, OnHandOver and OnGoexit implement loop.Handler: there is
// nothing to do.
func (h *hookTask) OnRead(*loop.Turn, []byte) int        { return 0 }
func (h *hookTask) OnReady(*loop.Turn, bool, bool, bool) {}
func (h *hookTask) OnTimeout(*loop.Turn)                 {}
func (h *hookTask) OnHandOver() bool                     { return false }
func (h *hookTask) OnPush(*loop.Turn)                    {}
func (h *hookTask) OnGoexit()                            {}

// listen moves a listener that nobody else has to the loops.
func (ls *loops) listen(l net.Listener, at *site) (net.Listener, error) {
	fd, err := ls.dup(l)
	if err != nil {
		return nil, err
	}
	ls.setInherited(l, fd)
	taken := &loopListener{addr: l.Addr(), closed: make(chan struct{})}
	if taken.listener, err = ls.group.Listen(fd, ls.acceptAt(at)); err != nil {
		return nil, err
	}
	_ = l.Close() // the loops have another descriptor of it
	return taken, nil
}

// setInherited sets on a listener what its connections take over.
func (ls *loops) setInherited(l net.Listener, fd int) {
	if _, tcp := l.(*net.TCPListener); !tcp {
		return
	}
	sys := ls.group.Sys()
	_ = sys.SetNoDelay(fd, !ls.server.Nagle)
	if config := ls.server.KeepAliveConfig; config.Enable {
		_ = sys.SetKeepAlive(fd, keepAliveOf(config))
	}
}

// adopt moves a connection that was accepted elsewhere to the loops.
func (ls *loops) adopt(socket net.Conn, at *site) error {
	defer socket.Close()
	fd, err := ls.dup(socket)
	if err != nil {
		return err
	}
	var peer netip.AddrPort
	if a, ok := socket.RemoteAddr().(*net.TCPAddr); ok {
		peer = netip.AddrPortFrom(a.AddrPort().Addr().Unmap(), a.AddrPort().Port())
	}
	ls.group.Adopt(fd, peer, ls.acceptAt(at))
	return nil
}

// dup returns another descriptor of a socket.
func (ls *loops) dup(of any) (fd int, err error) {
	raw, err := of.(syscall.Conn).SyscallConn()
	if err != nil {
		return 0, err
	}
	ctlErr := raw.Control(func(own uintptr) {
		fd, err = ls.group.Sys().Dup(int(own))
		err = os.NewSyscallError("dup", err)
	})
	if ctlErr != nil {
		return 0, ctlErr
	}
	return fd, err
}

// connections returns those there are.
func (ls *loops) connections() (all []*conn) {
	for _, h := range ls.group.Handlers() {
		all = append(all, h.(*loopTransport).conn)
	}
	return all
}

func (ls *loops) close() { ls.group.Close() }

// loopListener is a listener of the loops, seen from Serve.
type loopListener struct {
	listener *loop.Listener
	addr     net.Addr
	once     sync.Once
	closed   chan struct{}
}

// Accept implements net.Listener: the loops accept, this waits for the end.
func (l *loopListener) Accept() (net.Conn, error) {
	<-l.closed
	return nil, net.ErrClosed
}

// Close implements net.Listener.
func (l *loopListener) Close() error {
	l.once.Do(func() {
		l.listener.Close()
		close(l.closed)
	})
	return nil
}

// Addr implements net.Listener.
func (l *loopListener) Addr() net.Addr { return l.addr }
