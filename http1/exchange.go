package http1

import (
	"github.com/cork-go/cork/internal/httpparse"
	"github.com/cork-go/cork/internal/invariants"
)

// exchange is a request and its response, which live and are reused together.
type exchange struct {
	req IncomingMessage
	res ServerResponse

	// Guarded by conn.mu.
	task     task // what is done with it
	returned bool // the handler has returned
	lent     bool // somebody may hold it longer than we know: never reused
}

func newExchange() *exchange {
	ex := new(exchange)
	ex.req.ex, ex.res.ex = ex, ex
	ex.req.body.req = &ex.req
	return ex
}

// open fills in what the head says.
func (ex *exchange) open(c *conn, m *httpparse.Message, head []byte, facts *requestFacts) {
	req, res := &ex.req, &ex.res
	req.conn = c
	req.method, req.minor = m.Method, m.Minor
	req.target, req.known = m.Target, m.Known
	req.head = head
	req.length, req.expect = facts.length, facts.expect
	req.keepAlive = m.ShouldKeepAlive() && !facts.ambiguous

	res.conn = c
	res.minor = m.Minor
	res.headOnly = m.Method == httpparse.MethodHead
	res.keepAlive = req.keepAlive
	res.StatusCode = 200
	res.SendDate = true
	res.ShouldKeepAlive = req.keepAlive
	res.relaxed = c.server.HTTPValidation != ValidationStrict
}

// sweep removes requests that nothing is owed to any more from incoming.
func (c *conn) sweep() {
	for {
		req := c.incoming.front()
		if req == nil || !req.ex.res.done || !req.complete || req.body.owed() {
			return
		}
		c.incoming.pop()
		c.retire(req.ex)
	}
}

// retire gives an exchange back when handler, response and request are all
// through with it. It is called when each of them is. One that outlived its
// handler, that a callback was set on, or whose body somebody may go on reading
// (net/http's Transport does, after it has returned) is left to the garbage
// collector: who still holds it must not meet another client's request in it.
func (c *conn) retire(ex *exchange) {
	if !ex.returned || !ex.res.done || !ex.req.complete || ex.req.body.owed() {
		return
	}
	if ex.lent || ex.req.body.out || c.writing == writeClosed {
		return
	}
	c.putExchange(ex)
}

// reset makes the exchange ready for another request.
func (ex *exchange) reset() {
	ex.req.reset()
	ex.res.reset()
	ex.task, ex.returned, ex.lent = taskServe, false, false
}

// reset makes the response ready for another request.
func (res *ServerResponse) reset() {
	m := res.OutgoingMessage
	m.reset()
	head, held := res.head[:0], res.held[:0]
	if cap(head) > bufferBytesKept {
		head = nil
	}
	if cap(held) > 0 {
		held = nil // pipelines that wait are rare, their memory is not kept
	}
	*res = ServerResponse{OutgoingMessage: m, ex: res.ex, head: head, held: held}
}

// exchange lends an exchange.
func (c *conn) exchange() *exchange {
	if ex := c.spare; ex != nil {
		c.spare = nil
		return ex
	}
	if ex, ok := c.server.exchanges.Get().(*exchange); ok {
		return ex
	}
	return newExchange()
}

// putExchange takes one back. With invariants it is spoiled and dropped
// instead, so that a handler that uses it too long is found out.
func (c *conn) putExchange(ex *exchange) {
	ex.reset()
	switch {
	case invariants.Enabled:
		ex.req.body.req = nil
	case c.spare == nil:
		c.spare = ex
	default:
		c.server.exchanges.Put(ex)
	}
}
