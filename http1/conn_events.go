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
	req.fields = append(req.fields, fields...)
	m := &c.parser.Message
	facts, bad := checkRequest(m, head, req.fields)
	if bad == nil && m.Method == httpparse.MethodConnect && c.server.OnConnect == nil {
		bad = &refusal{501, httpparse.InvalidMethod, "no CONNECT here"}
	}
	if bad != nil {
		c.bad = bad
		c.putExchange(ex)
		return httpparse.Refuse
	}
	c.requests++
	ex.open(c, m, head, &facts)
	if c.leavesHTTP(req, m) {
		req.materialise()
		req.complete = true
		c.tunnel = ex
		c.reading = readTunnel
		return httpparse.SkipToTunnel
	}
	m.Upgrade = false // an Upgrade field that nobody wants is an ordinary field
	c.incoming.push(req)
	c.outgoing.push(&ex.res)
	c.fresh = ex
	if facts.length.kind == bodyNone {
		c.completed(req)
	} else {
		c.current = req
		c.reading = readBody
	}
	return httpparse.PauseHeaders
}

// leavesHTTP reports whether the bytes behind the head are another protocol's:
// CONNECT, and Upgrade where the server wants it. A request with a body stays,
// and so does one of HTTP/1.0 (RFC 9110 section 7.8 lets a server ignore the
// one Upgrade, and makes it ignore the other).
func (c *conn) leavesHTTP(req *IncomingMessage, m *httpparse.Message) bool {
	if m.Method == httpparse.MethodConnect {
		return true
	}
	return m.Upgrade && m.Minor == 1 && c.server.OnUpgrade != nil && req.length.kind == bodyNone
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
	req := c.current
	if req == nil {
		return httpparse.OK
	}
	c.current = nil
	c.completed(req)
	return httpparse.Paused // so that OnEnd, or a Read, comes before the next request
}

// completed: the whole message has been read.
func (c *conn) completed(req *IncomingMessage) {
	req.complete = true
	c.reading = readIdle
	c.idleSince = c.now
	if !req.keepAlive {
		c.reading = readDrop
	}
	c.sweep()
}
