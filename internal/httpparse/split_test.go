package httpparse

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// sameTranscripts checks that it makes no difference to what a server sees how
// the bytes come in, nor whether the fast path is taken.
func sameTranscripts(t *testing.T, kind Type, o Options, input []byte, seed uint64) {
	t.Helper()
	slow := o
	slow.Tracer = silentTracer{}
	want := readStream(t, kind, slow, input, whole)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for _, way := range []struct {
		name string
		o    Options
		cut  func(int) int
	}{
		{"whole, fast path", o, whole},
		{"byte by byte", o, func(int) int { return 1 }},
		{"byte by byte, no fast path", slow, func(int) int { return 1 }},
		{"64 bytes at a time", o, func(int) int { return 64 }},
		{"random pieces", o, func(left int) int { return 1 + rnd.IntN(left) }},
		{"random small pieces", o, func(int) int { return 1 + rnd.IntN(48) }},
	} {
		if got := readStream(t, kind, way.o, input, way.cut); got != want {
			t.Fatalf("%s: another result for %q (lenient %x)\ngot:\n%s\nwant:\n%s", way.name, input, o.Lenient, got, want)
		}
	}
}

var splitSeeds = []string{
	strings.Repeat("GET /a HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\n\r\nGET / HTTP/1.1\r\n\r\n", 3),
	"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
	"GET /a?b#c HTTP/1.0\r\nConnection: keep-alive\r\nUpgrade: x\r\n\r\nGET / HTTP/1.1\r\n\r\n",
	"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5 \r\nX-Empty:\r\nX-Blank: \t \r\n\r\nhelloPUT /y HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
	"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b;c=\"d\\\"e\";f\r\nhello\r\n00a\r\n0123456789\r\n0\r\nTrailer-One: 1\r\nX: 2\r\n\r\n",
	"GET / HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\nrest",
	"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\nrest",
	"GET http://u@h:8080/p?q HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nmore",
	"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
	"GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\nTransfer-Encoding: x\r\n\r\n",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	"\r\n\r\nM-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\n\r\n",
	"GET / HTTP/1.1\r\nA: 1\nB: 2\r\n\r\n",
	"GET / HTTP/1.1\r\nA: 1\x00\r\n\r\n",
	"GET / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nhiHTTP/1.0 404 Not Found\r\n\r\nuntil the end",
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nrest",
	"GET /" + strings.Repeat("a/b?c=%20", 40) + " HTTP/1.1\r\n" + strings.Repeat("X-Many-Fields: value, another value\r\n", 70) + "\r\n",
	"GET / HTTP/1.1\r\n" + strings.Repeat("Connection: x, y\r\nHost: a\r\n", 40) + "\r\n",
	"DELETE /long HTTP/1.1\r\nCookie: " + strings.Repeat("name=0123456789abcdef; ", 300) + "\r\n\r\n",
}

func TestSplitInvariance(t *testing.T) {
	for _, seed := range splitSeeds {
		for _, lenient := range []Lenient{0, LenientHeaders, 0x7ff} {
			for _, kind := range []Type{Request, Response} {
				sameTranscripts(t, kind, Options{Lenient: lenient}, []byte(seed), 1)
			}
		}
	}
	for _, c := range corpusIfHere(t) {
		sameTranscripts(t, c.kind(), Options{Lenient: c.LenientMask}, c.bytes(t), 1)
	}
}

// TestEverySplit cuts each seed in two at every place.
func TestEverySplit(t *testing.T) {
	for _, seed := range splitSeeds {
		want := readStream(t, Request, Options{}, []byte(seed), whole)
		for at := 1; at < len(seed); at++ {
			first := true
			got := readStream(t, Request, Options{}, []byte(seed), func(left int) int {
				if first {
					first = false
					return at
				}
				return left
			})
			if got != want {
				t.Fatalf("%q cut at %d:\ngot:\n%s\nwant:\n%s", seed, at, got, want)
			}
		}
	}
}

// FuzzSplit: no input panics, and none gives another result in other pieces or
// without the fast path.
func FuzzSplit(f *testing.F) {
	for i, seed := range splitSeeds {
		f.Add([]byte(seed), uint16(0), i%2 == 1, uint64(i), uint16(0))
		f.Add([]byte(seed), uint16(0x7ff), false, uint64(i), uint16(100))
	}
	for _, c := range corpusIfHere(f) {
		f.Add(c.bytes(f), uint16(c.LenientMask), c.Type == "response", uint64(7), uint16(0))
	}
	f.Fuzz(func(t *testing.T, input []byte, lenient uint16, response bool, seed uint64, limit uint16) {
		kind := Request
		if response {
			kind = Response
		}
		o := Options{Lenient: Lenient(lenient & 0x7ff)}
		if limit != 0 {
			n := uint32(limit)
			o.Limits = Limits{HeadBytesMax: n, FieldsMax: n / 16, TargetBytesMax: n / 2, TrailerBytesMax: n / 2,
				ChunkExtensionBytesMax: n / 8, ChunkExtensionBytesTotalMax: n / 4}
		}
		sameTranscripts(t, kind, o, input, seed)
	})
}
