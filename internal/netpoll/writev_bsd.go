//go:build (darwin || freebsd || netbsd || openbsd || dragonfly) && !race

package netpoll

import "golang.org/x/sys/unix"

func writev(fd int, bufs [][]byte) (int, error) {
	return unix.SendmsgBuffers(fd, bufs, nil, nil, 0)
}
