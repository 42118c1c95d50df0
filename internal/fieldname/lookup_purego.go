//go:build !(amd64 || arm64 || loong64 || ppc64le) || purego

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
// This is the build without unaligned loads: only the pointer in the signature
// is unsafe.
func LookupAt(p unsafe.Pointer, n int) ID { return Lookup(unsafe.Slice((*byte)(p), n)) }
