package http1

import (
	"fmt"
	"syscall"
)

// checkOptions looks at the options of a connection's socket.
func checkOptions(c *conn, nagle bool) error {
	var noDelay, keepAlive int
	look := func(fd uintptr) {
		noDelay, _ = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_NODELAY)
		keepAlive, _ = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_KEEPALIVE)
	}
	switch t := c.t.(type) {
	case *loopTransport:
		look(uintptr(t.socket.FD()))
	case *netTransport:
		_ = t.raw.Control(look)
	}
	if noDelay != 0 == nagle || keepAlive == 0 {
		return fmt.Errorf("nagle %v: TCP_NODELAY %d, SO_KEEPALIVE %d", nagle, noDelay, keepAlive)
	}
	return nil
}
