//go:build (amd64 || arm64 || loong64 || ppc64le) && !purego

package fieldname

import "unsafe"

// LookupAt is Lookup for a parser's inner loop. The name is the n bytes at p.
//
// The caller promises that
//
//  1. n is not negative and the bytes from p up to p+max(n, 8) are readable
//     memory of one object; none outside of them is read,
//  2. the n bytes hold no control character (below 0x20), as is so after they
//     were checked to be a token (RFC 9110 section 5.6.2). With a control
//     character inside the answer may be a wrong ID.
//
// Why unsafe: a name's bytes stand in a receive buffer with the colon and the
// value behind them, so eight bytes may be loaded even where the name has two.
// A slice of the name would hide that, and checked loads with a copy for short
// names cost more than the rest of the lookup. The file is for little-endian
// machines that load words from any address; Lookup is its plain twin.
func LookupAt(p unsafe.Pointer, n int) ID {
	if n < 8 {
		word := *(*uint64)(p) & (foldMask >> (uint(8-n) * 8 & 63))
		id := candidate(word, n)
		e := &entries[id&(idsMax-1)]
		if (word^e.first)|(uint64(n)^e.n) != 0 {
			return Unknown
		}
		return id
	}
	first := *(*uint64)(p)
	last := *(*uint64)(unsafe.Add(p, n-8)) & foldMask
	id := candidate(last, n)
	e := &entries[id&(idsMax-1)]
	different := ((first ^ e.first) & foldMask) | (last ^ e.last) | (uint64(n) ^ e.n)
	if n > 16 {
		mid0 := *(*uint64)(unsafe.Add(p, 8))
		mid1 := *(*uint64)(unsafe.Add(p, n-16))
		different |= ((mid0 ^ e.mid0) | (mid1 ^ e.mid1)) & foldMask
	}
	if different != 0 {
		return Unknown
	}
	return id
}
