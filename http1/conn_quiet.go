package http1

import "time"

// quiet watches how long a connection has been without input and output: Node's
// socket timeout. Few connections have one.
type quiet struct {
	limit time.Duration // 0: none
	since instant       // 0: it has been told, and nothing has happened since
	told  bool          // so has the end of IdleTimeout
}

// setTimeout is Socket.SetTimeout. mu is held.
func (c *conn) setTimeout(d time.Duration) {
	if c.writing == writeClosed {
		return
	}
	if c.quiet == nil {
		c.quiet = new(quiet)
	}
	c.quiet.limit = max(d, 0)
	c.quiet.since = c.clock()
}

// stirred: there was input or output.
func (q *quiet) stirred(now instant) {
	q.since, q.told = now, false
}

// deadline returns when the connection will have been quiet for too long; 0 for
// never.
func (q *quiet) deadline() instant {
	if q == nil || q.since == 0 {
		return 0
	}
	return q.since.after(q.limit)
}

// quietDeadline is the deadline while there are requests, and before the first
// one. In between it is IdleTimeout's business.
func (c *conn) quietDeadline() instant {
	if c.idleSince != 0 && c.server.timeouts.idle > 0 && (c.work == nil || c.outgoing.len() == 0) {
		return 0
	}
	return c.quiet.deadline()
}

// quietTooLong tells who has asked for it, or closes.
func (c *conn) quietTooLong() {
	c.wake()
	c.quiet.since = 0
	told := false
	tell := func(call func(), req *IncomingMessage) {
		if call != nil {
			c.events = append(c.events, event{call: call, req: req})
			told = true
		}
	}
	if req := c.current; req != nil && req.hooks != nil {
		tell(req.hooks.timeout, req)
	}
	if res := c.outgoing.front(); res != nil && res.hooks != nil {
		tell(res.hooks.timeout, &res.ex.req)
	}
	tell(c.onTimeout(), nil)
	if !told {
		c.cut()
	}
}

// onTimeout returns the call of Server.OnTimeout, or nil.
func (c *conn) onTimeout() func() {
	if c.server.OnTimeout == nil {
		return nil
	}
	return func() { c.server.OnTimeout(Socket{c}) }
}

// idleTooLong is the end of IdleTimeout: the server's listener has the
// connection, as in Node, or it is closed.
func (c *conn) idleTooLong() {
	call := c.onTimeout()
	if call == nil {
		c.depart()
		return
	}
	if c.quiet == nil {
		c.quiet = new(quiet)
	}
	c.quiet.told = true
	c.wake()
	c.events = append(c.events, event{call: call})
}
