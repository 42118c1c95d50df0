package fieldname

import "encoding/binary"

// How a name is found
//
// Four words of eight bytes cover every name of up to 32 bytes: those at 0, at
// n-8, at 8 and at n-16. Below 16 bytes they overlap and below 8 bytes they are
// one word; the offsets are clamped so that the same four loads do for every
// length (see wordsOf in gen/main.go). first and last, with the length, are
// hashed into slots, which gives the only ID that the name can have. Then its
// length and the words decide.
//
// The case of letters is taken out by clearing bit 5 of each byte. That is
// exact for bytes that are not control characters: a name in the table has
// only a-z, 0-9 and '-', and
//
//   - a letter c (0x61–0x7a) shares c&^0x20 with its upper case and nothing else,
//   - a digit or '-' (0x2d, 0x30–0x39) shares it with a control character
//     (0x0d, 0x10–0x19) and nothing else.
//
// TestFolding goes through all bytes at all positions.

// words are the folded words of a name. For names below 8 bytes the bytes
// above the name are zero.
type words struct {
	first, last uint64
	mid0, mid1  uint64
}

// foldMask clears bit 5 in eight bytes.
const foldMask = 0xdfdfdfdfdfdfdfdf

// nameBytesMax is the length of the longest name that four words hold.
const nameBytesMax = 32

func slotOf(first, last uint64, n int) uint64 {
	return ((first+uint64(n))*hashFirst + last*hashLast) >> hashShift
}

// Lookup returns the ID of name, in any case of letters, and Unknown if name is
// not in the table. name may be any bytes.
func Lookup(name []byte) ID {
	id := lookupTokens(name)
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

// lookupTokens is the plain twin of LookupAt: the same answer under the same
// promise that name holds no control characters, by checked loads.
func lookupTokens(name []byte) ID {
	n := len(name)
	if n == 0 || n > nameBytesMax {
		return Unknown
	}
	var w words
	if n < 8 {
		var padded [8]byte
		copy(padded[:], name)
		x := binary.LittleEndian.Uint64(padded[:]) & foldMask
		w = words{x, x, x, x}
	} else {
		w.first = binary.LittleEndian.Uint64(name) & foldMask
		w.last = binary.LittleEndian.Uint64(name[n-8:]) & foldMask
		w.mid0 = binary.LittleEndian.Uint64(name[min(8, n-8):]) & foldMask
		w.mid1 = binary.LittleEndian.Uint64(name[max(n, 16)-16:]) & foldMask
	}
	id := slots[slotOf(w.first, w.last, n)]
	if int(lengths[id]) != n || entries[id] != w {
		return Unknown
	}
	return id
}
