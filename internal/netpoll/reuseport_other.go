//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package netpoll

// SetReusePort lets several sockets listen at the same address. It is called
// before the socket is bound.
func SetReusePort(int) error { return errUnsupported }
