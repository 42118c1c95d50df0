package http1

import (
	"reflect"
	"slices"

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

	// Of an http.Handler that serves it. Guarded by conn.mu.
	bridge *bridge // nil when the handler has returned
	buffer []byte  // the begin of the answer's body, or small pieces of it
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
	// Word by word: loads of what was just stored in pieces would have to wait.
	req.target.Off, req.target.Len = m.Target.Off, m.Target.Len
	req.known[0], req.known[1] = m.Known[0], m.Known[1]
	req.head = head
	req.url = c.seen.target(m.Target.Of(head))
	req.length, req.expect = facts.length, facts.expect
	req.last = !m.ShouldKeepAlive()
	req.keepAlive = !req.last && !facts.ambiguous

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
		if req.ex.returned {
			c.retire(req.ex)
		}
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
	if ex.lent || ex.req.body.out || ex.req.aborted {
		return
	}
	c.putExchange(ex)
}

// reset makes the exchange ready for another request.
func (ex *exchange) reset() {
	ex.req.reset()
	ex.res.reset()
	ex.task, ex.returned, ex.lent = taskServe, false, false
	ex.buffer = ex.buffer[:0]
}

// reset makes the response ready for another request. It is done for each, so
// what is zero mostly is only looked at.
func (res *ServerResponse) reset() {
	res.OutgoingMessage.reset()
	res.StatusMessage = ""
	res.StrictContentLength = false
	res.conn = nil
	res.responseState = responseState{}
	res.head = res.head[:0]
	if cap(res.head) > bufferBytesKept {
		res.head = nil
	}
	if res.held != nil || res.hooks != nil {
		res.held, res.hooks = nil, nil // pipelines that wait are rare, their memory is not kept
	}
}

// checkReset looks for what reset has forgotten.
func (ex *exchange) checkReset() {
	for _, part := range []any{&ex.req, &ex.req.body, &ex.res, &ex.res.OutgoingMessage} {
		v := reflect.ValueOf(part).Elem()
		for i := range v.NumField() {
			switch f := v.Field(i); {
			case slices.Contains(resetKeeps, v.Type().Field(i).Name):
			case f.Kind() == reflect.Slice:
				invariants.Check(f.Len() == 0, "http1: reset keeps "+v.Type().Field(i).Name)
			default:
				invariants.Check(f.IsZero(), "http1: reset keeps "+v.Type().Field(i).Name)
			}
		}
	}
}

// resetKeeps are the fields that reset leaves alone: links within the exchange,
// and what open sets.
var resetKeeps = []string{"ex", "req", "body", "OutgoingMessage", "StatusCode", "SendDate", "ShouldKeepAlive", "relaxed",
	"method", "minor", "target", "known", "length", "expect", "keepAlive", "last"}

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
	if invariants.Enabled {
		ex.checkReset()
	}
	switch {
	case invariants.Enabled:
		ex.req.body.req = nil
	case c.spare == nil:
		c.spare = ex
	default:
		c.server.exchanges.Put(ex)
	}
}
