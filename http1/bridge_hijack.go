package http1

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"slices"
)

// Hijack implements http.Hijacker: the connection is the caller's from now on.
// What has come in and was not read stands in the reader's buffer.
func (w *responseWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c := w.c
	ex, err := w.lock()
	if err != nil {
		return nil, nil, err
	}
	socket, rest, err := w.takeSocket(ex)
	c.unlock()
	if err != nil {
		return nil, nil, err
	}
	c.server.tellState(c, http.StateHijacked)
	return socket, bufio.NewReadWriter(readerOf(socket, rest), bufio.NewWriter(socket)), nil
}

// takeSocket sends what was written and ends the connection as far as HTTP goes.
// mu is held, and released while the client takes its time.
func (w *responseWriter) takeSocket(ex *exchange) (net.Conn, []byte, error) {
	c := w.c
	if w.wroteHeader {
		if err := w.flush(ex); err != nil {
			return nil, nil, err
		}
	}
	c.flush()
	w.hijacked = true
	w.release(ex)
	for c.writing == writeOpen && (c.t.pending() > 0 || c.pumping) {
		if c.t.push(); c.pumping || c.t.pending() > 0 {
			c.waitForChange()
		}
	}
	if c.writing != writeOpen {
		return nil, nil, ErrConnectionClosed
	}
	socket, ahead, err := c.t.hijack()
	if err != nil {
		c.shut()
		return nil, nil, err
	}
	rest := slices.Concat(ex.req.body.piece, c.in, ahead)
	ex.lent = true
	c.leave()
	return socket, rest, nil
}

// leave is shut for a connection that goes on without HTTP.
func (c *conn) leave() {
	c.abandon()
	c.filling, c.fresh, c.refused = nil, nil, nil
	c.unhold()
	c.releaseOut()
	c.dropFinishing()
	c.leaveHTTP()
	c.notify()
}

// readerOf returns a reader of the connection that has rest in its buffer.
func readerOf(socket net.Conn, rest []byte) *bufio.Reader {
	if len(rest) == 0 {
		return bufio.NewReader(socket)
	}
	r := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(rest), socket), max(4096, len(rest)))
	_, _ = r.Peek(len(rest)) // cannot fail: it is there
	return r
}
