package http1

import "time"

// Cork holds back what is written until Uncork has been called as often, or End
// once. No more than 64 KiB are held back, and not beyond the return of the
// handler that wrote them: answers before this one may be among them.
func (res *ServerResponse) Cork() {
	if c, err := res.lock(); err == nil {
		res.corked++
		c.unlock()
	}
}

// Uncork undoes one Cork and sends what was held back when it was the last.
func (res *ServerResponse) Uncork() {
	if c, err := res.lock(); err == nil {
		if res.corked > 0 {
			res.corked--
		}
		c.settle(res)
		c.unlock()
	}
}

// OnDrain sets what is called when what was written has been taken, after a
// Write with which Server.HighWaterMark bytes or more were waiting
// (WritableNeedDrain). With it Write does not wait before 1 MiB does. Goroutine
// and rules as OnFinish. Over a net.Conn that is not on an event loop, handing
// output to the system may wait for the client all the same.
func (res *ServerResponse) OnDrain(fn func()) {
	res.setHook(func(h *responseHooks) { h.drain = fn })
}

// SetTimeout sets how long the connection may be quiet, from the time on when
// the response is at its front; see Socket.SetTimeout. If it is quiet for longer,
// fn is called and the connection stays. fn may be nil. Goroutine and rules as
// OnFinish.
func (res *ServerResponse) SetTimeout(d time.Duration, fn func()) {
	res.setHook(func(h *responseHooks) {
		if fn != nil {
			h.timeout = fn
		}
		if c := res.conn; c.work != nil && c.outgoing.front() == res {
			c.setTimeout(d)
			c.notify()
		} else {
			h.limit = max(d, 0)
		}
	})
}

// Destroy closes the connection at once if the response is at its front, else
// when its turn comes; answers before it are delivered. What was written and has
// not left yet is dropped.
func (res *ServerResponse) Destroy() {
	c, err := res.lock()
	if err != nil {
		return
	}
	defer c.unlock()
	res.doom()
	c.conclude()
	if c.outgoing.front() == res {
		c.cut()
	}
}

// Destroyed reports whether nothing can be sent any more: the response has been
// finished or destroyed, or its connection has gone away.
func (res *ServerResponse) Destroyed() bool {
	return res.state(true, func(*conn) bool { return res.doomed || res.closed || res.done })
}

// ChunkedEncoding reports whether the head has been built and says that the body
// is chunked.
func (res *ServerResponse) ChunkedEncoding() bool {
	return res.built && res.length.kind == bodyChunked
}

// WritableLength returns how many bytes of the response wait: for its turn, for
// more of them, or for the client.
func (res *ServerResponse) WritableLength() int {
	return res.count(res.backlog)
}

// WritableHighWaterMark returns Server.HighWaterMark.
func (res *ServerResponse) WritableHighWaterMark() int {
	return res.count(func(c *conn) int { return c.server.mark })
}

// WritableNeedDrain reports whether OnDrain is going to be called.
func (res *ServerResponse) WritableNeedDrain() bool {
	return res.state(false, func(*conn) bool { return res.needDrain })
}

// WritableCorked returns how many Uncorks are missing.
func (res *ServerResponse) WritableCorked() int {
	return res.count(func(*conn) int { return res.corked })
}

// state reads something that mu guards; without is what it is without
// connection.
func (res *ServerResponse) state(without bool, read func(*conn) bool) bool {
	c := res.conn
	if c == nil {
		return without
	}
	c.mu.Lock()
	defer c.unlock()
	return read(c)
}

func (res *ServerResponse) count(read func(*conn) int) int {
	c := res.conn
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.unlock()
	return read(c)
}
