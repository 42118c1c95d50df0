//go:build amd64 && !purego && !noasm

package bytescan

import "golang.org/x/sys/cpu"

// avx2 is set when the processor has what headindex_amd64.s uses.
var avx2 = cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasPOPCNT

//go:noescape
func fillAVX2(x *HeadIndex, b []byte, from int) int

// fill is the version that this processor runs. A variable, set once, and not
// a branch in Fill, which so is small enough to be inlined: a minimal request
// feels each call.
var fill = func() func(*HeadIndex, []byte, int) int {
	if avx2 {
		return fillAVX2
	}
	return (*HeadIndex).fillPortable
}()

// Fill makes the index of the lines of b from b[from] on, up to the end of the
// head or until x is full, and returns how many entries there are: positions in
// b. Entries behind the end of the head (the fourth stop byte in a row) may be
// there or not.
//
// On amd64 with AVX2 this is assembly: one pass that classifies 64 bytes at a
// time into two bit masks and finds the ends of names by one addition, in
// which a carry runs through the token characters from each line's begin. With
// AVX-512 it was not faster (53 against 54 ns for 524 bytes): the time goes to
// writing the entries down.
func (x *HeadIndex) Fill(b []byte, from int) int { return fill(x, b, from) }

// Accelerated says what Fill runs on, for benchmarks.
func Accelerated() string {
	if avx2 {
		return "AVX2"
	}
	return "portable"
}
