package iobuf

// chunkHead is what a chunk needs besides its bytes, and the eight bytes that
// the allocator puts before an object with pointers.
const chunkHead = 32

// ChunkSize is how many bytes a chunk takes: what is left of a 16 KiB object,
// which is a size class of the allocator. Most answers that do not fit a
// socket's buffer need several either way; a larger chunk would be wasted on the
// tails of the others.
const ChunkSize = 16<<10 - chunkHead

// chunk is a piece of the line: buf[begin:end]. It is filled once from the left
// and emptied from the left; what has been taken out is not filled again, so
// that slices of what is in line stay as they are.
type chunk struct {
	next       *chunk
	begin, end int32
	buf        [ChunkSize]byte
}

func (c *chunk) bytes() []byte { return c.buf[c.begin:c.end:c.end] }
func (c *chunk) empty() bool   { return c.begin == c.end }
func (c *chunk) full() bool    { return c.end == ChunkSize }

// fill takes as much of p as there is room for.
func (c *chunk) fill(p []byte) int {
	n := copy(c.buf[c.end:], p)
	c.end += int32(n)
	return n
}

// drop takes out up to n bytes.
func (c *chunk) drop(n int) int {
	n = min(n, int(c.end-c.begin))
	c.begin += int32(n)
	return n
}

// poison overwrites what somebody may still refer to after it was taken out.
func (c *chunk) poison() {
	c.buf[0] = 0xdb
	for n := 1; n < len(c.buf); n *= 2 { // a loop over bytes is slow under the race detector
		copy(c.buf[n:], c.buf[:n])
	}
}
