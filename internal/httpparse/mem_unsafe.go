//go:build (amd64 || arm64 || loong64 || ppc64le) && !purego

package httpparse

import (
	"unsafe"

	"github.com/cork-go/cork/internal/bytescan"
	"github.com/cork-go/cork/internal/fieldname"
)

// mem is a block for the fast path: loads without bounds checks. The fast path
// makes about a hundred small loads for a browser's head, each at a position
// that it has just compared with the block's length or got from the index; the
// checks would be a quarter of its time. Every use says why it is in bounds.
// mem_purego.go is the checked twin, under the same tests.
type mem struct{ p unsafe.Pointer }

func memOf(b []byte) mem { return mem{unsafe.Pointer(unsafe.SliceData(b))} }

func (m mem) at(i int) byte       { return *(*byte)(unsafe.Add(m.p, i)) }
func (m mem) load32(i int) uint32 { return *(*uint32)(unsafe.Add(m.p, i)) }
func (m mem) load64(i int) uint64 { return *(*uint64)(unsafe.Add(m.p, i)) }

// visible reports whether [from,to), with eight readable bytes from each begin
// of eight on, is visible ASCII.
func (m mem) visible(from, to int) bool {
	for ; to-from >= 8; from += 8 {
		if bytescan.Invisible(m.load64(from)) != 0 {
			return false
		}
	}
	// The last bytes, with those behind them shifted out and '!' shifted in.
	return bytescan.Invisible(m.load64(from)<<(64-8*uint(to-from))|0x2121212121212121>>(8*uint(to-from))) == 0
}

// matchMiddle is for names of more than 16 bytes.
func (m mem) matchMiddle(id fieldname.ID, from, n int) bool {
	const mask = 0xdfdfdfdfdfdfdfdf
	return n <= 32 && fieldname.MatchMiddle(id, m.load64(from+8)&mask, m.load64(from+n-16)&mask)
}
