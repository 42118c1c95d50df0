package freelist

import (
	"testing"

	"github.com/cork-go/cork/internal/invariants"
)

type item struct{ id int }

// numbered makes items with ids 1, 2, 3, …
func numbered() func() *item {
	n := 0
	return func() *item { n++; return &item{id: n} }
}

// panics reports what f panics with, or nil.
func panics(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

func TestZeroValue(t *testing.T) {
	var l FreeList[item]
	if got := l.Max(); got != MaxDefault {
		t.Errorf("Max() = %d, want %d", got, MaxDefault)
	}
	it := l.Alloc()
	if it == nil || *it != (item{}) {
		t.Fatalf("Alloc() = %v, want a new item", it)
	}
	if !l.Free(it) || l.Len() != 1 {
		t.Errorf("after Free: Len() = %d, want 1", l.Len())
	}
}

func TestLastInFirstOut(t *testing.T) {
	l := FreeList[item]{New: numbered()}
	a, b, c := l.Alloc(), l.Alloc(), l.Alloc()
	l.Free(a)
	l.Free(c)
	l.Free(b)
	for i, want := range []*item{b, c, a} {
		if got := l.Alloc(); got != want {
			t.Errorf("Alloc %d after three returns = item %d, want item %d", i, got.id, want.id)
		}
	}
	if got := l.Alloc(); got.id != 4 {
		t.Errorf("Alloc of an empty list = item %d, want a new one, 4", got.id)
	}
}

func TestItemComesBackAsItWas(t *testing.T) {
	var l FreeList[item]
	it := l.Alloc()
	it.id = 7
	l.Free(it)
	if got := l.Alloc(); got.id != 7 {
		t.Errorf("id = %d, want 7: the list must not touch an item without Poison", got.id)
	}
}

func TestFullListDrops(t *testing.T) {
	var l FreeList[item]
	l.SetMax(2)
	a, b, c := l.Alloc(), l.Alloc(), l.Alloc()
	for _, tt := range []struct {
		name string
		item *item
		kept bool
	}{{"first", a, true}, {"second", b, true}, {"third", c, false}} {
		if got := l.Free(tt.item); got != tt.kept {
			t.Errorf("Free of the %s item = %v, want %v", tt.name, got, tt.kept)
		}
	}
	want := Stats{Allocs: 3, Frees: 3, Drops: 1}
	if got := l.Stats(); got != want {
		t.Errorf("Stats() = %+v, want %+v", got, want)
	}
}

func TestSetMaxDoesNotTrim(t *testing.T) {
	var l FreeList[item]
	a, b, c := l.Alloc(), l.Alloc(), l.Alloc()
	l.Free(a)
	l.Free(b)
	l.SetMax(1)
	if l.Len() != 2 {
		t.Fatalf("Len() after SetMax(1) = %d, want 2: a longer list stays", l.Len())
	}
	if l.Free(c) {
		t.Error("Free kept an item in a list above its bound")
	}
	l.Alloc()
	d := l.Alloc()
	if !l.Free(d) || l.Len() != 1 {
		t.Errorf("Len() = %d, want 1: a list that has shrunk keeps up to its bound", l.Len())
	}
}

func TestSetMaxRefuses(t *testing.T) {
	for _, n := range []int{0, -1} {
		var l FreeList[item]
		if panics(func() { l.SetMax(n) }) == nil {
			t.Errorf("SetMax(%d) did not panic", n)
		}
	}
}

// The list must not keep an item alive, or let it be found, while it is out.
func TestListForgetsWhatIsOut(t *testing.T) {
	var l FreeList[item]
	l.Free(l.Alloc())
	l.Alloc()
	if got := l.items[:1][0]; got != nil {
		t.Errorf("the slot of a borrowed item still holds %p", got)
	}
}

func TestStatsOut(t *testing.T) {
	var l FreeList[item]
	a, _ := l.Alloc(), l.Alloc()
	if got := l.Stats().Out(); got != 2 {
		t.Errorf("Out() with two borrowed = %d, want 2", got)
	}
	l.Free(a)
	if got := l.Stats().Out(); got != 1 {
		t.Errorf("Out() with one borrowed = %d, want 1", got)
	}
}

func TestMisusePanicsUnderInvariants(t *testing.T) {
	tests := []struct {
		name string
		f    func(l *FreeList[item])
	}{
		{"returned twice", func(l *FreeList[item]) { it := l.Alloc(); l.Free(it); l.Free(it) }},
		{"returned twice, dropped the first time", func(l *FreeList[item]) {
			l.SetMax(1)
			a, b := l.Alloc(), l.Alloc()
			l.Free(a)
			l.Free(b)
			l.Free(b)
		}},
		{"returned to a stranger", func(l *FreeList[item]) { l.Free(new(item)) }},
		{"nil returned", func(l *FreeList[item]) { l.Free(nil) }},
		{"checked after return", func(l *FreeList[item]) { it := l.Alloc(); l.Free(it); l.Check(it) }},
		{"New returns nil", func(l *FreeList[item]) { l.New = func() *item { return nil }; l.Alloc() }},
		{"New returns the same again", func(l *FreeList[item]) {
			it := new(item)
			l.New = func() *item { return it }
			l.Alloc()
			l.Alloc()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := panics(func() { tt.f(new(FreeList[item])) })
			if _, ok := got.(invariants.Violation); ok != invariants.Enabled {
				t.Errorf("panic %v with invariants.Enabled = %v", got, invariants.Enabled)
			}
		})
	}
}

func TestCheckAllowsWhatIsOut(t *testing.T) {
	var l FreeList[item]
	it := l.Alloc()
	l.Check(it)
	l.Free(it)
	if again := l.Alloc(); again != it {
		t.Fatal("the item did not come back")
	}
	l.Check(it)
}

func TestPoison(t *testing.T) {
	l := FreeList[item]{Poison: func(it *item) { it.id = -1 }}
	it := l.Alloc()
	it.id = 7
	l.Free(it)
	want := 7
	if invariants.Enabled {
		want = -1
	}
	if it.id != want {
		t.Errorf("id of a returned item = %d with invariants.Enabled = %v, want %d", it.id, invariants.Enabled, want)
	}
}

func TestHitAllocatesNothing(t *testing.T) {
	if invariants.Enabled {
		t.Skip("the book of loans allocates; the promise is for production builds")
	}
	var l FreeList[item]
	l.Free(l.Alloc())
	if got := testing.AllocsPerRun(1000, func() { l.Free(l.Alloc()) }); got != 0 {
		t.Errorf("a borrowed and returned item allocates %v times, want 0", got)
	}
}

func BenchmarkHit(b *testing.B) {
	var l FreeList[item]
	l.Free(l.Alloc())
	b.ReportAllocs()
	for b.Loop() {
		l.Free(l.Alloc())
	}
}
