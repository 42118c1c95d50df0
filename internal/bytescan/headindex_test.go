package bytescan

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// headEnd is how many entries of an index belong to the head: those up to the
// run of stop bytes that ends it.
func headEnd(b []byte, x []uint32) int {
	for i, at := range x {
		run := 0
		for int(at)+run < len(b) && byteClass[b[int(at)+run]] == classStop {
			run++
		}
		if run >= stopRunEnd {
			return i + 1
		}
	}
	return len(x)
}

// compareFill holds every version of Fill against the plain one, from the
// first byte on and from one in the middle.
func compareFill(t *testing.T, b []byte) {
	t.Helper()
	for _, from := range []int{0, len(b) / 3} {
		var plain HeadIndex
		want := plain[:plain.fillPortable(b, from)]
		want = want[:headEnd(b, want)]
		for name, fill := range fills() {
			var x HeadIndex
			got := x[:fill(&x, b, from)]
			got = got[:headEnd(b, got)]
			if len(got) >= headIndexFull && len(want) >= headIndexFull { // full, at different places
				got, want = got[:headIndexFull], want[:headIndexFull]
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s of %q from %d:\ngot  %v\nwant %v", name, b, from, got, want)
			}
		}
	}
}

func TestHeadIndexPortable(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []uint32
	}{
		{"empty", "", nil},
		{"request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", []uint32{3, 14, 20, 23}},
		{"behind the head", "A: b\r\n\r\nC: d\r\n", []uint32{1, 4}},
		{"no colon", "A\r\nB: c\r\n\r\n", []uint32{1, 4, 7}},
		{"tab is no stop", "A:\tb\r\n\r\n", []uint32{1, 4}},
		{"del is a stop", "A: b\x7fc: d\r\n", []uint32{1, 4, 6, 9}},
		{"high bytes", "A\x80: b\xff\r\n", []uint32{1, 6}},
		{"begins with a stop", "\r\nA: b\r\n", []uint32{0, 3, 6}},
		{"begins with a blank", " A: b\r\n", []uint32{0, 5}},
		{"cut in a name", "A: b\r\nCde", []uint32{1, 4}},
		{"cut in a value", "A: b\r\nC:de", []uint32{1, 4, 7}},
	} {
		var x HeadIndex
		n := x.fillPortable([]byte(c.in), 0)
		if len(c.want) != n {
			t.Errorf("%s: %v, want %v", c.name, x[:n], c.want)
			continue
		}
		for i, w := range c.want {
			if x[i] != w {
				t.Errorf("%s: %v, want %v", c.name, x[:n], c.want)
				break
			}
		}
	}
}

// TestHeadIndexEveryByte has every byte value at every place of two blocks, in
// a name and in a value.
func TestHeadIndexEveryByte(t *testing.T) {
	for _, line := range []string{strings.Repeat("n", 130), "n:" + strings.Repeat("v", 130), strings.Repeat("a: b\r\n", 24)} {
		b := []byte(line + "\r\n\r\n")
		for at := range line {
			old := b[at]
			for c := 0; c < 256; c++ {
				b[at] = byte(c)
				compareFill(t, b)
			}
			b[at] = old
		}
	}
}

func TestHeadIndexRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	alphabet := []byte("ab:\r\n \t\x00\x7f\x80GET")
	for range 20000 {
		b := make([]byte, rnd.IntN(200))
		for i := range b {
			b[i] = alphabet[rnd.IntN(len(alphabet))]
			if i > 0 && rnd.IntN(3) > 0 {
				b[i] = "ab"[i%2]
			}
		}
		compareFill(t, b)
	}
}

func FuzzHeadIndex(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\n\r\n"), uint8(0))
	f.Add([]byte("\r\n\r\n\r\n\r\n"), uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, cut uint8) {
		compareFill(t, b[min(int(cut), len(b)):])
	})
}

func TestStopFree(t *testing.T) {
	for n := 0; n < 40; n++ {
		for at := 0; at <= n; at++ {
			for c := 0; c < 256; c++ {
				b := bytes.Repeat([]byte{'v', 0x80, '\t', 0xff}, 10)[:n]
				if at < n {
					b[at] = byte(c)
				}
				want := bytes.IndexFunc(b, func(r rune) bool { return r == 0x7f || r < ' ' && r != '\t' })
				if want < 0 {
					want = n
				}
				if got := StopFree(b); got != want {
					t.Fatalf("StopFree(%q) = %d, want %d", b, got, want)
				}
			}
		}
	}
}

func TestTokenRun(t *testing.T) {
	for n := 0; n < 30; n++ {
		for at := 0; at <= n; at++ {
			for c := 0; c < 256; c++ {
				b := bytes.Repeat([]byte("aZ-z_A9~"), 10)[:n]
				if at < n {
					b[at] = byte(c)
				}
				want := 0
				for want < n && byteClass[b[want]] == classToken {
					want++
				}
				if got := tokenRun(b, 0); got != want {
					t.Fatalf("tokenRun(%q) = %d, want %d", b, got, want)
				}
			}
		}
	}
}

func TestVisible(t *testing.T) {
	for n := 1; n < 20; n++ {
		for at := 0; at < n; at++ {
			for c := 0; c < 256; c++ {
				b := bytes.Repeat([]byte{'!', '~', 'a', 'Z'}, 5)[:n]
				b[at] = byte(c)
				if got, want := Visible(b), c > ' ' && c < 0x7f; got != want {
					t.Fatalf("Visible(%q) = %v", b, got)
				}
			}
		}
	}
}

const browserHead = "GET /en-US/docs/Web/HTTP/Overview?utm_source=mail&utm_medium=link HTTP/1.1\r\n" +
	"Host: developer.example.org\r\nConnection: keep-alive\r\nsec-ch-ua: \"Chromium\";v=\"126\", \"Not.A/Brand\";v=\"8\"\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Encoding: gzip, deflate, br\r\n" +
	"Accept-Language: en-US,en;q=0.9\r\nCookie: session=0123456789abcdef0123456789abcdef; theme=dark; lang=en; consent=yes\r\n\r\n"

func BenchmarkHeadIndex(b *testing.B) {
	head := []byte(browserHead)
	for name, fill := range fills() {
		b.Run(name, func(b *testing.B) {
			var x HeadIndex
			b.SetBytes(int64(len(head)))
			for b.Loop() {
				fill(&x, head, 0)
			}
		})
	}
}
