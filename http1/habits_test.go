package http1

import (
	"fmt"
	"testing"
	"time"

	"github.com/cork-go/cork/internal/httpparse"
)

// kindOf is the kind of a request for a target.
func kindOf(h *habits, method httpparse.Method, target string) uint64 {
	return h.kind(&IncomingMessage{method: method, text: target, target: httpparse.Span{Len: uint32(len(target))}})
}

func TestKinds(t *testing.T) {
	h := newHabits(false)
	of := func(target string) uint64 { return kindOf(h, httpparse.MethodGet, target) }
	for _, same := range [][2]string{{"/a", "/a"}, {"/a", "/a/b"}, {"/a", "/a?b"}, {"/", "/?b"}, {"/a/b/c", "/a/d?/e"}, {"*", "*"}} {
		if of(same[0]) != of(same[1]) {
			t.Errorf("%q and %q are of two kinds", same[0], same[1])
		}
	}
	for _, other := range [][2]string{{"/a", "/b"}, {"/a", "/ab"}, {"/", "/a"}} {
		if of(other[0]) == of(other[1]) {
			t.Errorf("%q and %q are of one kind", other[0], other[1])
		}
	}
	if of("/a") == kindOf(h, httpparse.MethodPost, "/a") {
		t.Error("the method does not count")
	}
}

// TestHabits: what has blocked starts elsewhere until it was fast often enough,
// and has to be so twice as often the next time.
func TestHabits(t *testing.T) {
	h := newHabits(false)
	kind, other := kindOf(h, httpparse.MethodGet, "/a"), kindOf(h, httpparse.MethodGet, "/b")
	if h.awake.Load() {
		t.Error("awake, and nothing has blocked")
	}
	h.blocked(kind)
	if !h.awake.Load() || !h.blocks(kind) || h.blocks(other) {
		t.Fatalf("blocks %v, the other %v; want true, false", h.blocks(kind), h.blocks(other))
	}
	for i, want := 0, habitRunsMin; i < 12; i++ {
		n := 0
		for h.blocks(kind) {
			h.ran(kind, time.Microsecond)
			n++
		}
		if n != want {
			t.Fatalf("the %d. time it takes %d fast runs, want %d", i+1, n, want)
		}
		h.blocked(kind)
		want = min(2*want, habitRunsMin<<habitDoublesMax)
	}
	h = newHabits(false)
	h.blocked(kind)
	for range 10 {
		for range habitRunsMin - 1 {
			h.ran(kind, time.Microsecond)
		}
		h.ran(kind, time.Second)
	}
	if !h.blocks(kind) {
		t.Error("one slow run in 64, and it runs on the loop")
	}
}

// TestUnknownKinds: where first ones block, first ones start elsewhere, and what
// turned out to be fast does not.
func TestUnknownKinds(t *testing.T) {
	h := newHabits(false)
	of := func(format string, i int) uint64 { return kindOf(h, httpparse.MethodGet, fmt.Sprintf(format, i)) }
	known := of("/known", 0)
	h.blocked(of("/first", 0)) // of this one nobody knows whether it was the first of its kind
	h.blocks(known)
	onLoop := 0
	for i := range 10 * habitSets * habitWays {
		if kind := of("/sleep%d", i); h.blocks(kind) {
			h.ran(kind, time.Second)
		} else {
			h.blocked(kind)
			onLoop++
		}
		if h.blocks(known) {
			t.Fatalf("the kind that is asked for all the time is forgotten after %d others", i)
		}
	}
	if onLoop > 1 {
		t.Errorf("%d first ones ran on the loop, want 1", onLoop)
	}
	onLoop = 0
	for i := range 2 * habitRunsMin {
		if kind := of("/fast%d", i); h.blocks(kind) {
			h.ran(kind, time.Microsecond)
			if h.blocks(kind) {
				t.Fatal("it was fast, and starts elsewhere again")
			}
		} else {
			onLoop++
		}
	}
	if onLoop != habitRunsMin {
		t.Errorf("%d first ones ran on the loop, want %d", onLoop, habitRunsMin)
	}
}

func BenchmarkHabits(b *testing.B) {
	h := newHabits(false)
	h.blocked(kindOf(h, httpparse.MethodGet, "/slow"))
	req := &IncomingMessage{method: httpparse.MethodGet, text: "/users/17", target: httpparse.Span{Len: 9}}
	for b.Loop() {
		h.blocks(h.kind(req))
	}
}
