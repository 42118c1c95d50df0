//go:build !race

package netpoll

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls that move bytes; see raw_linux.go for why they are raw and unsafe.
// The race detector's builds have others, in rawio_race_linux.go.
//
// recvfrom and sendto cost a little less than read and write, which go through
// the layer of files first; and sendto can be told not to raise SIGPIPE.

func recv(fd int, p []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), 0, 0, 0)
	return int(n), errno
}

func send(fd int, p []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), unix.MSG_NOSIGNAL, 0, 0)
	return int(n), errno
}

// sendVec writes up to vecMax of bufs. The list and the message's head are on the
// stack, which cannot move during the call.
func sendVec(fd int, bufs [][]byte) (int, syscall.Errno) {
	var vec [vecMax]unix.Iovec
	n := 0
	for _, p := range bufs {
		if n == len(vec) {
			break
		}
		if len(p) > 0 {
			vec[n].Base = unsafe.SliceData(p)
			vec[n].SetLen(len(p))
			n++
		}
	}
	head := unix.Msghdr{Iov: &vec[0]}
	head.SetIovlen(n)
	sent, _, errno := syscall.RawSyscall6(unix.SYS_SENDMSG, uintptr(fd),
		uintptr(unsafe.Pointer(&head)), unix.MSG_NOSIGNAL, 0, 0, 0)
	return int(sent), errno
}

// writeEvent adds 1 to an eventfd. It is never full: that takes 2^64 calls.
func writeEvent(fd int) error {
	one := uint64(1)
	for {
		_, _, errno := syscall.RawSyscall6(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&one)), 8, 0, 0, 0)
		if errno == 0 {
			return nil
		}
		if errno != unix.EINTR {
			return errno
		}
	}
}
