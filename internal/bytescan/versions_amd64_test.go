//go:build amd64 && !purego && !noasm

package bytescan

// fills are the versions of Fill that this processor can run.
func fills() map[string]func(*HeadIndex, []byte, int) int {
	m := map[string]func(*HeadIndex, []byte, int) int{"portable": (*HeadIndex).fillPortable}
	if avx2 {
		m["AVX2"] = fillAVX2
	}
	return m
}
