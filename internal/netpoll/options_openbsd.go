package netpoll

import (
	"time"

	"golang.org/x/sys/unix"
)

const (
	reusePort = unix.SO_REUSEPORT

	tcpKeepIdle     = 0
	tcpKeepInterval = 0
	tcpKeepCount    = 0
	tcpKeepUnit     = time.Second
)
