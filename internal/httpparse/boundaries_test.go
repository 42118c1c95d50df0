package httpparse

import (
	"fmt"
	"strings"
	"testing"
)

// TestLimitsAtBounds: each limit at each value around what a message has, with
// the fast path and without, whole and in pieces.
func TestLimitsAtBounds(t *testing.T) {
	inputs := []string{
		"GET /abcdefgh HTTP/1.1\r\nHost: example.com\r\nA: \t b \t\r\nEmpty:\r\nAccept: */*\r\n\r\nGET / HTTP/1.0\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: example.com\r\n\r\nGET /longer-than-that HTTP/1.1\r\n\r\n",
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b;c=\"d\"\r\nx\r\n0001\r\ny\r\n0\r\nTrailer: one\r\nB: two\r\n\r\n",
	}
	for _, in := range inputs {
		for n := uint32(1); n < 70; n++ {
			for _, l := range []Limits{{HeadBytesMax: n}, {TargetBytesMax: n}, {FieldsMax: n}, {TrailerBytesMax: n},
				{ChunkExtensionBytesMax: n}, {ChunkExtensionBytesTotalMax: n}, {HeadBytesMax: n, TrailerBytesMax: 3}} {
				sameTranscripts(t, Request, Options{Limits: l}, []byte(in), uint64(n))
			}
		}
	}
}

// TestFieldsAtBounds: batches and the number of fields, around multiples of a
// batch and of what an index holds.
func TestFieldsAtBounds(t *testing.T) {
	for _, n := range []int{1, 31, 32, 33, 47, 48, 49, 63, 64, 65, 96, 97} {
		for _, line := range []string{"Accept: b\r\n", "Own: b\r\n", "Connection: x, y\r\n"} {
			fields := strings.Repeat(line, n) + "\r\n"
			in := []byte("GET / HTTP/1.1\r\n" + fields + "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + fields + "GET / HTTP/1.1\r\n\r\n")
			for _, most := range []int{n - 1, n, n + 1} {
				sameTranscripts(t, Request, Options{Limits: Limits{FieldsMax: uint32(most)}}, in, 1)
			}
			_, size, code := execute(Request, Options{Limits: Limits{FieldsMax: uint32(n)}}, string(in))
			if size != len(in) || code != OK {
				t.Errorf("%d fields %q of at most as many: %v", n, line, code)
			}
		}
	}
}

// TestLongerThanNameLen: with room for heads beyond 64 KiB, names up to 65535
// bytes are names, and longer ones are refused, not cut; values and heads may
// be longer.
func TestLongerThanNameLen(t *testing.T) {
	o := Options{Limits: Limits{HeadBytesMax: 1 << 18}}
	slow := o
	slow.Tracer = silentTracer{}
	for _, n := range []int{65534, 65535, 65536, 65537, 70000, 131072 + 4} {
		for _, format := range []string{"GET / HTTP/1.1\r\n%s: v\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n%s: v\r\nHost: a\r\n\r\n"} {
			in := []byte(fmt.Sprintf(format, strings.Repeat("n", n)))
			want := OK
			if n > 65535 {
				want = HeaderOverflow
			}
			if _, _, code := execute(Request, o, string(in)); code != want {
				t.Errorf("a name of %d bytes: %v, want %v", n, code, want)
			}
			model := readStream(t, Request, slow, in, whole)
			for _, size := range []int{len(in), 1000, 65536} {
				if got := readStream(t, Request, o, in, func(int) int { return size }); got != model {
					t.Errorf("a name of %d bytes in pieces of %d: another result", n, size)
				}
			}
		}
		value := []byte("GET / HTTP/1.1\r\nA: " + strings.Repeat("v", n) + "\r\n" + strings.Repeat("Host: a\r\n", 60) + "\r\n")
		if got, want := readStream(t, Request, o, value, whole), readStream(t, Request, slow, value, whole); got != want {
			t.Errorf("a value of %d bytes: another result", n)
		}
	}
}
