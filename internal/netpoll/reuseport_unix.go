//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netpoll

import "golang.org/x/sys/unix"

// SetReusePort lets several sockets listen at the same address. It is called
// before the socket is bound.
func SetReusePort(fd int) error {
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, reusePort, 1)
}
