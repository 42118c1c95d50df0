//go:build !amd64 || purego || noasm

package bytescan

// Fill makes the index of the lines of b from b[from] on, up to the end of the
// head or until x is full, and returns how many entries there are: positions in
// b. Entries behind the end of the head (the fourth stop byte in a row) may be
// there or not.
func (x *HeadIndex) Fill(b []byte, from int) int { return x.fillPortable(b, from) }

// Accelerated says what Fill runs on, for benchmarks.
func Accelerated() string { return "portable" }
