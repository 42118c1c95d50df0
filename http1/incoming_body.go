package http1

import (
	"errors"
	"io"
	"net/http"
)

// flow says who takes a body's pieces.
type flow uint8

const (
	flowUnasked flow = iota // nobody yet: the connection is not read further
	flowEvents              // OnData
	flowReader              // Body
	flowDump                // nobody any more: pieces are dropped
)

// body is the receiving end of a request's body. Guarded by conn.mu.
//
// A piece is not copied: it stays in the buffer it was read into, and the
// connection reads on when it has been taken. That is all the flow control
// there is: a body that nobody asks for stops the client by TCP.
type body struct {
	req      *IncomingMessage
	flow     flow
	piece    []byte // the rest of the piece that has come in and nobody has taken
	received uint64 // bytes that somebody could take
	dumped   int    // bytes dropped
	counted  uint64 // of both, what patience knows of
	patience patience
	paused   bool // Pause: OnData and OnEnd are not called
	ended    bool // the body has been taken, or dropped, to its end
	out      bool // somebody has it as an io.Reader and has not met its end
	patient  bool // the server's time limits are not for it
	onData   func([]byte)
	onEnd    func()
}

// OnData sets what is called with each piece of the body. The bytes are valid
// until it returns. It runs on the connection's goroutine, after the handler
// has returned, without locks; it may block, and the connection is read no
// further meanwhile. A body without taker is not read until the response has
// ended, and then dropped.
func (req *IncomingMessage) OnData(fn func(data []byte)) {
	c := req.lockBody()
	req.body.onData = fn
	req.body.ask()
	c.notify()
	c.unlock()
}

// OnEnd sets what is called when the body has been taken, or dropped, to its
// end; trailers are there then. Goroutine and rules as OnData. It is not called
// if the connection goes away first (OnAborted is).
func (req *IncomingMessage) OnEnd(fn func()) {
	c := req.lockBody()
	req.body.onEnd = fn
	c.notify()
	c.unlock()
}

// Pause stops OnData and OnEnd, and with them the reading of the connection,
// until Resume is called. A piece that is being delivered is the last.
func (req *IncomingMessage) Pause() {
	c := req.lockBody()
	req.body.paused = true
	c.unlock()
}

// Resume lets OnData and OnEnd be called again. Without an OnData the body is
// dropped: that is how a body that is of no interest is read to its end.
func (req *IncomingMessage) Resume() {
	c := req.lockBody()
	req.body.paused = false
	req.body.ask()
	c.notify()
	c.unlock()
}

// lockBody locks the connection to set what is called with the body.
func (req *IncomingMessage) lockBody() *conn {
	c := req.conn
	c.mu.Lock()
	c.wake()
	req.ex.lent, c.hooks = true, true
	return c
}

// ask: the pieces go to OnData, unless somebody has them already.
func (b *body) ask() {
	if b.flow == flowUnasked {
		b.flow = flowEvents
	}
}

// Body returns the body for code that reads it where it stands. Read waits for
// the client, in the handler or in any other goroutine, but one at a time; the
// server serves the connection meanwhile. At the end, perhaps with the last bytes,
// it returns io.EOF, http.ErrBodyReadAfterClose once the response has ended, and
// ErrAborted if the connection went away. Body and OnData exclude each other.
func (req *IncomingMessage) Body() io.Reader {
	c := req.conn
	c.mu.Lock()
	req.body.out = true
	c.unlock()
	return &req.body
}

var errBodyTaken = errors.New("http1: the body goes to OnData")

// Read implements io.Reader; see IncomingMessage.Body.
func (b *body) Read(p []byte) (int, error) {
	c := b.req.conn
	c.mu.Lock()
	defer c.unlock()
	if b.flow == flowEvents {
		return 0, errBodyTaken
	}
	if len(p) == 0 {
		return 0, nil
	}
	for {
		switch {
		case b.flow == flowDump && !b.req.aborted:
			return 0, http.ErrBodyReadAfterClose
		case len(b.piece) > 0:
			b.flow = flowReader
			n := b.pull(p)
			if len(b.piece) > 0 {
				return n, nil
			}
			c.notify()
			return n, b.endAtHand(c)
		case b.req.complete:
			b.flow = flowReader
			b.out = false
			return 0, io.EOF
		case b.req.aborted:
			return 0, ErrAborted
		}
		b.flow = flowReader
		c.await(b.room(c, p))
	}
}

// pull moves from the piece to p, if the piece has not been read into p.
func (b *body) pull(p []byte) (n int) {
	if &b.piece[0] == &p[0] {
		n = len(b.piece)
	} else {
		n = copy(p, b.piece)
	}
	if b.piece = b.piece[n:]; len(b.piece) == 0 {
		b.piece = nil
	}
	return n
}

// room returns where the carrier may read the next piece to, if that can be p: what
// comes is of the body, and p is not so small that it would take more system calls.
func (b *body) room(c *conn, p []byte) []byte {
	left := b.req.length.size - b.received
	if b.req.length.kind != bodySized || c.work == nil || c.current != b.req || len(c.in) > 0 ||
		len(p) < readBufferBytes && uint64(len(p)) < left {
		return nil
	}
	return p[:min(uint64(len(p)), left)]
}

// endAtHand returns io.EOF if what was taken just now was the last of the body,
// and saves the Read that would tell.
func (b *body) endAtHand(c *conn) error {
	if b.req.length.kind == bodySized && b.received == b.req.length.size &&
		c.work != nil && c.serving != nil && !c.pumping && c.current == b.req && c.meetInput() == stepParse {
		c.execute()
	}
	if !b.req.complete {
		return nil
	}
	b.out = false
	return io.EOF
}

// stuck reports whether a piece waits for somebody to take it, or to be done
// with it.
func (b *body) stuck() bool {
	return len(b.piece) > 0
}

// due reports whether a piece or the end has to be delivered. The end of a body
// that was dropped comes after what its response's end has brought, as in Node.
func (b *body) due(c *conn) bool {
	switch b.flow {
	case flowEvents:
		return !b.paused && (len(b.piece) > 0 || b.owed() && b.req.complete)
	case flowDump:
		return b.owed() && b.req.complete && len(c.finishing) == 0 && len(c.events) == 0 && !c.firing
	case flowReader:
		return b.owed() && b.req.complete && len(b.piece) == 0
	}
	return false
}

// owed reports whether the end is still to be told.
func (b *body) owed() bool { return !b.ended && (b.onEnd != nil || b.req.hooks != nil) }

// arrived reports whether the client has done its part: the rest of the body has
// been read and only waits for the application.
func (req *IncomingMessage) arrived(c *conn) bool {
	return req.length.kind == bodySized && req.body.received+uint64(len(c.in)) >= req.length.size
}

// taken reports whether the body has been read to its end.
func (b *body) taken() bool {
	switch b.flow {
	case flowUnasked:
		return false
	case flowReader:
		return b.req.complete && !b.out
	}
	return b.req.complete && len(b.piece) == 0 && !b.paused
}

// dump drops what is there and what will come.
func (b *body) dump() {
	b.flow = flowDump
	b.piece = nil
}

// await is called by a Read that needs more of the body, with mu held. While the
// carrier's goroutine is busy with a handler, which may be the caller, the
// reader reads the connection itself; else it waits for the carrier to do so.
// What it reads may be found in p, by then the piece, if p is not nil.
func (c *conn) await(p []byte) {
	if c.work == nil || c.serving == nil || c.pumping {
		c.notify()
		c.waitForChange()
		return
	}
	switch c.meetInput() {
	case stepParse:
		c.execute()
	case stepFinish:
		c.finishInput()
	case stepRead:
		c.flush()
		if c.writing == writeClosed {
			return
		}
		if c.t.fill(p); p != nil {
			c.parseLent()
		}
	case stepClosed:
	default:
		c.waitForChange()
	}
}

// parseLent parses what has been read into memory that is nobody's but the
// caller's.
func (c *conn) parseLent() {
	if c.work == nil {
		return
	}
	c.packet = nil
	if len(c.in) > 0 && !c.own {
		if c.meetInput() == stepParse {
			c.execute()
		}
		if len(c.in) > 0 {
			c.keep()
		}
	}
}

// waitForChange waits for notify, on a goroutine of the application.
func (c *conn) waitForChange() {
	c.wake() // something is going on
	c.t.block()
	c.wait()
}
