package http1

import (
	"fmt"
	"net/http"
	"path"
	"runtime"
	"strings"

	"github.com/cork-go/cork/internal/fieldname"
)

// bodyBufferBytes is how much of a body is kept until its length is known, and how
// small pieces are gathered to chunks. net/http's.
const bodyBufferBytes = 2048

// responseWriter is the http.ResponseWriter of one request. It also is what its
// contract calls optional: http.Flusher, http.Hijacker, io.ReaderFrom,
// io.StringWriter, http.CloseNotifier and what http.ResponseController asks for.
//
// Everything is guarded by conn.mu, but header, which is the handler's.
type responseWriter struct {
	c *conn   // set once
	b *bridge // set once

	// ex is nil when the handler has returned, or has hijacked the connection.
	// Whoever waits looks again afterwards.
	ex *exchange

	header        http.Header
	contentLength int64 // that the handler has declared; -1 for none
	written       int64 // by the handler
	status        int
	lines         headLines // of the header, when it was written down
	trailers      []string  // declared by Trailer fields

	wroteHeader bool // the handler's part of the head stands in res.head
	committed   bool // all of it does
	last        bool // the connection is closed after the answer
	hijacked    bool
	fullDuplex  bool
	late        bool // SetWriteDeadline

	deadlines *deadlines // nil until the first is set
	notify    chan bool  // of CloseNotify
}

// errReturned is what a writer returns that was kept too long.
var errReturned = fmt.Errorf("%w: the handler has returned", ErrWriteAfterEnd)

// lock takes conn.mu, if the response can still be written.
func (w *responseWriter) lock() (*exchange, error) {
	w.c.mu.Lock()
	if w.ex == nil {
		w.c.unlock()
		if w.hijacked {
			return nil, http.ErrHijacked
		}
		return nil, errReturned
	}
	w.c.wake()
	return w.ex, nil
}

// Header implements http.ResponseWriter.
func (w *responseWriter) Header() http.Header {
	if w.header == nil {
		w.header = make(http.Header)
	}
	return w.header
}

// WriteHeader implements http.ResponseWriter.
func (w *responseWriter) WriteHeader(status int) {
	ex, err := w.lock()
	if err != nil {
		w.complain(err)
		return
	}
	defer w.c.unlock()
	if w.wroteHeader {
		w.c.server.logCaller("http: superfluous response.WriteHeader call")
		return
	}
	if status < 100 || status > 999 {
		panic(fmt.Sprintf("invalid WriteHeader code %v", status))
	}
	if status < 200 && status != http.StatusSwitchingProtocols {
		ex.res.sendInformation(w.c, status, w.informationLines())
		return
	}
	w.snapshot(ex, status)
}

// complain logs what cannot be done any more.
func (w *responseWriter) complain(err error) {
	if err == http.ErrHijacked {
		w.c.server.logCaller("http: response.WriteHeader on hijacked connection")
	}
}

// informationLines returns the header as the pairs of an informational answer.
func (w *responseWriter) informationLines() (pairs []string) {
	for _, name := range sortedNames(w.header) {
		switch idOf(name) {
		case fieldname.ContentLength, fieldname.TransferEncoding:
			continue
		}
		for _, value := range w.header[name] {
			pairs = append(pairs, name, cleanValue(value))
		}
	}
	return pairs
}

// Write implements http.ResponseWriter.
func (w *responseWriter) Write(p []byte) (int, error) {
	ex, err := w.lock()
	if err != nil {
		if len(p) > 0 && err == http.ErrHijacked {
			w.c.server.logCaller("http: response.Write on hijacked connection")
		}
		return 0, err
	}
	defer w.c.unlock()
	if !w.wroteHeader {
		w.snapshot(ex, http.StatusOK)
	}
	if len(p) == 0 {
		return 0, nil
	}
	if !bodyAllowed(w.status) {
		return 0, http.ErrBodyNotAllowed
	}
	w.written += int64(len(p))
	if w.contentLength >= 0 && w.written > w.contentLength {
		return 0, http.ErrContentLength
	}
	n := len(p)
	for len(ex.buffer)+len(p) > bodyBufferBytes {
		part := p
		if len(ex.buffer) > 0 {
			part = p[:bodyBufferBytes-len(ex.buffer)]
			ex.buffer = append(ex.buffer, part...)
			err = w.sendBuffer(ex)
		} else {
			err = w.send(ex, part)
		}
		if p = p[len(part):]; err != nil {
			return n - len(p), err
		}
	}
	ex.buffer = append(ex.buffer, p...)
	return n, nil
}

// sendBuffer sends what was gathered.
func (w *responseWriter) sendBuffer(ex *exchange) error {
	p := ex.buffer
	ex.buffer = p[:0]
	return w.send(ex, p)
}

// WriteString implements io.StringWriter, without a copy.
func (w *responseWriter) WriteString(s string) (int, error) { return w.Write(bytesOf(s)) }

// bodyAllowed reports whether an answer with the status has a body.
func bodyAllowed(status int) bool { return status >= 200 && status != 204 && status != 304 }

// send sends a piece of the body, after the head if that is still missing. mu is
// held; send may wait for the client.
func (w *responseWriter) send(ex *exchange, p []byte) error {
	c, res := w.c, &ex.res
	if !w.committed {
		w.commit(ex, p, false)
		if w.ex != ex {
			return errReturned
		}
	}
	switch {
	case w.late:
		return errLate
	case res.noBody || len(p) == 0:
		c.send(res, nil, nil, nil)
	case res.length.kind == bodyChunked:
		c.chunkHead = appendChunkHead(c.chunkHead[:0], len(p))
		c.send(res, c.chunkHead, p, crlf)
	default:
		res.written += uint64(len(p))
		c.send(res, nil, p, nil)
	}
	c.settle(res)
	if w.ex != ex {
		return errReturned
	}
	if w.late {
		return errLate
	}
	return c.failure(res)
}

// Flush implements http.Flusher.
func (w *responseWriter) Flush() { _ = w.FlushError() }

// FlushError is Flush for http.ResponseController.
func (w *responseWriter) FlushError() error {
	ex, err := w.lock()
	if err != nil {
		return err
	}
	defer w.c.unlock()
	return w.flush(ex)
}

func (w *responseWriter) flush(ex *exchange) error {
	if !w.wroteHeader {
		w.snapshot(ex, http.StatusOK)
	}
	if !w.committed || len(ex.buffer) > 0 {
		if err := w.sendBuffer(ex); err != nil {
			return err
		}
	}
	w.c.flush()
	w.c.t.push()
	return w.c.failure(&ex.res)
}

// finish ends the answer after the handler has returned.
func (w *responseWriter) finish() {
	c := w.c
	c.mu.Lock()
	ex := w.ex
	if ex == nil {
		c.unlock()
		return
	}
	c.wake()
	res := &ex.res
	if !w.wroteHeader {
		w.snapshot(ex, http.StatusOK)
	}
	if !w.committed {
		w.commit(ex, ex.buffer, true)
		if w.ex != ex {
			c.unlock()
			return
		}
	}
	p := ex.buffer
	if res.noBody || w.late {
		p = nil
	}
	res.written += uint64(len(p))
	if w.last || res.short() || w.late || w.tooMuchLeft(ex) {
		res.conclude()
	}
	if res.length.kind == bodyChunked && !res.noBody {
		res.trailers = w.appendTrailers(res.trailers)
	}
	w.release(ex)
	res.finish(c, p)
	stays := !res.last && c.writing == writeOpen
	c.unlock()
	if stays {
		c.server.tellState(c, http.StateIdle)
	}
}

// detach is finish for a handler that has not returned.
func (w *responseWriter) detach() {
	if w.b.request.MultipartForm != nil {
		_ = w.b.request.MultipartForm.RemoveAll()
	}
	w.c.mu.Lock()
	if w.ex != nil {
		w.release(w.ex)
	}
	w.c.unlock()
	w.b.ctx.cancel()
}

// release takes the exchange away from whoever may have kept the writer or the
// body. mu is held.
func (w *responseWriter) release(ex *exchange) {
	w.ex, ex.bridge = nil, nil
	w.b.body.closed = true
	w.deadlines.stop()
	c := w.c
	if c.pumping {
		c.t.interrupt() // lookOut, or a Read that somebody has left behind
	}
	if c.work != nil && c.waiters > 0 {
		c.cond.Broadcast()
	}
}

// CloseNotify implements http.CloseNotifier, which is deprecated: ask the
// request's context.
func (w *responseWriter) CloseNotify() <-chan bool {
	w.c.mu.Lock()
	ch := w.notify
	asked := ch != nil
	if !asked {
		ch = make(chan bool, 1)
		w.notify = ch
	}
	w.c.unlock()
	if !asked {
		w.b.ctx.AfterFunc(w.tellGone)
	}
	return ch
}

// tellGone is for CloseNotify: the handler's return is no news.
func (w *responseWriter) tellGone() {
	w.c.mu.Lock()
	if w.ex != nil {
		w.notify <- true
	}
	w.c.unlock()
}

// EnableFullDuplex is for http.ResponseController: the body may be read while the
// answer is written, and it may take its time.
func (w *responseWriter) EnableFullDuplex() error {
	ex, err := w.lock()
	if err != nil {
		return err
	}
	w.fullDuplex = true
	ex.req.body.patient = true
	w.c.unlock()
	return nil
}

// logCaller logs a mistake of the application, and where in it.
func (s *Server) logCaller(what string) {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	frame, more := frames.Next()
	for more && (strings.HasPrefix(frame.Function, ownPrefix) || strings.HasPrefix(frame.Function, "net/http.")) {
		frame, more = frames.Next()
	}
	s.logf("%s from %s (%s:%d)", what, frame.Function, path.Base(frame.File), frame.Line)
}

// ownPrefix is how the names of this package's functions begin.
const ownPrefix = "github.com/cork-go/cork/http1."
