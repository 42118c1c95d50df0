//go:build amd64 && !purego && !noasm

package bytescan

// fills are the versions of Fill that this processor can run.
func fills() map[string]func(*HeadIndex, []byte, int) int {
	m := map[string]func(*HeadIndex, []byte, int) int{"portable": (*HeadIndex).fillPortable}
	if avx2 {
		m["AVX2"] = func(x *HeadIndex, b []byte, from int) int {
			if from >= len(b) {
				return 0
			}
			return fillAVX2(x, &b[0], len(b), from)
		}
	}
	return m
}
