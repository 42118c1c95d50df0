package http1

import (
	"math"
	"net/http"
	"time"

	"github.com/cork-go/cork/internal/invariants"
)

// shut ends the connection, once: requests in it are aborted, the parser goes
// back. mu is held.
func (c *conn) shut() {
	if c.writing == writeClosed {
		return
	}
	c.reading, c.writing = readClosed, writeClosed
	c.server.gone()
	c.stateEvent(http.StateClosed)
	if c.work != nil {
		if c.calling != nil {
			c.orphan = true
			c.server.orphans.Add(1)
		}
		c.abandon()
		c.in, c.filling, c.fresh, c.tunnel, c.refused = nil, nil, nil, nil, nil
		c.unhold()
		c.releaseOut()
		c.dropFinishing()
	}
	c.t.close()
	c.notify()
}

// disown: code of the application that was at work when the connection was closed
// has returned.
func (c *conn) disown() {
	if c.orphan {
		c.orphan = false
		c.server.orphans.Add(-1)
	}
}

// breakOff ends the connection with a response that does not become whole, when
// its turn comes: what was earned before it is delivered, nothing behind it is
// executed. That it is not whole shows by its length or by its last chunk; if it
// would end with the connection, by a reset.
func (c *conn) breakOff(res *ServerResponse) {
	c.conclude()
	if c.outgoing.front() != res {
		res.doom()
		return
	}
	c.severed = res.onWire && !res.noBody && res.length.kind == bodyUntilClose
	c.endOutput()
}

// doom: the connection ends when it is the response's turn.
func (res *ServerResponse) doom() {
	res.doomed = true
	res.conn.heldBytes -= len(res.held)
	res.held = nil
}

// depart closes a connection on which nothing is going on any more. While the
// client's system has not taken its answers, which the kernel holds then, it stays
// on, as long as the client keeps the pace that WriteTimeout asks for; then it is
// reset. To close it would leave it to the kernel, which tries for minutes.
func (c *conn) depart() {
	left, severed := 0, c.work != nil && c.severed
	if severed || c.sent > unsentIgnored && c.server.timeouts.answer.bytes != 0 {
		left = c.t.unsent()
	}
	if left == 0 {
		if severed {
			c.t.reset()
		}
		c.shut()
		return
	}
	c.wake()
	if c.writing == writeOpen {
		c.endOutput()
		return
	}
	now, at := c.clock(), &c.server.timeouts.answer
	if c.unsent != 0 {
		c.taking.end(now)
		c.taking.earn(uint64(max(0, int(c.unsent)-left)), at)
	} else if !severed && !c.t.closeWrite() {
		c.shut()
		return
	}
	c.unsent = uint32(min(left, math.MaxInt32))
	c.taking.begin(now)
	d := c.taking.until(at)
	if d != 0 && now >= d {
		c.t.reset()
		c.shut()
		return
	}
	look := min(max(2*time.Duration(c.look)*time.Millisecond, departLookMin), c.server.timeouts.linger)
	c.look = uint32(look / time.Millisecond)
	c.lingerUntil = earlier(d, now.after(look))
	c.notify()
}

// abort is shut for another goroutine.
func (c *conn) abort() {
	c.mu.Lock()
	c.shut()
	c.unlock()
}

// abandon gives up all messages that are not finished.
func (c *conn) abandon() {
	c.abortRequests(c.incoming.items[c.incoming.head:], func() {
		for res := c.outgoing.pop(); res != nil; res = c.outgoing.pop() {
			res.close()
		}
	})
	for c.incoming.len() > 0 {
		c.incoming.pop()
	}
	c.current = nil
	c.heldBytes = 0
}

// dropFinishing is for responses that have ended and were not handed over: no
// OnFinish, but OnClose.
func (c *conn) dropFinishing() {
	for _, e := range c.finishing {
		if !e.finish {
			c.events = append(c.events, e)
		}
	}
	c.finishing = nil
}

// leaveHTTP ends the connection as far as HTTP goes; the carrier has its socket.
func (c *conn) leaveHTTP() {
	c.reading, c.writing = readClosed, writeClosed
	c.server.gone()
	c.tunnel, c.in = nil, nil
}

// check holds the states against each other.
func (c *conn) check() {
	invariants.Check((c.reading == readClosed) == (c.writing == writeClosed), "http1: one direction closed without the other")
	invariants.Check(c.cond.L == &c.mu, "http1: work of another connection")
	invariants.Check((c.reading == readBody) == (c.current != nil), "http1: body without message")
	invariants.Check(c.writing != writeLast || c.reading == readDrop, "http1: messages are read after the last answer")
	invariants.Check(c.writing == writeOpen || c.outgoing.len() == 0, "http1: responses after the last answer")
	invariants.Check(c.outgoing.len() <= pipelineRequestsMax, "http1: more requests than allowed")
	invariants.Check(c.heldBytes >= 0, "http1: held bytes")
	front := c.outgoing.front()
	invariants.Check(front == nil || len(front.held) == 0, "http1: held bytes at the front")
}
