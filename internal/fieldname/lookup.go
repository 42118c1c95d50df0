package fieldname

import "encoding/binary"

// How a name is found
//
// Its length and its last eight bytes (all of it, if it has less) are hashed
// into slots, and the slot has the only ID that the name can be. The length and
// the words of that ID's entry then decide: the first eight and the last eight
// bytes, which cover names of up to 16 bytes, and for longer ones the eight
// bytes behind the first and before the last eight, which cover up to 32.
//
// The case of letters is taken out by clearing bit 5 of each byte. That is
// exact for bytes that are not control characters: a name in the table has
// only a-z, 0-9 and '-', and
//
//   - a letter c (0x61–0x7a) shares c&^0x20 with its upper case and nothing else,
//   - a digit or '-' (0x30–0x39, 0x2d) shares it with a control character
//     (0x10–0x19, 0x0d) and nothing else.
//
// TestFolding goes through all bytes at all positions.

// entry is a known name as folded words. Those that its length n does not need
// are zero: mid0 and mid1 up to 16 bytes, and below 8 bytes the bytes of first
// and last that are above the name; first and last are then the same.
type entry struct {
	first, last uint64 // the bytes at 0 and n-8
	mid0, mid1  uint64 // the bytes at 8 and n-16
	n           uint64
}

// foldMask clears bit 5 in eight bytes.
const foldMask uint64 = 0xdfdfdfdfdfdfdfdf

func candidate(last uint64, n int) ID {
	return slots[(last-uint64(n))*hashMultiplier>>hashShift]
}

// Lookup returns the ID of name, in any case of letters, and Unknown if name is
// not in the table. name may be any bytes.
func Lookup(name []byte) ID {
	n := len(name)
	if n == 0 || n > nameBytesMax {
		return Unknown
	}
	var first, last uint64
	if n < 8 {
		first = shortWord(name) | spaces<<(n*8) // folding makes zeros of the spaces
		last = first
	} else {
		first = binary.LittleEndian.Uint64(name)
		last = binary.LittleEndian.Uint64(name[n-8:])
	}
	id := candidate(last&foldMask, n)
	if !Match(id, first&foldMask, last&foldMask, n) {
		return Unknown
	}
	noControls := visible(first) & visible(last)
	if n > 16 {
		mid0 := binary.LittleEndian.Uint64(name[8:])
		mid1 := binary.LittleEndian.Uint64(name[n-16:])
		if !MatchMiddle(id, mid0&foldMask, mid1&foldMask) {
			return Unknown
		}
		noControls &= visible(mid0) & visible(mid1)
	}
	if noControls&spaces != spaces {
		return Unknown
	}
	return id
}

// spaces are eight bytes with bit 5 alone.
const spaces uint64 = 0x2020202020202020

// visible sets bit 5 of each byte that is no control character, so one with any
// of the bits 5 to 7. The other bits mean nothing.
func visible(w uint64) uint64 { return w | w>>1 | w>>2 }

// shortWord returns the 1 to 7 bytes of name as a word, zeros above.
func shortWord(name []byte) uint64 {
	n := len(name)
	if n < 4 {
		return uint64(name[0]) | uint64(name[n/2])<<(n/2*8) | uint64(name[n-1])<<((n-1)*8)
	}
	return uint64(binary.LittleEndian.Uint32(name)) | uint64(binary.LittleEndian.Uint32(name[n-4:]))<<((n-4)*8)
}
