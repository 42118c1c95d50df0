//go:build !unix

package netpoll

// FilesMax returns how many descriptors the process may have, 0 if there is no
// bound.
func FilesMax() int64 { return 0 }
