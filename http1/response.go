package http1

import "time"

// ServerResponse is the answer to one request. Its fields may be set before the
// head is built; WriteHead, FlushHeaders, the first Write and End build it, once.
//
// It may be finished after its handler has returned, and from any goroutine,
// but by one goroutine at a time. It is valid until the handler has returned
// and End has been called, whichever comes later.
//
// What is written leaves in the order of the requests: a response that is not
// at the front of its connection is held until the ones before it have ended,
// and Write waits when Server.HighWaterMark bytes are held. A Write at the front
// may wait for the client to read, at most Server.WriteTimeout. OnDrain is for
// who does not want to wait.
type ServerResponse struct {
	OutgoingMessage

	// StatusCode is sent by a head that is built implicitly. 200 at first.
	StatusCode int
	// StatusMessage is the reason phrase; empty means the usual one of the code.
	StatusMessage string
	// SendDate: the server adds a Date field if none was set. True at first.
	SendDate bool
	// ShouldKeepAlive: the connection stays for another request. At first it is
	// what the request says; set to false it closes the connection after this
	// answer, set to true it does not overrule the client.
	ShouldKeepAlive bool
	// StrictContentLength: Write and End refuse a body that does not match a
	// Content-Length that was set, and send nothing of it. Without it what can
	// be sent of such a body is, and the connection is closed.
	StrictContentLength bool

	ex   *exchange
	conn *conn // nil once the response is of no use any more

	head []byte // the head's lines; empty when they have been handed on
	held []byte // what is written while others are at the front
	responseState

	hooks *responseHooks // nil until the first is set
}

// responseState is the part of a response that is plain numbers.
type responseState struct {
	// Set when the request comes in.
	minor     uint8
	headOnly  bool // the answer to HEAD
	keepAlive bool // the request allows another one after it
	enough    bool // it is the last one by Server.MaxRequestsPerSocket

	// Owned by the user's goroutine, with conn.mu held while they change.
	noBody    bool
	ended     bool
	faulted   bool // End has failed: the server ends the response if the application does not
	continued bool // 100 Continue has been sent
	length    bodyLength
	written   uint64 // bytes of the body, before chunking
	corked    int

	// Guarded by conn.mu.
	onWire    bool // bytes of it have been handed to the carrier, or stand in conn.out
	last      bool // the connection is closed after it
	closed    bool // the connection went away first
	done      bool // it has left the queue
	needDrain bool // OnDrain is to be called
	doomed    bool // Destroy was called
}

// responseHooks are the callbacks of a response.
type responseHooks struct {
	finish, close, drain, timeout func()

	limit time.Duration // of SetTimeout, until the response is at the front
}

// Req returns the request that this is the answer to.
func (res *ServerResponse) Req() *IncomingMessage { return &res.ex.req }

// OnFinish sets what is called when the whole answer has been handed to the
// operating system, once. It runs on the connection's goroutine or on one of its
// own, without locks, and never inside of a call of yours; it must not wait for
// other callbacks of the connection, since they come one after the other. Set it
// before End; one call, the last one counts.
func (res *ServerResponse) OnFinish(fn func()) {
	res.setHook(func(h *responseHooks) { h.finish = fn })
}

// OnClose sets what is called after OnFinish, or when the connection goes away
// before the answer was finished. Goroutine and rules as OnFinish.
//
// That a client has gone is noticed when its connection is read or written. On
// an event loop it is read a little (16 KiB) behind a request whose handler blocks;
// over a net.Conn it is not, and nowhere while a body waits for somebody to take it.
func (res *ServerResponse) OnClose(fn func()) {
	res.setHook(func(h *responseHooks) { h.close = fn })
}

func (res *ServerResponse) setHook(set func(h *responseHooks)) {
	if c := res.conn; c != nil {
		c.mu.Lock()
		if res.hooks == nil {
			res.hooks = new(responseHooks)
		}
		set(res.hooks)
		res.ex.lent = true
		c.unlock()
	}
}

// drains reports whether OnDrain was set.
func (res *ServerResponse) drains() bool { return res.hooks != nil && res.hooks.drain != nil }

// WritableEnded reports whether End has been called.
func (res *ServerResponse) WritableEnded() bool { return res.ended }

// Finished reports whether End has been called and the response has left the
// queue of its connection: nothing of it is held any more.
func (res *ServerResponse) Finished() bool {
	c := res.conn
	if c == nil {
		return res.done
	}
	c.mu.Lock()
	defer c.unlock()
	return res.done && res.ended
}

// lock takes the connection's lock, if the response can still be written.
func (res *ServerResponse) lock() (*conn, error) {
	c := res.conn
	if c == nil {
		return nil, ErrWriteAfterEnd
	}
	c.mu.Lock()
	if res.ended {
		c.unlock()
		return nil, ErrWriteAfterEnd
	}
	if res.doomed {
		c.unlock()
		return nil, ErrConnectionClosed
	}
	c.wake() // it has none if the connection has ended
	return c, nil
}
