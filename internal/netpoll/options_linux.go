package netpoll

import (
	"time"

	"golang.org/x/sys/unix"
)

const (
	reusePort = unix.SO_REUSEPORT

	tcpKeepIdle     = unix.TCP_KEEPIDLE
	tcpKeepInterval = unix.TCP_KEEPINTVL
	tcpKeepCount    = unix.TCP_KEEPCNT
	tcpKeepUnit     = time.Second
)

// socket makes a non-blocking stream socket that is closed on exec.
func socket(family int) (int, error) {
	return unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
}
