//go:build linux || darwin

package bytescan

import (
	"bytes"
	"syscall"
	"testing"
)

// TestHeadIndexPages puts heads of all lengths at the end and at the begin of
// a page whose neighbours may not be read.
func TestHeadIndexPages(t *testing.T) {
	const page = 4096
	mem, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skip("no mmap:", err)
	}
	defer syscall.Munmap(mem)
	for _, fence := range [][]byte{mem[:page], mem[2*page:]} {
		if err := syscall.Mprotect(fence, syscall.PROT_NONE); err != nil {
			t.Skip("no mprotect:", err)
		}
	}
	room := mem[page : 2*page]
	copy(room, bytes.Repeat([]byte("Name: value, and more of it\r\n"), 200))
	for n := 0; n <= 300; n++ {
		compareFill(t, room[:n])
		compareFill(t, room[page-n:])
	}
}
