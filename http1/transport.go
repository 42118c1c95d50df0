package http1

import (
	"net"
	"time"
)

// transport carries a connection's bytes. The connection decides, the transport
// does: it calls conn.run, and does what the step that run returns asks for.
// All methods but remoteAddr and expireWrite are called with conn.mu held.
//
// transport_loop*.go carry a connection on an event loop, transport_net.go one
// over any net.Conn.
type transport interface {
	// write hands bufs to the peer, in order and whole. When it returns, the
	// bytes may be reused. It may wait for the peer, within the server's
	// WriteTimeout, or keep what the peer does not take at once: pending. After
	// an error nothing more is written.
	write(bufs [][]byte) error

	// pending is how many bytes wait for the peer. When there are none left the
	// carrier calls conn.drained.
	pending() int

	// push sends what write has kept only for the moment.
	push()

	// fill brings in more input while a handler runs: it waits, without conn.mu,
	// until there are bytes, the input has ended or something has changed, and
	// tells the connection by take, eof, tick or shut. It calls conn.keep before
	// it uses a buffer again. p, if it is not nil, is where the bytes are wanted;
	// it is the caller's again when fill returns. A carrier may ignore it.
	fill(p []byte)

	// block: the goroutine is about to wait for the connection. If it is one that
	// others wait for, they are seen to.
	block()

	// hold reports whether output may wait until the goroutine that runs the
	// connection has nothing else to do; more says that there may be more of it.
	// The carrier calls conn.held after holdTime at the latest, unless unhold is
	// called first.
	hold(more bool) bool
	unhold()

	// unread reports whether the peer may have sent more than was taken in.
	unread() bool

	// closeWrite ends the output behind what has been written and leaves the
	// input open. It reports false if the carrier cannot do that.
	closeWrite() bool

	// close ends both directions at once; what is pending is lost. It may be
	// called twice.
	close()

	// unsent is how many bytes of the output the peer's system has not taken, as far
	// as the carrier can know. 0 if the connection is gone.
	unsent() int

	// changed: run may have something to do, or the connection an earlier
	// deadline than when the carrier began to wait. Whoever waits on conn.cond
	// has been woken already.
	changed()

	// elsewhere reports whether another goroutine should run the connection from
	// here on, since the handler of ex is known to block. Then run returns
	// stepElsewhere.
	elsewhere(ex *exchange) bool

	// enter and leave stand around code of the application that is called by
	// run, on the goroutine that called run.
	enter()
	leave()

	// now is the time, not older than the last input; time is the same.
	now() instant
	time() time.Time

	// setNoDelay and setKeepAlive set options of the socket, if it has them.
	setNoDelay(noDelay bool) error
	setKeepAlive(config net.KeepAliveConfig) error

	// reset is close, and the peer is told with a reset.
	reset()

	// watch sees to it that the end of the input is noticed while a handler runs. It
	// reports true if that takes a goroutine which calls fill.
	watch() (alone bool)

	// interrupt ends a fill that waits.
	interrupt()

	// expireWrite ends a write that waits for the peer. It is called without conn.mu.
	expireWrite()

	// hijack ends the carrying and returns the socket, and what was read of it and
	// not given to the connection. Nothing is pending and nobody in fill.
	hijack() (socket net.Conn, ahead []byte, err error)

	localAddr() net.Addr
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
	stepElsewhere // go on, on another goroutine

	stepRead    // more input
	stepWait    // no input for now: something has to change first
	stepUpgrade // hand the connection over
	stepClosed  // the connection has ended
)
