package http1

import (
	"bytes"
	"net"
	"time"
)

// What an http.Handler needs of its connection's carrier, beyond what every
// request needs. All methods but expireWrite are called with conn.mu held.

// watch implements transport: the loop reads by itself while a handler is held up,
// but it is told of what is there only once.
func (t *loopTransport) watch() (alone bool) {
	if t.readable || t.ahead != nil {
		t.post()
	}
	return false
}

// interrupt implements transport: readers of a loop's connection wait for conn.cond.
func (t *loopTransport) interrupt() {}

// expireWrite implements transport: nobody writes with mu held for long.
func (t *loopTransport) expireWrite() {}

// hijack implements transport.
func (t *loopTransport) hijack() (socket net.Conn, ahead []byte, err error) {
	ahead = bytes.Clone(t.ahead)
	t.ahead = nil
	fd, ok := t.socket.Detach()
	if !ok {
		return nil, nil, ErrConnectionClosed
	}
	socket, err = netConn(fd)
	return socket, ahead, err
}

// watch implements transport.
func (t *netTransport) watch() (alone bool) { return true }

// interrupt implements transport.
func (t *netTransport) interrupt() {
	if t.reading {
		t.armRead(longAgo)
	}
}

// expireWrite implements transport.
func (t *netTransport) expireWrite() { _ = t.socket.SetWriteDeadline(time.Unix(1, 0)) }

// hijack implements transport.
func (t *netTransport) hijack() (socket net.Conn, ahead []byte, err error) {
	t.server.removeConnection(t)
	_ = t.socket.SetDeadline(time.Time{})
	return t.socket, nil, nil
}
