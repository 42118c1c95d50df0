package iobuf

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"unsafe"

	"github.com/cork-go/cork/internal/invariants"
)

// pattern is n bytes that tell where they belong.
func pattern(from, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		x := from + i
		p[i] = byte(x ^ x>>8 ^ x>>16)
	}
	return p
}

// rounds is how often a random test runs; the race detector makes it slow.
func rounds(n int) int {
	if invariants.Enabled || testing.Short() {
		return n / 5
	}
	return n
}

func TestChunkFitsItsSizeClass(t *testing.T) {
	const header = 8 // of the allocator, before an object with pointers
	if got := unsafe.Sizeof(chunk{}) + header; got > 16<<10 {
		t.Errorf("a chunk takes %d bytes, more than the size class of 16 KiB", got)
	}
}

func TestSizes(t *testing.T) {
	sizes := []int{0, 1, 2, 100, ChunkSize - 1, ChunkSize, ChunkSize + 1, 2 * ChunkSize, 3*ChunkSize - 1, 20 * ChunkSize}
	for _, first := range sizes {
		for _, second := range sizes {
			for _, pool := range []*Pool{nil, new(Pool)} {
				q := Queue{Pool: pool}
				want := pattern(0, first+second)
				q.Append(want[:first])
				q.Append(want[first:])
				if q.Len() != len(want) {
					t.Fatalf("Len() after %d and %d bytes = %d", first, second, q.Len())
				}
				if got := drain(&q); !bytes.Equal(got, want) {
					t.Fatalf("%d and %d bytes came out as %d others", first, second, len(got))
				}
				if q.head != nil || q.tail != nil || q.Len() != 0 {
					t.Fatalf("an empty Queue holds a chunk after %d and %d bytes", first, second)
				}
			}
		}
	}
}

// drain takes everything out, a Vec at a time.
func drain(q *Queue) (all []byte) {
	for q.Len() > 0 {
		n := 0
		for _, p := range q.Vec(nil) {
			all = append(all, p...)
			n += len(p)
		}
		q.Consume(n)
	}
	return all
}

func TestVec(t *testing.T) {
	var q Queue
	if got := q.Vec(nil); got != nil {
		t.Errorf("Vec of an empty Queue = %d slices, want none", len(got))
	}
	q.Append(make([]byte, 20*ChunkSize))
	if got := len(q.Vec(nil)); got != VecMax {
		t.Errorf("Vec = %d slices, want %d", got, VecMax)
	}
	other := []byte("before")
	if got := q.Vec([][]byte{other}); len(got) != 1+VecMax || &got[0][0] != &other[0] {
		t.Errorf("Vec did not append to what was there")
	}
}

func TestVecStaysWhileBytesAreAppended(t *testing.T) {
	var q Queue
	q.Append([]byte("first"))
	v := q.Vec(nil)
	q.Append([]byte("second"))
	if string(v[0]) != "first" || cap(v[0]) != len("first") {
		t.Errorf("the slice of Vec became %q with capacity %d", v[0], cap(v[0]))
	}
	q.Consume(3)
	if string(v[0][3:]) != "st" {
		t.Errorf("what is still in line became %q", v[0][3:])
	}
}

func TestConsumeRefuses(t *testing.T) {
	for _, n := range []int{-1, 4} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Consume(%d) of 3 bytes did not panic", n)
				}
			}()
			var q Queue
			q.Append([]byte("abc"))
			q.Consume(n)
		}()
	}
}

func TestReset(t *testing.T) {
	var pool Pool
	q := Queue{Pool: &pool}
	q.Reset() // of an empty one
	q.Append(make([]byte, 5*ChunkSize))
	q.Consume(ChunkSize + 5)
	if got := pool.Stats(); got != (PoolStats{Out: 4, Idle: 1}) {
		t.Errorf("after five chunks and one consumed: %+v", got)
	}
	q.Reset()
	q.Reset()
	if got := pool.Stats(); got != (PoolStats{Out: 0, Idle: 5}) {
		t.Errorf("after Reset: %+v, want 5 idle", got)
	}
	if q.Len() != 0 || q.Vec(nil) != nil {
		t.Error("a Queue is not empty after Reset")
	}
	q.Append([]byte("again"))
	if got := drain(&q); string(got) != "again" {
		t.Errorf("after Reset, %q came out", got)
	}
}

func TestPoolIsBounded(t *testing.T) {
	for _, tt := range []struct{ set, want int }{{0, MaxIdleDefault}, {2, 2}, {1000, 300}} {
		var pool Pool
		if tt.set > 0 {
			pool.SetMaxIdle(tt.set)
		}
		q := Queue{Pool: &pool}
		for range 300 {
			q.Append(make([]byte, ChunkSize))
		}
		q.Reset()
		if got := pool.Stats(); got != (PoolStats{Idle: tt.want}) {
			t.Errorf("SetMaxIdle(%d), 300 chunks: %+v, want %d idle", tt.set, got, tt.want)
		}
	}
}

// Idle chunks hold no others, or none of them would ever be collected.
func TestIdleChunksAreAlone(t *testing.T) {
	var pool Pool
	q := Queue{Pool: &pool}
	q.Append(make([]byte, 3*ChunkSize))
	c := q.head
	q.Reset()
	if c.next != nil {
		t.Error("an idle chunk refers to another")
	}
}

// A plain buffer is the model.
func TestAgainstModel(t *testing.T) {
	var pool Pool
	for seed := range uint64(rounds(100)) {
		r := rand.New(rand.NewPCG(seed, 7))
		q := Queue{Pool: &pool}
		var want []byte
		written := 0
		for step := range 200 {
			switch r.IntN(5) {
			case 0, 1:
				p := pattern(written, size(r))
				written += len(p)
				q.Append(p)
				want = append(want, p...)
				clear(p) // it was copied
			case 2, 3:
				n := min(size(r), len(want))
				q.Consume(n)
				want = want[n:]
			case 4:
				if r.IntN(10) == 0 {
					q.Reset()
					want = nil
				}
			}
			if q.Len() != len(want) {
				t.Fatalf("seed %d, step %d: Len() = %d, want %d", seed, step, q.Len(), len(want))
			}
			v := q.Vec(nil)
			if got := slices.Concat(v...); !bytes.HasPrefix(want, got) || len(v) < VecMax && len(got) != len(want) {
				t.Fatalf("seed %d, step %d: %d slices of %d bytes differ from the %d in line", seed, step, len(v), len(got), len(want))
			}
			if out := pool.Stats().Out; len(want) == 0 && out != 0 {
				t.Fatalf("seed %d, step %d: an empty Queue holds %d chunks", seed, step, out)
			}
		}
		q.Reset()
		if out := pool.Stats().Out; out != 0 {
			t.Fatalf("seed %d: %d chunks were not given back", seed, out)
		}
	}
}

func size(r *rand.Rand) int {
	switch r.IntN(4) {
	case 0:
		return r.IntN(10)
	case 1:
		return r.IntN(1000)
	case 2:
		return ChunkSize - 2 + r.IntN(5)
	}
	return r.IntN(3 * ChunkSize)
}

func TestPoolIsShared(t *testing.T) {
	var pool Pool
	pool.SetMaxIdle(4)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 3))
			q := Queue{Pool: &pool}
			for i := range rounds(200) {
				want := pattern(g*1000+i, r.IntN(3*ChunkSize))
				q.Append(want)
				if got := drain(&q); !bytes.Equal(got, want) {
					t.Errorf("goroutine %d, round %d: other bytes came out", g, i)
					return
				}
			}
		})
	}
	wg.Wait()
	if got := pool.Stats(); got.Out != 0 || got.Idle > 4 {
		t.Errorf("afterwards: %+v, want none out and at most 4 idle", got)
	}
}

func TestGivenBackTwicePanicsUnderInvariants(t *testing.T) {
	defer func() {
		got := recover()
		if _, ok := got.(invariants.Violation); ok != invariants.Enabled {
			t.Errorf("panic %v with invariants.Enabled = %v", got, invariants.Enabled)
		}
	}()
	var pool Pool
	q := Queue{Pool: &pool}
	q.Append([]byte("x"))
	copied := q
	q.Reset()
	copied.Reset()
}

func TestAllocatesNothing(t *testing.T) {
	if invariants.Enabled {
		t.Skip("the book of loans allocates; the promise is for production builds")
	}
	var pool Pool
	q := Queue{Pool: &pool}
	p := make([]byte, 3*ChunkSize)
	var vec [VecMax][]byte
	if got := testing.AllocsPerRun(1000, func() {
		q.Append(p)
		_ = q.Vec(vec[:0])
		q.Consume(ChunkSize)
		q.Reset()
	}); got != 0 {
		t.Errorf("bytes that pass through a Queue allocate %v times, want 0", got)
	}
}

func BenchmarkShortRest(b *testing.B) {
	var pool Pool
	q := Queue{Pool: &pool}
	p := make([]byte, 200)
	b.ReportAllocs()
	for b.Loop() {
		q.Append(p)
		q.Consume(len(p))
	}
}
