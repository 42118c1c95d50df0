package http1

import (
	"net/http"
	"strconv"
)

// ServerResponse is the answer to one request. StatusCode and StatusMessage
// may be set before the head is built; WriteHead, FlushHeaders, the first Write
// and End build it, once.
//
// It may be finished after its handler has returned, and from any goroutine,
// but by one goroutine at a time. It is valid until the handler has returned
// and End has been called, whichever comes later.
//
// What is written leaves in the order of the requests: a response that is not
// at the front of its connection is held until the ones before it have ended,
// and Write waits when 64 KiB are held. A Write at the front may wait for the
// client to read, at most Server.WriteTimeout.
type ServerResponse struct {
	OutgoingMessage

	// StatusCode is sent by a head that is built implicitly. 200 at first.
	StatusCode int
	// StatusMessage is the reason phrase; empty means the usual one of the code.
	StatusMessage string

	ex   *exchange
	conn *conn // nil once the response is of no use any more

	// Set when the request comes in.
	minor     uint8
	headOnly  bool // the answer to HEAD
	keepAlive bool // the request allows another one after it

	// Owned by the user's goroutine, with conn.mu held while they change.
	head    []byte // the head's lines; empty when they have been handed on
	length  bodyLength
	noBody  bool
	written uint64 // bytes of the body, before chunking
	corked  int
	ended   bool

	// Guarded by conn.mu.
	held   []byte // what is written while others are at the front
	onWire bool   // bytes of it have been handed to the carrier, or stand in conn.out
	last   bool   // the connection is closed after it
	closed bool   // the connection went away first
	done   bool   // it has left the queue

	onFinish, onClose func()
}

// WriteHead builds the head: status and header fields, given as name, value,
// name, value, on top of those set before (a name given here replaces its
// lines; given twice, it makes two). The head is sent with the first piece of
// the body, by FlushHeaders or by End. It returns ErrHeadersSent, or a
// *HeaderError if a field, StatusMessage or status must not be sent; then
// nothing has changed. status is 200 to 999: informational answers are not
// final ones (see WriteContinue).
func (res *ServerResponse) WriteHead(status int, headers ...string) error {
	c, err := res.lock()
	if err != nil {
		return err
	}
	defer c.unlock()
	return res.storeHead(status, headers, false, 0)
}

// FlushHeaders builds the head if it is not there yet, and sends it at once.
func (res *ServerResponse) FlushHeaders() error {
	c, err := res.lock()
	if err != nil {
		return err
	}
	defer c.unlock()
	if err := res.needHead(false, 0); err != nil {
		return err
	}
	c.send(res, nil, nil, nil)
	c.flush()
	return c.failure(res)
}

// Write sends a piece of the body, after the head if that has not been sent. A
// body whose length is not known is chunked, one chunk per Write. p may be
// reused when Write returns.
//
// It returns ErrWriteAfterEnd; ErrConnectionClosed; http.ErrBodyNotAllowed for a
// status without a body, with nothing sent; http.ErrContentLength if p would
// make the body longer than Content-Length says, with nothing of p sent; or a
// *HeaderError if the head could not be built. Answers to HEAD take any body
// and send none.
func (res *ServerResponse) Write(p []byte) (int, error) {
	c, err := res.lock()
	if err != nil {
		return 0, err
	}
	defer c.unlock()
	if err := res.needHead(false, 0); err != nil {
		return 0, err
	}
	if err := res.admit(len(p)); err != nil || res.noBody {
		return accepted(p, err)
	}
	if len(p) == 0 {
		c.send(res, nil, nil, nil)
	} else if res.length.kind == bodyChunked {
		c.chunkHead = appendChunkHead(c.chunkHead[:0], len(p))
		c.send(res, c.chunkHead, p, crlf)
	} else {
		c.send(res, nil, p, nil)
	}
	c.settle(res)
	return len(p), c.failure(res)
}

// WriteString is Write for a string, without a copy.
func (res *ServerResponse) WriteString(s string) (int, error) { return res.Write(bytesOf(s)) }

// End sends the last pieces of the body, if any are given, and finishes the
// response. If the head has not been built, the length is known and sent as
// Content-Length; head, body and the tail of a chunked body leave in one write.
//
// Errors are those of Write, and http.ErrContentLength if the body is shorter
// than Content-Length says; then the connection is closed, for the client would
// take the next answer for the rest. Whatever it returns, the response has
// ended.
func (res *ServerResponse) End(pieces ...string) error {
	switch len(pieces) {
	case 0:
		return res.EndBytes(nil)
	case 1:
		return res.EndBytes(bytesOf(pieces[0]))
	}
	var all []byte
	for _, s := range pieces {
		all = append(all, s...)
	}
	return res.EndBytes(all)
}

// EndBytes is End for bytes. p may be reused when it returns.
func (res *ServerResponse) EndBytes(p []byte) error {
	c, err := res.lock()
	if err != nil {
		return err
	}
	defer c.unlock()
	if err = res.needHead(true, len(p)); err != nil {
		res.failHead(err)
		p = nil
	}
	if e := res.admit(len(p)); e != nil {
		err, p = e, nil
	}
	if res.noBody {
		p = nil
	}
	if e := res.admitEnd(); e != nil {
		err = e
	}
	res.sendEnd(c, p)
	res.ended, res.sealed = true, true
	res.corked = 0
	c.shift()
	c.settle(res)
	if err == nil {
		err = c.failure(res)
	}
	return err
}

// sendEnd sends the last piece and what ends a chunked body.
func (res *ServerResponse) sendEnd(c *conn, p []byte) {
	if res.length.kind != bodyChunked {
		c.send(res, nil, p, nil)
		return
	}
	tail := c.tail[:0]
	if len(p) > 0 {
		c.chunkHead = appendChunkHead(c.chunkHead[:0], len(p))
		tail = append(tail, crlf...)
	} else {
		c.chunkHead = c.chunkHead[:0]
	}
	tail = append(tail, "0\r\n"...)
	for _, t := range res.trailers {
		tail = appendLine(tail, t.name, t.value)
	}
	c.tail = append(tail, crlf...)
	c.send(res, c.chunkHead, p, c.tail)
}

// WriteContinue sends 100 Continue (RFC 9110 section 15.2.1). The server does it
// by itself for a request that expects it. It returns ErrHeadersSent once the
// head has been built, and does nothing for an HTTP/1.0 client, which does not
// know informational answers.
func (res *ServerResponse) WriteContinue() error {
	c, err := res.lock()
	if err != nil {
		return err
	}
	defer c.unlock()
	if res.built {
		return ErrHeadersSent
	}
	res.sendContinue(c)
	return c.failure(res)
}

var (
	continueLines = []byte("HTTP/1.1 100 Continue\r\n\r\n")
	crlf          = []byte("\r\n")
)

func (res *ServerResponse) sendContinue(c *conn) {
	if res.minor == 0 {
		return
	}
	c.send(res, nil, continueLines, nil)
	res.onWire = false // an informational answer is not the answer
	c.flush()
}

// Cork holds back what is written until Uncork has been called as often, or End
// once. No more than 64 KiB are held back, and not beyond the return of the
// handler that wrote them: answers before this one may be among them.
func (res *ServerResponse) Cork() {
	if c, err := res.lock(); err == nil {
		res.corked++
		c.unlock()
	}
}

// Uncork undoes one Cork and sends what was held back when it was the last.
func (res *ServerResponse) Uncork() {
	if c, err := res.lock(); err == nil {
		if res.corked > 0 {
			res.corked--
		}
		c.settle(res)
		c.unlock()
	}
}

// OnFinish sets what is called when the whole answer has been handed to the
// operating system, once. It runs on the goroutine that made it so, without
// locks; it must not wait for other callbacks of the connection. Set it before
// End; one call, the last one counts.
func (res *ServerResponse) OnFinish(fn func()) { res.setHook(&res.onFinish, fn) }

// OnClose sets what is called after OnFinish, or when the connection goes away
// before the answer was finished. Goroutine and rules as OnFinish.
//
// That a client has gone is noticed when its connection is read or written. It
// is not read while a handler of it blocks without reading the body, nor while
// a body waits for somebody to take it.
func (res *ServerResponse) OnClose(fn func()) { res.setHook(&res.onClose, fn) }

func (res *ServerResponse) setHook(hook *func(), fn func()) {
	if c := res.conn; c != nil {
		c.mu.Lock()
		*hook = fn
		res.ex.lent = true
		c.unlock()
	}
}

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
	c.wake() // it has none if the connection has ended
	return c, nil
}

// admit says whether n more bytes of body may be sent, and counts them.
func (res *ServerResponse) admit(n int) error {
	if n == 0 {
		return nil
	}
	if res.noBody {
		if res.headOnly {
			return nil
		}
		return http.ErrBodyNotAllowed
	}
	if res.length.kind == bodySized && uint64(n) > res.length.size-res.written {
		return http.ErrContentLength
	}
	res.written += uint64(n)
	return nil
}

// admitEnd says whether the body may end here.
func (res *ServerResponse) admitEnd() error {
	if !res.noBody && res.length.kind == bodySized && res.written < res.length.size {
		res.last = true
		return http.ErrContentLength
	}
	return nil
}

func appendChunkHead(dst []byte, n int) []byte {
	return append(strconv.AppendUint(dst, uint64(n), 16), crlf...)
}

// accepted is the result of a Write that sends nothing of p.
func accepted(p []byte, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	return len(p), nil
}
