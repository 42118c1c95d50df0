package http1

import (
	"time"

	"github.com/cork-go/cork/internal/httpparse"
)

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
	displaced := false
	switch {
	case res.ended:
		e.Answer = nil
	case res.onWire:
		e.Answer = nil
		c.cutOff = true
	default:
		c.outgoing.popBack() // the newest request is the one that was being read
		c.heldBytes -= len(res.held)
		displaced = true
	}
	c.abortRequests([]*IncomingMessage{req}, func() {
		if displaced {
			res.close()
		}
	})
	if c.incoming.back() == req {
		c.incoming.popBack()
	}
}

// answerRefusal sends the answer of refuse and closes.
func (c *conn) answerRefusal() {
	e, sendable := c.refused, c.refused.Answer != nil
	if hook := c.server.OnClientError; hook != nil {
		c.unlocked(func() { hook(e) })
	}
	if !sendable {
		e.Answer = nil
	}
	c.endRefused(e.Answer)
}

// endRefused is answerRefusal behind the hook.
func (c *conn) endRefused(answer []byte) {
	c.refused = nil
	if c.writing != writeOpen {
		return // closed meanwhile
	}
	if front := c.outgoing.front(); c.cutOff && front != nil {
		c.breakOff(front)
		return
	}
	c.gather(answer)
	c.endOutput()
}

// deadline returns when tick has something to do, zero for never.
func (c *conn) deadline() instant {
	d := c.messageDeadline()
	if c.quiet != nil {
		return earlier(d, c.quietDeadline())
	}
	return d
}

func (c *conn) messageDeadline() instant {
	s := &c.server.timeouts
	switch c.reading {
	case readIdle:
		if c.idleSince == 0 { // nothing has come yet
			return c.started.after(s.head)
		}
		if (c.work == nil || c.outgoing.len() == 0) && c.t.pending() == 0 && (c.quiet == nil || !c.quiet.told) {
			return c.idleSince.after(s.idle)
		}
	case readHead:
		return c.started.after(s.head)
	case readBody:
		if !c.current.arrived(c) && !c.current.body.patient {
			return earlier(c.started.after(s.request), c.bodyDeadline())
		}
	case readDrop:
		if c.writing == writeLast && c.t.pending() == 0 {
			return c.lingerUntil
		}
	}
	return 0
}

// bodyDeadline returns when the client will have been too slow with the body that
// it is sending, if the server waits for it: begins to, perhaps. While nobody
// wants the body, or a piece of it has not been taken, it is not the client that
// is slow.
func (c *conn) bodyDeadline() instant {
	at, b := &c.server.timeouts.body, &c.current.body
	if at.bytes == 0 || b.flow == flowUnasked || b.paused || c.meetInput() != stepRead {
		return 0
	}
	come := b.received + uint64(b.dumped)
	b.patience.earn(come-b.counted, at)
	b.counted = come
	b.patience.begin(c.clock())
	return b.patience.until(at)
}

// waited: what the carrier has waited for has come, or something else.
func (c *conn) waited() {
	if c.work != nil && c.current != nil && c.current.body.patience.since != 0 {
		c.current.body.patience.end(c.clock())
	}
}

// earlier returns the earlier one of two times that may be none.
func earlier(a, b instant) instant {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// tick tells the connection what time it is. A client that is too slow with a
// request gets 408; one that has just been quiet is closed without a word.
func (c *conn) tick(now instant) {
	c.now = now
	if c.quiet != nil {
		if q := c.quietDeadline(); q != 0 && now >= q {
			c.quietTooLong()
			return
		}
	}
	d := c.messageDeadline()
	switch {
	case d == 0 || now < d:
	case c.reading == readDrop:
		c.depart()
	case c.reading == readIdle && c.idleSince != 0:
		c.idleTooLong()
	default:
		c.wake()
		c.refuse(timeoutRefusal())
	}
}

// closeIdle closes the connection if nothing is going on. One that has not sent
// anything may be about to, and is let alone for a while. It does not wait for
// mu: somebody who holds it is at work.
func (c *conn) closeIdle(while time.Duration) {
	if !c.mu.TryLock() {
		return
	}
	defer c.unlock()
	fresh := c.idleSince == 0 && c.clock()-c.started < instant(while)
	if c.writing == writeOpen && c.reading == readIdle && !fresh && c.work == nil && c.t.pending() == 0 {
		c.shut()
	}
}

var _ httpparse.Handler = (*conn)(nil)
