//go:build unix

package loop

import "golang.org/x/sys/unix"

// Dup returns another descriptor of the same file, closed on exec.
func Dup(fd int) (int, error) { return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0) }
