//go:build unix

package http1

import (
	"io"
	"net"
	"os"
	"syscall"
)

// rawConn returns the descriptor of a socket that can be read directly.
func rawConn(socket net.Conn) syscall.RawConn {
	switch s := socket.(type) {
	case *net.TCPConn:
		if raw, err := s.SyscallConn(); err == nil {
			return raw
		}
	case *net.UnixConn:
		if raw, err := s.SyscallConn(); err == nil {
			return raw
		}
	}
	return nil
}

// readReady is called by the runtime when the descriptor may be readable, and
// once before it waits. It reads, and reports whether that was an end of the
// waiting. The buffer is borrowed for the attempt and kept only if bytes came.
func (t *netTransport) readReady(fd uintptr) bool {
	buf := t.spare
	if buf == nil {
		buf = t.conn.pools.buffer()
	}
	n, err := syscall.Read(int(fd), buf.b)
	for err == syscall.EINTR {
		n, err = syscall.Read(int(fd), buf.b)
	}
	if n > 0 {
		t.spare, t.got.n = buf, n
		return true
	}
	if t.spare == nil {
		t.conn.pools.putBuffer(buf)
	}
	switch {
	case err == syscall.EAGAIN:
		return false
	case err == nil:
		t.got.err = io.EOF
	default:
		t.got.err = os.NewSyscallError("read", err)
	}
	return true
}
