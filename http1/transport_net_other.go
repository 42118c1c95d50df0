//go:build !unix

package http1

import (
	"net"
	"syscall"
)

// rawConn: descriptors are not read directly here; a connection that waits
// holds a buffer.
func rawConn(net.Conn) syscall.RawConn { return nil }

// readReady is never called without a rawConn.
func (t *netTransport) readReady(uintptr) bool { return true }
