package http1

import (
	"bytes"
	"net/netip"
	"syscall"

	"github.com/cork-go/cork/internal/loop"
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
		if c.thirsty {
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
	t.ahead = bytes.Clone(t.ahead)
	if c.work == nil {
		return false
	}
	if c.serving != nil {
		c.serving.req.materialise()
		if t.inUser && !c.waits {
			c.since = t.now()
		}
	}
	c.waits = false
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
