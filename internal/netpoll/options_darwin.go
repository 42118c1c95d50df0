package netpoll

import (
	"time"

	"golang.org/x/sys/unix"
)

const (
	reusePort = unix.SO_REUSEPORT

	tcpKeepIdle     = unix.TCP_KEEPALIVE
	tcpKeepInterval = unix.TCP_KEEPINTVL
	tcpKeepCount    = unix.TCP_KEEPCNT
	tcpKeepUnit     = time.Second
)
