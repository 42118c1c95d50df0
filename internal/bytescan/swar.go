package bytescan

import (
	"encoding/binary"
	"math/bits"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// StopFree returns how many bytes from b's first on are no stop bytes.
//
// Eight at a time: adding 0x01 to seven bits turns DEL, and nothing else, into
// 0x80; taking 0x20 from seven bits with a guard bit clears that bit for what
// is below SP, HTAB among it, which is then looked at alone.
func StopFree(b []byte) int {
	i := 0
	for ; len(b)-i >= 8; i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		low := x &^ highs
		del := low + ones                   // high bit: 0x7f
		ctl := ^((low | highs) - 0x20*ones) // high bit: below SP
		if hit := (del | ctl) & highs &^ x; hit != 0 {
			for {
				at := bits.TrailingZeros64(hit) >> 3
				if b[i+at] != '\t' {
					return i + at
				}
				if hit &= hit - 1; hit == 0 {
					break
				}
			}
		}
	}
	for ; i < len(b); i++ {
		if byteClass[b[i]] == classStop {
			return i
		}
	}
	return i
}

// Visible reports whether all bytes of b are visible ASCII, 0x21 to 0x7e.
func Visible(b []byte) bool {
	for len(b) >= 8 {
		x := binary.LittleEndian.Uint64(b)
		if Invisible(x) != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// Invisible is not zero if one of eight bytes is not in 0x21 to 0x7e: what
// borrows when 0x21 is taken away, what carries when 1 is added, and what has
// its high bit set.
func Invisible(x uint64) uint64 { return (x | (x - 0x21*ones) | (x + ones)) & highs }
