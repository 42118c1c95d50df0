package freelist

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// model is a FreeList said again, as plainly as possible.
type model struct {
	idle  []*item
	out   []*item
	max   int
	stats Stats
}

// play runs one program against a list and its model: each byte is a step, its
// low bits say which, the others choose the item or the bound.
func play(t *testing.T, program []byte) {
	made := 0
	l := FreeList[item]{New: func() *item { made++; return &item{id: made} }}
	m := model{max: MaxDefault}
	for at, b := range program {
		arg := int(b >> 2)
		switch b & 3 {
		case 0, 1:
			m.alloc(t, at, l.Alloc(), made)
		case 2:
			if len(m.out) > 0 {
				m.free(t, at, &l, arg%len(m.out))
			}
		case 3:
			m.max = arg + 1
			l.SetMax(m.max)
		}
		if l.Len() != len(m.idle) || l.Max() != m.max || l.Stats() != m.stats || l.Stats().Out() != len(m.out) {
			t.Fatalf("program %x, step %d: list has %d of %d idle, %+v; model %d of %d, %+v, %d out",
				program, at, l.Len(), l.Max(), l.Stats(), len(m.idle), m.max, m.stats, len(m.out))
		}
	}
}

func (m *model) alloc(t *testing.T, at int, got *item, made int) {
	m.stats.Allocs++
	if n := len(m.idle); n > 0 {
		m.stats.Hits++
		if want := m.idle[n-1]; got != want {
			t.Fatalf("step %d: Alloc() = item %d, want item %d, the last one returned", at, got.id, want.id)
		}
		m.idle = m.idle[:n-1]
	} else if got.id != made || slices.Contains(m.out, got) {
		t.Fatalf("step %d: Alloc() = item %d, want a new one", at, got.id)
	}
	m.out = append(m.out, got)
}

func (m *model) free(t *testing.T, at int, l *FreeList[item], i int) {
	it := m.out[i]
	m.out = slices.Delete(m.out, i, i+1)
	m.stats.Frees++
	want := len(m.idle) < m.max
	if want {
		m.idle = append(m.idle, it)
	} else {
		m.stats.Drops++
	}
	if got := l.Free(it); got != want {
		t.Fatalf("step %d: Free(item %d) = %v, want %v", at, it.id, got, want)
	}
}

func TestAgainstModel(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		program := make([]byte, 400)
		for i := range program {
			program[i] = byte(r.Uint32())
		}
		play(t, program)
	}
}

func FuzzModel(f *testing.F) {
	f.Add([]byte{0, 2, 0, 2})
	f.Add([]byte{3, 0, 0, 0, 2, 2, 2, 0})
	f.Fuzz(play)
}
