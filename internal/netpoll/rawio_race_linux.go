//go:build race

package netpoll

import (
	"encoding/binary"
	"syscall"
)

// What one goroutine did before it wrote to a socket happened before what another
// does that has read from it. Package syscall tells that to the race detector, in
// Read and Write only, and so does package net by using them. These calls do the
// same, or the detector would see races wherever a test's client and its server
// tell each other something over a connection.

func recv(fd int, p []byte) (int, syscall.Errno) { return result(syscall.Read(fd, p)) }

func send(fd int, p []byte) (int, syscall.Errno) { return result(syscall.Write(fd, p)) }

// sendVec writes one slice after the other, until one was too much.
func sendVec(fd int, bufs [][]byte) (sum int, _ syscall.Errno) {
	for i, p := range bufs {
		if i == vecMax {
			break
		}
		if len(p) == 0 {
			continue
		}
		n, errno := send(fd, p)
		if errno != 0 && sum == 0 {
			return 0, errno
		}
		if errno != 0 || n < len(p) {
			return sum + max(n, 0), 0
		}
		sum += n
	}
	return sum, 0
}

func writeEvent(fd int) error {
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	for {
		if _, errno := result(syscall.Write(fd, one[:])); errno == 0 {
			return nil
		} else if errno != syscall.EINTR {
			return errno
		}
	}
}

func result(n int, err error) (int, syscall.Errno) {
	if err != nil {
		return 0, err.(syscall.Errno)
	}
	return n, 0
}
