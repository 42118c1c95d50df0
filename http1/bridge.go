package http1

import (
	"net/http"
	"net/url"
)

// bridgeValues is how many fields find room for their values in the bridge itself:
// what a program sends, or half of what a browser does.
const bridgeValues = 8

// bridge carries one request through Server.Handler: everything of it that
// net/http's interfaces name, in one piece of memory. Handlers may keep what they
// are given for as long as they like, so none of it is used a second time: what
// is kept can only ever show its own request. What is pooled, the exchange, is
// reached through writer.ex, which is taken away when the handler returns.
//
// The way of a request through a handler:
//
//  1. Server.serveHTTP is the hook that conn.handle calls in place of OnRequest.
//  2. bridge.fill makes the http.Request (bridge_request.go).
//  3. Header returns a map; the first WriteHeader or Write writes its lines down
//     (responseWriter.snapshot), so that later changes do not matter.
//  4. Up to bodyBufferBytes of body are kept: if the handler returns before there
//     is more, its length is known. Else responseWriter.commit builds the head, and
//     framing.go decides how the end of the body will be found.
//  5. From there on it is an ordinary response: conn.send, conn.settle.
//  6. responseWriter.finish ends the response, and whoever kept the writer or the
//     body has nothing to hold any more.
type bridge struct {
	request http.Request
	url     url.URL
	ctx     requestContext
	writer  responseWriter
	body    requestBody
	values  [bridgeValues]string // of the request's header
}

// serveHTTP hands a request to Handler. It is Server.onRequest if there is one.
func (s *Server) serveHTTP(req *IncomingMessage, res *ServerResponse) {
	b := new(bridge)
	w := &b.writer
	if !b.open(req, res, req.conn.ownSite()) {
		return
	}
	defer w.detach() // if the handler panics, or ends the goroutine
	s.tellState(w.c, http.StateActive)
	s.handlerOf(&b.request).ServeHTTP(w, &b.request)
	w.finish()
}

// handlerOf returns who serves r.
func (s *Server) handlerOf(r *http.Request) http.Handler {
	if r.RequestURI == "*" && r.Method == http.MethodOptions && !s.DisableGeneralOptionsHandler {
		return http.HandlerFunc(answerOptions)
	}
	return s.Handler
}

// answerOptions answers OPTIONS *, which asks about the server as such.
func answerOptions(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "0")
}

// open makes the bridge ready. If the request is one that net/http would not give
// to a handler, open answers it and reports false.
func (b *bridge) open(req *IncomingMessage, res *ServerResponse, at *site) bool {
	c := req.conn
	c.mu.Lock()
	defer c.unlock()
	c.wake()
	req.materialise()
	w := &b.writer
	w.c, w.ex, w.b, w.contentLength = c, req.ex, b, -1
	if !b.fill(req, at) {
		w.ex = nil
		res.answerBare(c, 400, "Connection", "close")
		return false
	}
	req.ex.bridge = b
	if c.writing != writeOpen || res.closed {
		b.ctx.cancel() // gone already
	}
	return true
}
