package http1

import "time"

// requestHooks are the callbacks of a request that few set.
type requestHooks struct {
	aborted, close, timeout func()
	error                   func(error)
}

// OnAborted sets what is called when the connection goes away before the request
// has been read to its end. Goroutine and rules as ServerResponse.OnFinish.
func (req *IncomingMessage) OnAborted(fn func()) {
	req.setHook(func(h *requestHooks) { h.aborted = fn })
}

// OnClose sets what is called, once, when nothing more comes of the request:
// behind OnEnd, or behind OnAborted and OnError. It is not the end of the
// connection. When the connection goes away after the response, before a body
// that nobody wants has been read to its end, nothing is called, as in Node.
// Goroutine and rules as OnAborted.
func (req *IncomingMessage) OnClose(fn func()) { req.setHook(func(h *requestHooks) { h.close = fn }) }

// OnError sets what is called with ErrAborted behind OnAborted, and behind the
// response's OnClose. Goroutine and rules as OnAborted.
func (req *IncomingMessage) OnError(fn func(error)) {
	req.setHook(func(h *requestHooks) { h.error = fn })
}

// SetTimeout sets how long the connection may be quiet, see Socket.SetTimeout.
// If it is longer, and the request has not been read to its end, fn is called
// and the connection stays. fn may be nil. Goroutine and rules as OnAborted.
func (req *IncomingMessage) SetTimeout(d time.Duration, fn func()) {
	req.setHook(func(h *requestHooks) {
		if fn != nil {
			h.timeout = fn
		}
		req.conn.setTimeout(d)
	})
}

// Destroy closes the connection at once. Answers to earlier requests that have
// ended are sent before.
func (req *IncomingMessage) Destroy() { req.conn.destroy() }

func (req *IncomingMessage) setHook(set func(h *requestHooks)) {
	c := req.lockBody()
	if req.hooks == nil {
		req.hooks = new(requestHooks)
	}
	set(req.hooks)
	c.notify()
	c.unlock()
}

// closeRequest calls OnClose of a request that has been read to its end, behind
// what the end of its response brings, if that has ended.
func (c *conn) closeRequest(req *IncomingMessage) {
	if req.hooks != nil && req.hooks.close != nil {
		c.due(event{call: req.hooks.close, req: req})
	}
}

// due adds an event behind those that wait for what was written to leave.
func (c *conn) due(e event) {
	if len(c.finishing) > 0 {
		c.finishing = append(c.finishing, e)
	} else {
		c.events = append(c.events, e)
	}
}

// abortRequests tells requests that the connection has gone away, and their
// responses between two of the calls: Node's order. One that has been read to
// its end hears of that; one whose response has been finished already, of
// nothing.
func (c *conn) abortRequests(all []*IncomingMessage, responses func()) {
	var lost []*IncomingMessage
	for _, req := range all {
		b := &req.body
		if b.ended {
			continue
		}
		b.ended = true
		b.piece = nil
		if !b.taken() {
			if req.ex.res.done {
				continue
			}
			req.aborted = true
		}
		if req.hooks != nil || b.onEnd != nil {
			lost = append(lost, req)
		}
		if h := req.hooks; h != nil && h.aborted != nil && req.aborted {
			c.events = append(c.events, event{call: h.aborted, req: req})
		}
	}
	responses()
	for _, req := range lost {
		if onEnd := req.body.onEnd; onEnd != nil && !req.aborted {
			c.due(event{call: onEnd, req: req})
		}
		if h := req.hooks; h != nil {
			if onError := h.error; onError != nil && req.aborted {
				c.due(event{call: func() { onError(ErrAborted) }, req: req})
			}
			c.closeRequest(req)
		}
	}
}
