package http1

import "net"

// transport carries a connection's bytes. The connection decides, the transport
// does: it calls conn.run, and does what the step that run returns asks for.
// All methods but remoteAddr are called with conn.mu held.
//
// transport_net.go carries a connection over any net.Conn.
type transport interface {
	// write hands bufs to the peer, in order and whole. When it returns, the
	// bytes may be reused. It may wait for the peer, within the server's
	// WriteTimeout. After an error nothing more is written.
	write(bufs [][]byte) error

	// fill brings in more input, once: it waits, without conn.mu, until there
	// are bytes, the input has ended or a deadline has passed, and tells the
	// connection by take, eof, tick or shut. It calls conn.keep before it uses
	// a buffer again.
	fill()

	// closeWrite ends the output behind what has been written and leaves the
	// input open. It reports false if the carrier cannot do that.
	closeWrite() bool

	// close ends both directions at once. It may be called twice.
	close()

	// changed: the connection may have an earlier deadline than when the
	// carrier began to wait. What waits on conn.cond has been woken already.
	changed()

	remoteAddr() net.Addr
}

// step is what a connection wants to be done next.
type step uint8

const (
	// Done by conn.run itself.
	stepParse   step = iota // there is input for the parser
	stepFinish              // the input has ended
	stepRequest             // a request waits for its handler
	stepDeliver             // OnData or OnEnd is due
	stepRefuse              // the answer to a refused request is due

	// Left to the carrier.
	stepRead    // more input: call fill
	stepWait    // no input for now: wait on conn.cond
	stepUpgrade // hand the connection over
	stepClosed  // the connection has ended
)
