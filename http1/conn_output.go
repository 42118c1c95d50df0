package http1

import "time"

// send writes for res: its head if that has not been sent, then a, p and b. At
// the front the bytes are gathered in out, or written with what is there if p
// is large; behind it they are held. mu is held.
func (c *conn) send(res *ServerResponse, a, p, b []byte) {
	if c.writing != writeOpen || res.closed {
		res.head = res.head[:0]
		return
	}
	if c.outgoing.front() != res {
		n := len(res.held)
		res.held = append(append(append(append(res.held, res.head...), a...), p...), b...)
		c.heldBytes += len(res.held) - n
		res.head = res.head[:0]
		return
	}
	res.onWire = true
	c.gather(res.head)
	res.head = res.head[:0]
	c.gather(a)
	if len(p) <= copyBytesMax || res.corked > 0 && !res.ended && len(p) < outBytesMax ||
		c.turn && res.drains() && len(c.out)+len(p) <= drainBytesMax {
		c.gather(p)
		c.gather(b)
	} else {
		c.write(p, b)
	}
}

// gather adds to what will be written.
func (c *conn) gather(p []byte) {
	if len(p) == 0 {
		return
	}
	if need := len(c.out) + len(p); need > cap(c.out) && c.outBuf == nil {
		c.growOut(need)
	}
	c.out = append(c.out, p...)
}

// growOut makes room for need bytes: most answers are small.
func (c *conn) growOut(need int) {
	switch {
	case need > outBytesKept:
		c.outBuf = c.pools.buffer()
		c.out = append(c.outBuf.b[:0], c.out...)
	case c.small == nil:
		c.small = make([]byte, 0, outBytesKept)
		c.out = c.small
	default:
		c.out = c.small
	}
}

// flush hands over what was gathered.
func (c *conn) flush() { c.write(nil, nil) }

// write hands over what was gathered, then p and b. An error is the end of the
// connection.
func (c *conn) write(p, b []byte) {
	if c.writing != writeOpen {
		return
	}
	bufs := c.vec[:0]
	if len(c.out) > 0 {
		bufs = append(bufs, c.out)
	}
	if len(p) > 0 {
		bufs = append(bufs, p)
	}
	if len(b) > 0 {
		bufs = append(bufs, b)
	}
	if len(bufs) > 0 {
		c.sent += uint64(len(c.out) + len(p) + len(b))
		err := c.t.write(bufs)
		clear(bufs)
		c.releaseOut()
		c.frontAt = 0
		if err != nil {
			c.broken = true
			c.shut()
			return
		}
		if c.quiet != nil {
			c.quiet.stirred(c.clock())
		}
	}
	if (len(c.finishing) > 0 || c.draining) && c.t.pending() == 0 {
		c.finished()
	}
}

// finished: everything that was written has been handed to the operating system.
func (c *conn) finished() {
	if c.draining {
		c.drain()
	}
	c.events = append(c.events, c.finishing...)
	clear(c.finishing)
	c.finishing = c.finishing[:0]
}

// drain calls OnDrain of the response at the front if it waits for that; others
// have their turn later.
func (c *conn) drain() {
	c.draining = c.outgoing.len() > 1
	if res := c.outgoing.front(); res != nil && res.needDrain {
		res.needDrain = false
		c.events = append(c.events, event{call: res.hooks.drain, req: &res.ex.req})
	}
}

// drained is called by the carrier when the client has taken all that was
// pending.
func (c *conn) drained() {
	if c.writing == writeClosed {
		return
	}
	c.wake()
	c.finished()
	c.idleSince = c.clock()
	if c.writing == writeLast {
		c.lingerUntil = c.clock().after(c.server.timeouts.linger)
		if c.eof || c.severed {
			c.depart()
			return
		}
	}
	c.notify()
}

// clock returns the time on the server's clock.
func (c *conn) clock() instant { return c.t.now() }

func (c *conn) releaseOut() {
	if c.outBuf != nil {
		if cap(c.out) <= bufferBytesKept {
			c.outBuf.b = c.out[:0]
		}
		c.pools.putBuffer(c.outBuf)
		c.outBuf = nil
	}
	c.out = nil
}

// settle decides what becomes of what was just written for res. While run is
// at work, output may wait for it, a millisecond at most; so the answers to a
// pipelined batch, or head and pieces of one answer, leave in one write, and on a
// loop those of several connections one after the other.
func (c *conn) settle(res *ServerResponse) {
	if res.ended && c.turn && c.holding && !c.pumping && c.waiters == 0 && len(c.out) < outBytesMax {
		return // the rest of it in short: there is nothing to decide, and run looks again
	}
	for res.waits(c) {
		c.flush()
		if !res.waits(c) {
			break
		}
		c.t.block()
		c.wait()
	}
	gather := outBytesMax
	if res.drains() {
		gather = drainBytesMax
	}
	if res.drains() && !res.ended && res.backlog(c) >= c.server.mark {
		res.needDrain, c.draining = true, true
	}
	switch {
	case res.corked > 0 && len(c.out) < outBytesMax:
	case len(c.out) == 0 && len(c.finishing) == 0:
	case c.turn && len(c.out) < gather && c.hold(!res.ended || c.fresh != nil || len(c.in) > 0):
	default:
		c.flush()
	}
	c.notify()
}

// backlog is how many bytes of the response wait: for its turn, for more of
// them, or for the client.
func (res *ServerResponse) backlog(c *conn) int {
	if c.work == nil || c.outgoing.front() != res {
		return len(res.held)
	}
	return len(c.out) - min(c.frontAt, len(c.out)) + c.t.pending()
}

// waits reports whether a Write has to wait: for the response's turn, or for the
// client.
func (res *ServerResponse) waits(c *conn) bool {
	if res.ended || res.closed || c.writing != writeOpen {
		return false
	}
	if res.drains() {
		return len(res.held) > drainBytesMax || c.outgoing.front() == res && c.t.pending() > drainBytesMax
	}
	return len(res.held) > 0 && c.heldBytes > c.server.mark ||
		c.outgoing.front() == res && c.t.pending() > c.server.mark
}

// failure returns what became of a response that was just written.
func (c *conn) failure(res *ServerResponse) error {
	if res.closed || c.broken || c.writing == writeClosed && !res.done {
		return ErrConnectionClosed
	}
	return nil
}

// hold reports whether output may wait; more says that there may be more of it.
func (c *conn) hold(more bool) bool {
	c.holding = c.holding || c.t.hold(more)
	return c.holding
}

// unhold: there is nothing left that waits.
func (c *conn) unhold() {
	if c.holding {
		c.holding = false
		c.t.unhold()
	}
}

// held writes what has waited long enough. The carrier calls it.
func (c *conn) held() {
	if c.work != nil && c.holding {
		c.holding = false
		c.flush()
	}
}

// shift moves both queues while the response at the front has ended: Node's
// resOnFinish.
func (c *conn) shift() {
	for c.writing == writeOpen {
		res := c.outgoing.front()
		if res == nil || !res.ended {
			return
		}
		c.outgoing.pop()
		res.done = true
		c.frontAt = len(c.out)
		if h := res.hooks; h != nil {
			c.finishing = h.append(c.finishing, res)
		}
		if c.unread(&res.ex.req) || res.last {
			c.endOutput()
			return
		}
		if c.outgoing.len() == 0 {
			c.unoccupied()
		}
		c.sweep()
		if res.ex.returned {
			c.retire(res.ex)
		}
		c.promote()
	}
}

// unoccupied: all answers are out, and the connection may be idle from now on.
func (c *conn) unoccupied() {
	c.idleSince = c.clock()
	if c.quiet != nil && c.server.timeouts.idle > 0 {
		c.quiet.limit = max(c.server.Timeout, 0)
		c.quiet.stirred(c.idleSince)
	}
}

// conclude has no further request read, but the one whose body is being read.
func (c *conn) conclude() {
	c.dropFresh()
	switch {
	case c.current != nil:
		c.current.keepAlive = false
	case c.reading <= readTunnel && c.tunnel == nil:
		c.reading = readDrop
		c.in, c.paused, c.filling = nil, false, nil
	}
}

// dropFresh forgets a request whose handler has not been called.
func (c *conn) dropFresh() {
	ex := c.fresh
	if ex == nil {
		return
	}
	c.fresh = nil
	if c.outgoing.back() == &ex.res { // else it is not known yet what it is
		c.outgoing.popBack()
		c.incoming.popBack()
	}
	if c.current == &ex.req {
		c.current, c.reading = nil, readDrop
		c.in, c.paused = nil, false
	}
}

// unread stops a request whose response has ended from waiting for somebody to
// take its body. It reports whether what is still to come is too much to read
// for the connection's sake.
func (c *conn) unread(req *IncomingMessage) (tooMuch bool) {
	b := &req.body
	if b.flow == flowEvents || req.complete && b.flow == flowReader {
		return false
	}
	b.dump()
	return !req.complete && req.length.kind == bodySized && req.length.size-b.received > dumpBytesMax
}

// promote gives the transport to the response that is at the front now.
func (c *conn) promote() {
	res := c.outgoing.front()
	if res == nil {
		return
	}
	if res.hooks != nil && res.hooks.limit != 0 {
		c.setTimeout(res.hooks.limit)
	}
	if res.doomed {
		c.endOutput()
		return
	}
	if len(res.held) == 0 {
		return
	}
	c.heldBytes -= len(res.held)
	res.onWire = true
	if len(res.held) <= copyBytesMax {
		c.gather(res.held)
	} else {
		c.write(res.held, nil)
	}
	res.held = res.held[:0]
}

// endOutput sends what is left, closes the output and lets the client read it:
// what it still sends is read and dropped, within bounds, since a reset could
// take the answer from it (RFC 9112 section 9.6). A client that has said itself
// that it sends no more, and has kept to it, is not waited for.
func (c *conn) endOutput() {
	c.flush()
	if c.writing != writeOpen {
		return
	}
	c.t.push()
	if c.writing != writeOpen {
		return
	}
	settled := c.parted && c.dropped == 0 && len(c.in) == 0 && c.t.pending() == 0 && !c.t.unread()
	c.writing, c.reading = writeLast, readDrop
	c.abandon()
	c.in, c.paused, c.overfull = nil, false, false
	c.fresh, c.tunnel = nil, nil
	c.lingerUntil = c.clock().after(c.server.timeouts.linger)
	switch {
	case c.severed:
		c.depart()
	case settled || c.eof && c.t.pending() == 0:
		c.depart()
	case !c.t.closeWrite():
		c.shut()
	default:
		c.notify()
	}
}

// close: the connection went away before the response was finished.
func (res *ServerResponse) close() {
	res.closed = true
	res.held = nil
	if b := res.ex.bridge; b != nil {
		b.ctx.cancel()
	}
	if c := res.conn; res.hooks != nil && res.hooks.close != nil {
		c.events = append(c.events, event{call: res.hooks.close, req: &res.ex.req})
	}
}

// append adds what is due when the response has been handed over.
func (h *responseHooks) append(events []event, res *ServerResponse) []event {
	if h.finish != nil {
		events = append(events, event{call: h.finish, req: &res.ex.req, finish: true})
	}
	if h.close != nil {
		events = append(events, event{call: h.close, req: &res.ex.req})
	}
	return events
}

// event is a callback that is due.
type event struct {
	call   func()
	req    *IncomingMessage
	finish bool // OnFinish: not due if the answer could not be handed over
}

// fire calls the callbacks that are due, without mu, in order and one at a time
// per connection.
func (c *conn) fire() {
	if len(c.events) == 0 || c.firing {
		return
	}
	c.firing = true
	returned := false
	defer func() {
		if !returned { // Goexit: the goroutine is lost, the other events are not
			c.mu.Lock()
			c.firing = false
			c.mu.Unlock()
		}
	}()
	for len(c.events) > 0 {
		e := c.events[0]
		n := copy(c.events, c.events[1:])
		c.events[n] = event{}
		c.events = c.events[:n]
		c.mu.Unlock()
		c.server.call(e.call, e.req)
		c.mu.Lock()
	}
	c.firing, returned = false, true
	if c.hooks {
		c.notify() // OnEnd may have waited for these
	}
}

// unlock releases mu and sees to it that what is due is called.
func (c *conn) unlock() {
	if w := c.work; w != nil && !(w.turn && len(w.events) == 0) {
		c.tell()
		c.rest()
	}
	c.mu.Unlock()
}

// tell sees to it that the callbacks that are due are called soon: by run, which
// comes to them by itself, or on a goroutine of their own. Nobody finds himself
// called back from inside of a call of his own. While code of the application
// runs on the connection's goroutine they wait for it, a millisecond at most.
func (c *conn) tell() {
	switch {
	case len(c.events) == 0 || c.firing || c.telling || c.turn && c.calling == nil:
	case !c.turn:
		c.telling = true
		go c.tellLate()
	case !c.reminded:
		c.reminded = true
		time.AfterFunc(holdTime, c.tellLate)
	}
}

// tellLate runs on a goroutine of its own, which ends with the calls; if one of
// them ends it, another goes on.
func (c *conn) tellLate() {
	returned := false
	defer func() {
		if !returned {
			go c.tellLate()
		}
	}()
	c.mu.Lock()
	if c.work != nil {
		c.telling, c.reminded = false, false
		c.fire()
	}
	c.unlock()
	returned = true
}
