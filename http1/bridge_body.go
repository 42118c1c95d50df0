package http1

import (
	"io"
	"net/http"
	"os"
)

// requestBody is http.Request.Body.
type requestBody struct {
	w *responseWriter

	// Guarded by conn.mu.
	closed  bool  // by Close, or by what the server has done with the rest
	expired bool  // SetReadDeadline
	end     error // sticky: io.EOF, or how the body has ended before
}

// Read implements io.Reader. It may be called by any goroutine, and at any time:
// when the handler has returned it returns http.ErrBodyReadAfterClose.
func (b *requestBody) Read(p []byte) (int, error) {
	c := b.w.c
	c.mu.Lock()
	defer c.unlock()
	for {
		ex := b.w.ex
		switch {
		case b.closed || ex == nil:
			return 0, http.ErrBodyReadAfterClose
		case b.end != nil:
			return 0, b.end
		case b.expired:
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		}
		c.wake()
		b.w.sendContinue(ex)
		in := &ex.req.body
		in.flow = flowReader
		switch {
		case len(in.piece) > 0:
			n := in.pull(p)
			if len(in.piece) > 0 {
				return n, nil
			}
			c.notify()
			if b.end = in.endAtHand(c); b.end != nil {
				b.mergeTrailers(&ex.req)
			}
			return n, b.end
		case ex.req.complete:
			b.end = io.EOF
			b.mergeTrailers(&ex.req)
		case ex.req.aborted:
			b.end = io.ErrUnexpectedEOF
		default:
			c.await(in.room(c, p))
		}
	}
}

// mergeTrailers gives the request the trailers that have come.
func (b *requestBody) mergeTrailers(req *IncomingMessage) {
	if len(req.trailers) == 0 {
		return
	}
	r := &b.w.b.request
	if r.Trailer == nil {
		r.Trailer = make(http.Header, len(req.trailers))
	}
	for i := range req.trailers {
		f := &req.trailers[i]
		key := http.CanonicalHeaderKey(fieldName(f, req.trailerText))
		r.Trailer[key] = append(r.Trailer[key], fieldValue(f, req.trailerText))
	}
}

// Close implements io.Closer. What becomes of the rest is decided with the head of
// the answer.
func (b *requestBody) Close() error {
	c := b.w.c
	c.mu.Lock()
	b.closed = true
	if c.work != nil && c.waiters > 0 {
		c.cond.Broadcast() // a Read may be waiting
	}
	c.unlock()
	return nil
}

// sendContinue tells a client that waits for it to send its body.
func (w *responseWriter) sendContinue(ex *exchange) {
	if ex.req.expect == expectContinue && !ex.res.continued && !w.wroteHeader && ex.req.length.kind != bodyNone {
		ex.res.sendInformation(w.c, 100, nil)
	}
}

// discard reads what is left of the body before an answer begins, since there are
// clients that send everything before they read. It reports whether that is too
// much, or cannot be had. mu is held; discard waits for the client.
func (w *responseWriter) discard(ex *exchange) (tooMuch bool) {
	c, in := w.c, &ex.req.body
	if ex.req.complete && len(in.piece) == 0 {
		return false
	}
	if w.tooMuchLeft(ex) {
		return true
	}
	in.flow = flowReader
	w.b.body.closed = true
	for dropped := 0; ; c.await(nil) {
		if w.ex != ex || ex.req.aborted || ex.res.closed || c.writing != writeOpen || w.b.body.expired {
			return true
		}
		if dropped += len(in.piece); dropped > dumpBytesMax {
			return true
		}
		in.piece = nil
		if ex.req.complete {
			return false
		}
	}
}

// tooMuchLeft reports whether the rest of a body is not worth the connection, or
// may never come.
func (w *responseWriter) tooMuchLeft(ex *exchange) bool {
	req := &ex.req
	switch {
	case req.complete:
		return false
	case req.expect == expectContinue, w.b.body.expired:
		return true // who knows whether the client sends its body now
	}
	return req.length.kind == bodySized && req.length.size-req.body.received+uint64(len(req.body.piece)) >= dumpBytesMax
}
