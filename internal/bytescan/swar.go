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
func StopFree(b []byte) int { return stopFreeRun(b, 0) }

// stopFreeRun returns the position of the first stop byte of b[i:], or len(b).
//
// Eight at a time: adding 0x01 to seven bits turns DEL, and nothing else, into
// 0x80; taking 0x20 from seven bits with a guard bit clears that bit for what
// is below SP, HTAB among it, which is then looked at alone.
func stopFreeRun(b []byte, i int) int {
	for ; i <= len(b)-8; i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		low := x &^ highs
		del := low + ones
		ctl := ^((low | highs) - ' '*ones)
		for hit := (del | ctl) & highs &^ x; hit != 0; hit &= hit - 1 {
			if at := i + bits.TrailingZeros64(hit)>>3; b[at] != '\t' {
				return at
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

// tokenRun returns the position of the first byte of b[i:] that is no token
// character, or len(b).
//
// Eight at a time it knows letters and hyphens, of which nearly all names are.
// Adding makes carries into the high bits: one sum has it from 'a' on, the other
// from behind 'z' on.
func tokenRun(b []byte, i int) int {
	for {
		for ; i <= len(b)-8; i += 8 {
			x := binary.LittleEndian.Uint64(b[i:])
			low := x &^ highs
			folded := low | ' '*ones
			letter := (folded + (0x80-'a')*ones) &^ (folded + (0x80-'z'-1)*ones)
			notHyphen := low ^ '-'*ones + (0x7f)*ones
			if other := (^letter&notHyphen | x) & highs; other != 0 {
				i += bits.TrailingZeros64(other) >> 3
				break
			}
		}
		if i >= len(b) || byteClass[b[i]] != classToken {
			return i
		}
		i++
	}
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
