package http1

import (
	"net"
	"time"
)

// Socket is a connection as hooks and handlers see it. It is a small value, to
// be passed and compared; it may be kept, and its methods may be called by any
// goroutine. Of a connection that has ended, or that was handed to OnUpgrade or
// OnConnect, they do nothing.
type Socket struct {
	c *conn
}

// RemoteAddr returns the address of the peer.
func (s Socket) RemoteAddr() net.Addr { return s.c.t.remoteAddr() }

// LocalAddr returns the address the peer has connected to.
func (s Socket) LocalAddr() net.Addr {
	s.c.mu.Lock()
	defer s.c.unlock()
	return s.c.t.localAddr()
}

// BytesRead returns how many bytes have been received.
func (s Socket) BytesRead() uint64 {
	s.c.mu.Lock()
	defer s.c.unlock()
	return s.c.received
}

// BytesWritten returns how many bytes have been sent, those included that the
// peer has not taken yet.
func (s Socket) BytesWritten() uint64 {
	s.c.mu.Lock()
	defer s.c.unlock()
	return s.c.sent
}

// Writable reports whether something can be sent: the output has not been closed
// by either side.
func (s Socket) Writable() bool {
	s.c.mu.Lock()
	defer s.c.unlock()
	return s.c.writing == writeOpen
}

// SetTimeout sets how long the connection may be quiet, with neither input nor
// output, in place of Server.Timeout; 0 is for ever. When it has been quiet for
// longer, the callbacks of SetTimeout of its current request and response and
// Server.OnTimeout are called, and the connection stays; if there is none, it is
// closed. The setting ends when the connection is idle: then
// Server.IdleTimeout counts, and Server.Timeout for the next request.
func (s Socket) SetTimeout(d time.Duration) {
	s.c.mu.Lock()
	defer s.c.unlock()
	if s.c.writing != writeClosed {
		s.c.wake() // for notify, which lets sleeping connections lie
		s.c.setTimeout(d)
		s.c.notify()
	}
}

// SetNoDelay sets TCP_NODELAY, where there is such a thing.
func (s Socket) SetNoDelay(noDelay bool) error {
	s.c.mu.Lock()
	defer s.c.unlock()
	if s.c.writing == writeClosed {
		return ErrConnectionClosed
	}
	return s.c.t.setNoDelay(noDelay)
}

// SetKeepAlive sets SO_KEEPALIVE and what goes with it, where there is such a
// thing.
func (s Socket) SetKeepAlive(config net.KeepAliveConfig) error {
	s.c.mu.Lock()
	defer s.c.unlock()
	if s.c.writing == writeClosed {
		return ErrConnectionClosed
	}
	return s.c.t.setKeepAlive(config)
}

// Write sends bytes as they are, behind what has been written already. It is for
// hooks that answer by themselves; in the middle of a response it makes nonsense
// of it. It may wait as a response's Write does.
func (s Socket) Write(p []byte) (int, error) {
	s.c.mu.Lock()
	defer s.c.unlock()
	if !s.c.writeRaw(p) {
		return 0, ErrConnectionClosed
	}
	return len(p), nil
}

// End sends bytes as they are, if there are any, and closes the connection when
// they have been taken; requests in it are aborted.
func (s Socket) End(p []byte) error {
	s.c.mu.Lock()
	defer s.c.unlock()
	if !s.c.writeRaw(p) {
		return ErrConnectionClosed
	}
	s.c.endOutput()
	return nil
}

// Destroy closes the connection at once. Answers that have ended are sent
// before; of one that is being written, only what has left already.
func (s Socket) Destroy() { s.c.destroy() }

// ResetAndDestroy closes the connection with a reset, where there is such a
// thing, and sends nothing.
func (s Socket) ResetAndDestroy() {
	s.c.mu.Lock()
	if s.c.writing != writeClosed {
		s.c.t.reset()
		s.c.shut()
	}
	s.c.unlock()
}

// writeRaw writes bytes that belong to no response.
func (c *conn) writeRaw(p []byte) bool {
	if c.writing != writeOpen {
		return false
	}
	c.wake()
	c.write(p, nil)
	return c.writing == writeOpen
}

// destroy is cut for who does not hold mu.
func (c *conn) destroy() {
	c.mu.Lock()
	c.cut()
	c.unlock()
}

// cut ends the connection: what was gathered of a response that has not ended is
// dropped, what stands before it is sent.
func (c *conn) cut() {
	if c.writing == writeOpen && c.work != nil {
		if front := c.outgoing.front(); front != nil && !front.ended {
			c.out = c.out[:min(c.frontAt, len(c.out))]
		}
		c.flush()
	}
	c.shut()
}
