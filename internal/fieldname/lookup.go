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
	id := lookupToken(name)
	if id == Unknown {
		return Unknown
	}
	for _, c := range name {
		if c < ' ' {
			return Unknown
		}
	}
	return id
}

// lookupToken is the plain twin of LookupAt: the same answer under the same
// promise that name holds no control character, by checked loads.
func lookupToken(name []byte) ID {
	n := len(name)
	if n == 0 || n > nameBytesMax {
		return Unknown
	}
	e := entry{n: uint64(n)}
	if n < 8 {
		var padded [8]byte
		copy(padded[:], name)
		e.first = binary.LittleEndian.Uint64(padded[:]) & foldMask
		e.last = e.first
	} else {
		e.first = binary.LittleEndian.Uint64(name) & foldMask
		e.last = binary.LittleEndian.Uint64(name[n-8:]) & foldMask
	}
	if n > 16 {
		e.mid0 = binary.LittleEndian.Uint64(name[8:]) & foldMask
		e.mid1 = binary.LittleEndian.Uint64(name[n-16:]) & foldMask
	}
	id := candidate(e.last, n)
	if entries[id] != e {
		return Unknown
	}
	return id
}
