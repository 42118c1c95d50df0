//go:build !amd64 || purego || noasm

package bytescan

// fills are the versions of Fill that this processor can run.
func fills() map[string]func(*HeadIndex, []byte, int) int {
	return map[string]func(*HeadIndex, []byte, int) int{"portable": (*HeadIndex).fillPortable}
}
