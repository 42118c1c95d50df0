package http1

import "github.com/cork-go/cork/internal/httpparse"

// task is what becomes of a request whose head has come in: Node's
// parserOnIncoming.
type task uint8

const (
	taskServe       task = iota // OnRequest
	taskContinue                // 100 Continue, and OnRequest
	taskCheck                   // OnCheckContinue
	taskExpectation             // OnCheckExpectation
	taskAsk                     // ShouldUpgrade, before anything else
	taskTunnel                  // OnUpgrade or OnConnect
	taskNoHost                  // 400
	taskDrop                    // OnDropRequest, and 503
	taskUnexpected              // 417
)

// taskOf decides, in Node's order but for the Host, which RFC 9112 section 3.2
// wants of CONNECT and Upgrade as well.
func (c *conn) taskOf(ex *exchange, m *httpparse.Message, facts *requestFacts) task {
	s := c.server
	if m.Minor > 0 && facts.hosts == 0 && !s.AllowMissingHost {
		return taskNoHost
	}
	if m.Method == httpparse.MethodConnect && s.OnConnect != nil {
		return taskTunnel
	}
	if m.Minor == 0 {
		return taskServe // RFC 9110 section 7.8: its Upgrade is to be ignored
	}
	if m.Upgrade && facts.length.kind == bodyNone {
		if s.ShouldUpgrade != nil {
			return taskAsk
		}
		if s.OnUpgrade != nil {
			return taskTunnel
		}
	}
	return c.taskOfOrdinary(ex)
}

// taskOfOrdinary is taskOf for a request that stays with HTTP.
func (c *conn) taskOfOrdinary(ex *exchange) task {
	s := c.server
	if limit := uint32(s.MaxRequestsPerSocket); limit > 0 {
		c.requests++
		ex.res.enough = c.requests >= limit
		if c.requests > limit {
			return taskDrop
		}
	}
	switch ex.req.expect {
	case expectContinue:
		if s.OnCheckContinue != nil {
			return taskCheck
		}
		if s.Handler != nil {
			return taskServe // requestBody sends it
		}
		return taskContinue
	case expectUnknown:
		if s.OnCheckExpectation != nil {
			return taskExpectation
		}
		return taskUnexpected
	}
	return taskServe
}

// ask calls ShouldUpgrade and reports whether the request stays with HTTP.
func (c *conn) ask(ex *exchange) bool {
	wanted := false
	c.unlocked(func() { wanted = c.server.ShouldUpgrade(&ex.req) })
	if c.reading != readTunnel {
		return false // closed, or concluded
	}
	if wanted {
		ex.task = taskTunnel
		ex.req.materialise()
		ex.req.complete = true
		c.tunnel = ex
		return false
	}
	ex.task = c.taskOfOrdinary(ex)
	c.admit(ex)
	return true
}

// prepare does what comes before the handler. It returns the handler, or nil if
// the server has answered by itself.
func (c *conn) prepare(ex *exchange) func(*IncomingMessage, *ServerResponse) {
	s, res := c.server, &ex.res
	switch ex.task {
	case taskContinue:
		res.sendInformation(c, 100, nil)
	case taskCheck:
		return s.OnCheckContinue
	case taskExpectation:
		return s.OnCheckExpectation
	case taskNoHost:
		res.answerBare(c, 400, "Connection", "close")
		return nil
	case taskDrop:
		if s.OnDropRequest != nil {
			c.unlocked(func() { s.OnDropRequest(&ex.req, Socket{c}) })
		}
		// Without a body there is nothing that a client might send or not, see
		// mayKeepAlive.
		res.continued = ex.req.length.kind == bodyNone
		res.answerBare(c, 503)
		return nil
	case taskUnexpected:
		res.answerBare(c, 417, "Connection", "close") // a body may follow, or not
		return nil
	}
	return s.onRequest
}

// unlocked calls a hook of the server on the goroutine that runs the connection,
// without mu.
func (c *conn) unlocked(hook func()) {
	c.lent = true
	c.t.enter()
	c.unlock()
	c.server.guard(hook)
	c.mu.Lock()
	c.t.leave()
	c.lent = false
}

// answerBare is the server's own answer: no body, but in chunks, as Node has it.
func (res *ServerResponse) answerBare(c *conn, status int, headers ...string) {
	if res.storeHead(status, StatusText(status), headers, false, 0) == nil {
		res.finish(c, nil)
	}
}
