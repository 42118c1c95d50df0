package http1

import (
	"net/http"
	"strconv"
)

// WriteHead builds the head: status and header fields, given as name, value,
// name, value, on top of those set before (a name that was set before keeps its
// place and gets the lines given here; given twice, it makes two). The head is
// sent with the first piece of the body, by FlushHeaders or by End. It returns
// ErrHeadersSent, or a *HeaderError if a field, StatusMessage or status must not
// be sent; then nothing has changed. status is 200 to 999: informational answers
// are not final ones (see WriteInformation).
func (res *ServerResponse) WriteHead(status int, headers ...string) error {
	c, err := res.lock()
	if err != nil {
		return err
	}
	defer c.unlock()
	return res.storeHead(status, res.reason(status), headers, false, 0)
}

// WriteHeadReason is WriteHead with a reason phrase, which may be empty. It
// becomes the response's StatusMessage, also if the head cannot be built.
func (res *ServerResponse) WriteHeadReason(status int, reason string, headers ...string) error {
	c, err := res.lock()
	if err != nil {
		return err
	}
	defer c.unlock()
	if res.built {
		return ErrHeadersSent
	}
	res.StatusMessage = reason
	return res.storeHead(status, reason, headers, false, 0)
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
// reused when Write returns. Answers to HEAD and those with 204 and 304 take any
// body and send none, unless Server.RejectNonStandardBodyWrites is set.
//
// It returns ErrWriteAfterEnd; ErrConnectionClosed; http.ErrBodyNotAllowed, see
// above, with nothing sent; http.ErrContentLength if p would make the body
// longer than Content-Length says, with nothing of p sent; or a *HeaderError if
// the head could not be built.
func (res *ServerResponse) Write(p []byte) (int, error) {
	c, err := res.lock()
	if err != nil {
		return 0, err
	}
	defer c.unlock()
	if err := res.needHead(false, 0); err != nil {
		return 0, err
	}
	if res.noBody {
		if c.server.RejectNonStandardBodyWrites {
			return 0, http.ErrBodyNotAllowed
		}
		return len(p), nil
	}
	if err := res.admit(len(p)); err != nil {
		return 0, err
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
// It returns ErrWriteAfterEnd; ErrConnectionClosed; and http.ErrContentLength if
// the body is not as long as Content-Length says: then the response has ended
// and the connection is closed, for the client would take the next answer for
// the rest.
//
// If the head cannot be built (*HeaderError, ErrTrailerInvalid), a body is
// refused (http.ErrBodyNotAllowed) or StrictContentLength is not met
// (http.ErrContentLength), nothing is sent and the response has not ended: the
// handler, or the OnData or OnEnd that called End, may mend it and call End
// again. When it returns without that, or if End was called from elsewhere, the
// server ends the response: with 500 if there is no head yet.
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
	if res.endAtOnce(c, p) {
		err := c.failure(res)
		c.unlock()
		return err
	}
	defer c.unlock()
	if err := res.mayEnd(c, len(p)); err != nil {
		res.faulted = true
		if c.calling != res.ex {
			res.mend(c)
		}
		return err
	}
	if res.noBody {
		p = nil
	} else if err = res.admit(len(p)); err != nil {
		p = nil
	}
	if res.short() {
		res.conclude()
		err = http.ErrContentLength
	}
	res.finish(c, p)
	if err == nil {
		err = c.failure(res)
	}
	return err
}

// mayEnd builds the head and says whether the response may end with n more
// bytes.
func (res *ServerResponse) mayEnd(c *conn, n int) error {
	if err := res.needHead(true, n); err != nil {
		return err
	}
	if res.noBody {
		if n > 0 && c.server.RejectNonStandardBodyWrites {
			return http.ErrBodyNotAllowed
		}
		return nil
	}
	if res.StrictContentLength && res.length.kind == bodySized && res.written+uint64(n) != res.length.size {
		return http.ErrContentLength
	}
	return nil
}

// mend ends a response whose End has failed and was not called again.
func (res *ServerResponse) mend(c *conn) {
	switch {
	case !res.faulted || res.ended:
		return
	case !res.built:
		res.failHead()
	case res.short():
		res.conclude()
	}
	res.finish(c, nil)
}

// finish sends the last piece and moves the queue.
func (res *ServerResponse) finish(c *conn, p []byte) {
	res.sendEnd(c, p)
	res.concluded(c)
}

// concluded: all of the response has been written.
func (res *ServerResponse) concluded(c *conn) {
	res.ended, res.sealed = true, true
	res.corked = 0
	c.shift()
	c.settle(res)
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
	w := headWriter{dst: tail}
	for rest := res.trailers; len(rest) > 0; {
		n := sameNames(rest)
		w.lines(c.server, rest[:n])
		rest = rest[n:]
	}
	c.tail = append(w.dst, crlf...)
	c.send(res, c.chunkHead, p, c.tail)
}

// admit says whether n more bytes of body may be sent, and counts them.
func (res *ServerResponse) admit(n int) error {
	if res.length.kind == bodySized && uint64(n) > res.length.size-res.written {
		return http.ErrContentLength
	}
	res.written += uint64(n)
	return nil
}

// short reports whether the body is shorter than its Content-Length.
func (res *ServerResponse) short() bool {
	return !res.noBody && res.length.kind == bodySized && res.written < res.length.size
}

func appendChunkHead(dst []byte, n int) []byte {
	return append(strconv.AppendUint(dst, uint64(n), 16), crlf...)
}

var crlf = []byte("\r\n")
