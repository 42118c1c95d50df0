package httpparse

import (
	"fmt"
	"strings"
	"testing"
)

// costInputs are requests that make the parser work for their bytes.
func costInputs() map[string][]byte {
	blanks := func(lines, n int) string { return strings.Repeat("a:"+strings.Repeat(" ", n)+"b\r\n", lines) }
	return map[string][]byte{
		"blanks 48x760":    []byte("GET / HTTP/1.1\r\n" + blanks(48, 760) + "\r\n"),
		"one value":        []byte("GET / HTTP/1.1\r\na: " + strings.Repeat("b", 16000) + "\r\n\r\n"),
		"short fields":     []byte("GET / HTTP/1.1\r\n" + strings.Repeat("a:b\r\n", 1000) + "\r\n"),
		"short + blanks":   []byte("GET / HTTP/1.1\r\n" + strings.Repeat("a:\r\n", 950) + blanks(48, 600) + "\r\n"),
		"connection lists": []byte("GET / HTTP/1.1\r\n" + strings.Repeat("connection: x,\r\n", 900) + "\r\n"),
		"many upgrade":     []byte("GET / HTTP/1.1\r\n" + strings.Repeat("upgrade: x\r\n", 900) + "\r\n"),
		"purge pipelined":  []byte(strings.Repeat("PURGE / HTTP/1.1\r\n\r\n", 2000)),
	}
}

// BenchmarkCost: whole, and 64 bytes at a time, each should stay within a few
// ns a byte. (An index for each of 48 lines of blanks was 10.)
func BenchmarkCost(b *testing.B) {
	for name, in := range costInputs() {
		for _, size := range []int{len(in), 64} {
			b.Run(fmt.Sprintf("%s/%d", strings.ReplaceAll(name, " ", "_"), size), func(b *testing.B) {
				var p Parser
				b.SetBytes(int64(len(in)))
				for b.Loop() {
					p.Init(Request, handlerOnly{}, Options{})
					for from, to := 0, 0; to < len(in); {
						to = min(to+size, len(in))
						n, code := p.Execute(in[from:to])
						from += n
						if code != OK {
							break
						}
					}
				}
			})
		}
	}
}
