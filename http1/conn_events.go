package http1

import "github.com/cork-go/cork/internal/httpparse"

// The parser's events. They run inside execute, with mu held, and only take
// notes: nothing is written, closed or called from here.

// OnMessageBegin implements httpparse.Handler.
func (c *conn) OnMessageBegin() httpparse.Code {
	c.reading = readHead
	c.started = c.now
	return httpparse.OK
}

// OnHeaders implements httpparse.Handler.
func (c *conn) OnHeaders(_ []byte, fields []httpparse.Field) httpparse.Code {
	if c.filling == nil {
		c.filling = c.exchange()
	}
	c.filling.req.fields = append(c.filling.req.fields, fields...)
	return httpparse.OK
}

// OnHeadersComplete implements httpparse.Handler.
func (c *conn) OnHeadersComplete(head []byte, fields []httpparse.Field) httpparse.Verdict {
	ex := c.filling
	c.filling = nil
	if ex == nil {
		ex = c.exchange()
	}
	req := &ex.req
	if len(req.fields) > 0 {
		req.fields = append(req.fields, fields...)
		fields = req.fields
	}
	m := &c.parser.Message
	var facts requestFacts // filled in place: a result would be copied
	bad := checkRequest(&facts, m, head, fields, c.server.HTTPValidation, &c.seen)
	if bad == nil && m.Method == httpparse.MethodConnect && c.server.OnConnect == nil && c.server.Handler == nil {
		bad = &refusal{501, httpparse.InvalidMethod, "no CONNECT here"}
	}
	if bad != nil {
		c.bad = bad
		c.putExchange(ex)
		return httpparse.Refuse
	}
	if len(req.fields) == 0 {
		req.fields = append(req.fields, fields...) // not earlier: who loads what was just stored in pieces has to wait
	}
	ex.open(c, m, head, &facts)
	ex.task = c.taskOf(ex, m, &facts)
	if ex.task == taskTunnel {
		req.materialise()
		req.complete = true
		c.tunnel = ex
		c.reading = readTunnel
		return httpparse.SkipToTunnel
	}
	m.Upgrade = false // an Upgrade field that nobody wants is an ordinary field
	c.fresh = ex
	if ex.task == taskAsk {
		c.reading = readTunnel
		return httpparse.PauseHeaders
	}
	if c.admit(ex); req.length.kind == bodyNone {
		return httpparse.Proceed // OnMessageComplete pauses
	}
	return httpparse.PauseHeaders
}

// admit queues a request and its response.
func (c *conn) admit(ex *exchange) {
	req := &ex.req
	c.incoming.push(req)
	c.outgoing.push(&ex.res)
	c.stuffed = c.backlog() >= c.server.mark
	if req.length.kind == bodyNone {
		c.completed(req)
		return
	}
	c.current = req
	c.reading = readBody
}

// OnBody implements httpparse.Handler.
func (c *conn) OnBody(data []byte) httpparse.Code {
	b := &c.current.body
	if b.flow != flowDump {
		b.piece = data
		b.received += uint64(len(data))
		return httpparse.Paused
	}
	if b.dumped += len(data); b.dumped > dumpBytesMax {
		c.overfull = true
		return httpparse.Paused
	}
	return httpparse.OK
}

// OnChunkHeader implements httpparse.Handler.
func (c *conn) OnChunkHeader(uint64) httpparse.Code { return httpparse.OK }

// OnTrailers implements httpparse.Handler.
func (c *conn) OnTrailers(block []byte, fields []httpparse.Field) httpparse.Code {
	req := c.current
	if req.body.flow == flowDump && req.body.onEnd == nil {
		return httpparse.OK
	}
	req.trailers = append(req.trailers, fields...)
	req.trailerText = string(block)
	return httpparse.OK
}

// OnChunkComplete implements httpparse.Handler.
func (c *conn) OnChunkComplete() httpparse.Code { return httpparse.OK }

// OnMessageComplete implements httpparse.Handler. A request without a body was
// complete with its head.
func (c *conn) OnMessageComplete() httpparse.Code {
	if req := c.current; req != nil {
		c.current = nil
		c.completed(req)
		c.sweep()
	}
	return httpparse.Paused // so that the handler, OnEnd, or a Read, comes before the next request
}

// completed: the whole message has been read.
func (c *conn) completed(req *IncomingMessage) {
	req.complete = true
	c.reading = readIdle
	c.idleSince = c.now
	if !req.keepAlive {
		c.reading, c.parted = readDrop, req.last
	}
}
