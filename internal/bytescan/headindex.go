// Package bytescan looks through bytes for the parser: plain Go everywhere, SIMD
// where a measurement says that it pays. It knows bytes and positions, never HTTP.
package bytescan

// A head is lines of the form name ':' value CR LF. HeadIndex finds the two
// places in each line where a parser has something to decide:
//
//   - the first byte of the line that is no token character: where a name ends,
//   - the first byte of each run of stop bytes: where a value ends.
//
// A stop byte is a control character other than HTAB (so CR and LF are), or DEL.
// A line begins at the first byte and behind each run of stop bytes.
// What is between two entries of the index is known: token characters between
// a line's begin and its first entry, no stop bytes between its entries.

// HeadIndex is room for the index of a head's first 48 lines: two entries a
// line and, in the entries from headIndexFull on, what one more block may add.
type HeadIndex [headIndexFull + blockLen]uint32

const (
	blockLen      = 64 // bytes that are classified at once
	headIndexFull = 96
)

// stopRunEnd is the length of a run of stop bytes at which a head ends:
// CR LF CR LF.
const stopRunEnd = 4

// classToken and classStop are the bits of byteClass.
const (
	classToken = 1
	classStop  = 2
)

var byteClass = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c == 0x7f || c < ' ' && c != '\t':
			t[c] = classStop
		case '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
			t[c] = classToken
		}
	}
	for _, c := range []byte("!#$%&'*+-.^_`|~") {
		t[c] = classToken
	}
	return t
}()

// fillPortable is the plain twin of Fill: the same entries up to the end of
// the head, none behind it.
func (x *HeadIndex) fillPortable(b []byte, from int) int {
	n, i := 0, from
	for i < len(b) && n < headIndexFull {
		e := tokenRun(b, i)
		k := stopFreeRun(b, e)
		if e < k {
			x[n] = uint32(e)
			n++
		}
		if k == len(b) {
			break
		}
		x[n] = uint32(k)
		n++
		if k+2 < len(b) && b[k+1] == '\n' && byteClass[b[k+2]] != classStop {
			i = k + 2 // as good as always
			continue
		}
		for i = k + 1; i < len(b) && byteClass[b[i]] == classStop; {
			i++
		}
		if i-k >= stopRunEnd {
			break
		}
	}
	return n
}
