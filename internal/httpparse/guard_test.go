//go:build linux || darwin

package httpparse

import (
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"syscall"
	"testing"
)

// fence is memory whose last byte stands right before a page that may not be
// read, as its first byte stands behind one.
type fence struct{ room []byte }

func newFence(t testing.TB, pages int) *fence {
	const page = 4096
	all, err := syscall.Mmap(-1, 0, (pages+2)*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skip("no mmap:", err)
	}
	t.Cleanup(func() { syscall.Munmap(all) })
	for _, b := range [][]byte{all[:page], all[(pages+1)*page:]} {
		if err := syscall.Mprotect(b, syscall.PROT_NONE); err != nil {
			t.Skip("no mprotect:", err)
		}
	}
	return &fence{all[page : (pages+1)*page]}
}

// atEnd puts b right before the fence.
func (f *fence) atEnd(b []byte) []byte {
	to := f.room[len(f.room)-len(b):]
	copy(to, b)
	return to[:len(b):len(b)]
}

// atBegin puts b right behind the other one.
func (f *fence) atBegin(b []byte) []byte {
	copy(f.room, b)
	return f.room[:len(b):len(b)]
}

// readAtFence feeds input to a parser, first up to cut, then to the end, each
// time with the last byte right before the fence, and once behind the other.
func (f *fence) readAtFence(t testing.TB, kind Type, o Options, input []byte, cut int) {
	defer func() {
		if r := recover(); r != nil {
			t.Fatalf("%v: %q cut at %d (lenient %x)", r, input, cut, o.Lenient)
		}
	}()
	for _, place := range []func([]byte) []byte{f.atEnd, f.atBegin} {
		var p Parser
		p.Init(kind, handlerOnly{}, o)
		n, code := p.Execute(place(input[:cut]))
		if code == OK {
			p.Execute(place(input[n:]))
		}
	}
}

// TestFence: the parser loads no byte outside of those it was given, which a
// fault would tell: heads that end everywhere, lines that are shorter than the
// words that are loaded, bytes changed at random.
func TestFence(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	f := newFence(t, 4)
	type input struct {
		kind    Type
		lenient Lenient
		bytes   []byte
	}
	var inputs []input
	for _, s := range splitSeeds {
		inputs = append(inputs, input{Request, 0, []byte(s)})
	}
	for _, c := range corpusIfHere(t) {
		inputs = append(inputs, input{c.kind(), c.LenientMask &^ LenientHeaders, c.bytes(t)})
	}
	// Every short name and value, alone in its head and behind another line.
	for name := 0; name < 36; name++ {
		for value := 0; value < 10; value++ {
			for _, colon := range []string{":", ": ", " ", ""} {
				line := fmt.Sprintf("%.*s%s%.*s\r\n\r\n", name, "Upgrade-Insecure-Requests-Aaaaaaaaaaaaa", colon, value, "abcdefghij")
				inputs = append(inputs, input{Request, 0, []byte("GET / HTTP/1.1\r\n" + line)},
					input{Request, 0, []byte("GET / HTTP/1.1\r\nHost: a\r\n" + line)})
			}
		}
	}
	const odd = "\r\n: \ta-H0\x7f\x00\xff;,"
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, in := range inputs {
		if len(in.bytes) > len(f.room) {
			continue
		}
		o := Options{Lenient: in.lenient}
		step := 1 + len(in.bytes)/300
		for cut := 0; cut <= len(in.bytes); cut += step {
			f.readAtFence(t, in.kind, o, in.bytes, cut)
		}
		for range 40 {
			b := append([]byte(nil), in.bytes[:rnd.IntN(len(in.bytes)+1)]...)
			for range 1 + rnd.IntN(3) {
				if len(b) > 0 {
					b[rnd.IntN(len(b))] = odd[rnd.IntN(len(odd))]
				}
			}
			f.readAtFence(t, in.kind, o, b, rnd.IntN(len(b)+1))
			f.readAtFence(t, in.kind, o, b, len(b))
		}
	}
}

// FuzzFence is TestFence for the fuzzer.
func FuzzFence(f *testing.F) {
	for _, seed := range splitSeeds {
		f.Add([]byte(seed), uint16(0), false, uint16(len(seed)))
	}
	f.Fuzz(func(t *testing.T, input []byte, lenient uint16, response bool, cut uint16) {
		defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
		kind := Request
		if response {
			kind = Response
		}
		input = input[:min(len(input), 4*4096)]
		newFence(t, 4).readAtFence(t, kind, Options{Lenient: Lenient(lenient & 0x7ff)}, input, min(int(cut), len(input)))
	})
}
