package http1

import "github.com/cork-go/cork/internal/httpparse"

// refuse stops reading: nothing behind this point of the input is a request.
// The answer goes out when the earlier requests have theirs. mu is held; it is
// not called from inside the parser.
//
// If the request's handler is running already, since the fault is in its body,
// the answer takes the place of its response, unless some of that is out. A
// request gets one answer: if its own has begun the connection is cut, and if
// that was complete, closed.
func (c *conn) refuse(e *ClientError) {
	c.refused = e
	c.filling = nil
	e.Answer = cannedAnswer(e.Status)
	c.in, c.paused = nil, false
	c.reading = readDrop
	if req := c.current; req != nil {
		c.current = nil
		c.displace(req, e)
	}
	c.notify()
}

// displace makes room for the answer to a request whose body is at fault.
func (c *conn) displace(req *IncomingMessage, e *ClientError) {
	res := &req.ex.res
	req.ex.lent = true
	req.body.piece = nil
	switch {
	case res.ended:
		e.Answer = nil
	case res.onWire:
		e.Answer = nil
		c.cut = true
	default:
		c.outgoing.popBack() // the newest request is the one that was being read
		c.heldBytes -= len(res.held)
		res.close()
	}
	if !res.done {
		req.aborted = true
	}
	if c.incoming.back() == req {
		c.incoming.popBack()
	}
}

// answerRefusal sends the answer of refuse and closes.
func (c *conn) answerRefusal() {
	e, sendable := c.refused, c.refused.Answer != nil
	if hook := c.server.OnClientError; hook != nil {
		c.lent = true
		c.t.enter()
		c.unlock()
		c.server.guard(func() { hook(e) })
		c.t.leave()
		c.mu.Lock()
		c.lent = false
	}
	c.refused = nil
	if c.writing != writeOpen {
		return // closed meanwhile
	}
	if c.cut {
		c.flush()
		c.shut()
		return
	}
	if sendable {
		c.gather(e.Answer)
	}
	c.endOutput()
}

// deadline returns when tick has something to do, zero for never.
func (c *conn) deadline() instant {
	s := &c.server.timeouts
	switch c.reading {
	case readIdle:
		if c.requests == 0 {
			return c.started.after(s.head)
		}
		if c.work == nil || c.outgoing.len() == 0 {
			return c.idleSince.after(s.idle)
		}
	case readHead:
		return c.started.after(s.head)
	case readBody:
		return c.started.after(s.request)
	case readDrop:
		if c.writing == writeLast && c.t.pending() == 0 {
			return c.lingerUntil
		}
	}
	return 0
}

// tick tells the connection what time it is. A client that is too slow with a
// request gets 408; one that has just been quiet is closed without a word.
func (c *conn) tick(now instant) {
	c.now = now
	d := c.deadline()
	if d == 0 || now < d {
		return
	}
	if c.reading == readDrop || c.reading == readIdle && c.requests > 0 {
		c.shut()
		return
	}
	c.wake()
	c.refuse(timeoutRefusal())
}

// closeIdle closes the connection if nothing is going on. It does not wait for
// mu: somebody who holds it is at work.
func (c *conn) closeIdle() {
	if !c.mu.TryLock() {
		return
	}
	defer c.unlock()
	fresh := c.requests == 0 && c.clock()-c.started < instant(acceptDelayMax)
	if c.writing == writeOpen && c.reading == readIdle && !fresh && c.work == nil && c.t.pending() == 0 {
		c.shut()
	}
}

var _ httpparse.Handler = (*conn)(nil)
