//go:build unix

package netpoll

import "golang.org/x/sys/unix"

// FilesMax returns how many descriptors the process may have, 0 if there is no
// bound.
func FilesMax() int64 {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	if n := int64(limit.Cur); n > 0 && n < 1<<40 {
		return n
	}
	return 0
}
