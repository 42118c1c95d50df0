package http1

import (
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/cork-go/cork/internal/invariants"
)

// handle calls the handler of the request that has come in.
func (c *conn) handle() {
	ex := c.fresh
	c.fresh = nil
	req, res := &ex.req, &ex.res
	if req.expect == expectContinue {
		res.sendContinue(c)
		if c.writing == writeClosed {
			return
		}
	}
	c.serving = ex
	c.t.enter()
	c.unlock()
	fault := c.server.serveRequest(req, res)
	c.t.leave()
	c.mu.Lock()
	for c.pumping {
		c.wait()
	}
	c.serving = nil
	c.failed(res, fault)
	ex.returned = true
	if !res.ended || ex.lent {
		ex.lent = true
		req.materialise() // the head's bytes go away now
	}
	req.head = nil
	c.retire(ex)
}

// due returns the request whose OnData or OnEnd has to be called next, or nil.
func (c *conn) due() *IncomingMessage {
	if !c.hooks {
		return nil
	}
	for _, req := range c.incoming.items[c.incoming.head:] {
		if req.ex.returned && req.body.due() {
			return req
		}
	}
	return nil
}

// deliver calls OnData or OnEnd.
func (c *conn) deliver() {
	req := c.due()
	b := &req.body
	call := b.onEnd
	if data := b.piece; len(data) > 0 {
		onData := b.onData
		call = func() { onData(data) }
	} else {
		b.ended = true
	}
	c.lent = true
	c.t.enter()
	c.unlock()
	fault := c.server.call(call, req)
	c.t.leave()
	c.mu.Lock()
	c.lent = false
	b.piece = nil
	c.failed(&req.ex.res, fault)
	c.sweep()
}

// failed is what becomes of a response whose handler has panicked: a 500 if
// nothing of it has been sent, else the connection is closed.
func (c *conn) failed(res *ServerResponse, fault any) {
	if fault == nil || res.ended || c.writing == writeClosed || res.closed {
		return
	}
	if fault == http.ErrAbortHandler || res.onWire {
		c.flush()
		c.shut()
		return
	}
	c.heldBytes -= len(res.held)
	res.held = res.held[:0]
	res.OutgoingMessage.reset()
	res.StatusMessage = ""
	res.head = res.head[:0]
	res.keepAlive = false
	c.mu.Unlock()
	_ = res.SetHeader("Content-Type", "text/plain; charset=utf-8")
	res.StatusCode = 500
	_ = res.End(StatusText(500))
	c.mu.Lock()
}

// serveRequest calls the handler and returns what it panicked with, or nil.
func (s *Server) serveRequest(req *IncomingMessage, res *ServerResponse) (fault any) {
	defer func() { fault = s.report(recover(), req) }()
	s.OnRequest(req, res)
	return nil
}

// call does the same for a callback.
func (s *Server) call(fn func(), req *IncomingMessage) (fault any) {
	defer func() { fault = s.report(recover(), req) }()
	fn()
	return nil
}

// report logs a panic of the application and returns it. http.ErrAbortHandler
// is no news; a violated invariant is ours and goes on up.
func (s *Server) report(fault any, req *IncomingMessage) any {
	if fault == nil || fault == http.ErrAbortHandler {
		return fault
	}
	if v, ok := fault.(invariants.Violation); ok {
		panic(v)
	}
	s.logger().Error("http1: panic in handler", "panic", fmt.Sprint(fault), "method", req.Method(),
		"remote", req.RemoteAddr(), "stack", string(debug.Stack()))
	return fault
}
