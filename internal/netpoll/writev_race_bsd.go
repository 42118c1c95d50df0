//go:build (darwin || freebsd || netbsd || openbsd || dragonfly) && race

package netpoll

import "syscall"

// writev tells the race detector, as package syscall does in Write only. Writing
// only the first is a short write.
func writev(fd int, bufs [][]byte) (int, error) { return syscall.Write(fd, bufs[0]) }
