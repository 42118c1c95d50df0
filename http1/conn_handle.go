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
	if ex.task == taskAsk && !c.ask(ex) {
		return
	}
	req, res := &ex.req, &ex.res
	handler := c.server.onRequest
	if ex.task != taskServe {
		handler = c.prepare(ex)
	}
	if handler != nil && c.writing != writeClosed {
		c.serving, c.calling = ex, ex
		c.t.enter()
		c.unlock()
		fault := c.server.serveRequest(handler, req, res)
		c.mu.Lock()
		c.t.leave()
		for c.pumping {
			c.wait()
		}
		c.serving, c.calling = nil, nil
		if fault != nil {
			c.failed(res, fault)
		}
		if res.faulted {
			res.mend(c)
		}
	}
	ex.returned = true
	if !res.ended || ex.lent {
		ex.lent = true
		req.materialise() // the head's bytes go away now
	}
	req.head = nil
	c.retire(ex)
}

// dueRequest returns the request whose OnData or OnEnd has to be called next, or nil.
func (c *conn) dueRequest() *IncomingMessage {
	if !c.hooks {
		return nil
	}
	for _, req := range c.incoming.items[c.incoming.head:] {
		if req.ex.returned && req.body.due(c) {
			return req
		}
	}
	return nil
}

// deliver calls OnData or OnEnd.
func (c *conn) deliver() {
	req := c.dueRequest()
	b := &req.body
	call := b.onEnd
	if data := b.piece; len(data) > 0 {
		if call = nil; b.onData != nil {
			onData := b.onData
			call = func() { onData(data) }
		}
	} else {
		b.ended = true
	}
	if call != nil {
		c.lent, c.calling = true, req.ex
		c.t.enter()
		c.unlock()
		fault := c.server.call(call, req)
		c.mu.Lock()
		c.t.leave()
		c.lent, c.calling = false, nil
		c.failed(&req.ex.res, fault)
		req.ex.res.mend(c)
	}
	b.piece = nil
	if b.ended {
		c.closeRequest(req)
	}
	c.sweep()
}

// failed is what becomes of a response whose handler has panicked: a 500 if
// nothing of it has been sent, else it is broken off. Either is the last answer
// of its connection, behind those that were asked for before.
func (c *conn) failed(res *ServerResponse, fault any) {
	if fault == nil {
		return
	}
	res.ex.req.body.onData = nil // what is left of the body is nobody's
	if res.ended || c.writing == writeClosed || res.closed {
		return
	}
	if fault == http.ErrAbortHandler || res.onWire || c.server.Handler != nil {
		c.breakOff(res)
		return
	}
	c.heldBytes -= len(res.held)
	res.held = res.held[:0]
	res.OutgoingMessage.reset()
	res.StatusMessage = ""
	res.head = res.head[:0]
	res.written, res.StrictContentLength = 0, false
	res.ShouldKeepAlive = false
	c.mu.Unlock()
	_ = res.SetHeader("Content-Type", "text/plain; charset=utf-8")
	res.StatusCode = 500
	_ = res.End(StatusText(500))
	c.mu.Lock()
}

// exited: code of the application has ended the goroutine that ran the connection
// (runtime.Goexit); another one goes on. The connection ends when the answers that
// are due are out. One that the code was asked for is broken off, as by
// http.ErrAbortHandler, and so is the answer of a refusal.
func (c *conn) exited() {
	w := c.work
	if w == nil {
		c.shut()
		return
	}
	c.disown()
	ex, inHook := w.calling, w.lent
	w.turn, w.lent, w.serving, w.calling = false, false, nil, nil
	if ex == nil && inHook && w.refused != nil {
		c.endRefused(nil)
		return
	}
	c.conclude()
	last := w.outgoing.back()
	if ex == nil && last != nil && !last.ex.returned {
		ex = last.ex // the hook of a request that is dropped
	}
	if ex != nil {
		c.left(ex)
	}
	switch last = w.outgoing.back(); {
	case c.writing != writeOpen:
	case last != nil:
		last.last = true
	default:
		c.endOutput()
	}
}

// left does what is left to do of handle or deliver.
func (c *conn) left(ex *exchange) {
	if !ex.returned {
		ex.returned, ex.lent = true, true
		ex.req.materialise()
		ex.req.head = nil
	}
	ex.req.body.piece = nil
	c.failed(&ex.res, http.ErrAbortHandler)
}

// serveRequest calls the handler and returns what it panicked with, or nil.
func (s *Server) serveRequest(handler func(*IncomingMessage, *ServerResponse), req *IncomingMessage, res *ServerResponse) (fault any) {
	returned := false
	defer func() {
		if !returned {
			fault = s.report(recover(), req)
		}
	}()
	handler(req, res)
	returned = true
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
	if s.Handler != nil && req != nil {
		s.logf("http: panic serving %v: %v\n%s", req.RemoteAddr(), fault, debug.Stack())
		return fault
	}
	about := []any{"panic", fmt.Sprint(fault), "stack", string(debug.Stack())}
	if req != nil {
		about = append(about, "method", req.Method(), "remote", req.RemoteAddr())
	}
	s.logger().Error("http1: panic in handler", about...)
	return fault
}
