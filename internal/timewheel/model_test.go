package timewheel

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// model says again, as plainly as possible, what a wheel does: a list of
// everything that is armed, and the latest time heard of.
type model struct {
	armed map[int]int64 // id: when
	now   int64
}

// mustFire and mayFire are the ids that are due for a tick or longer, or at
// all. What was late when it was set must fire at once: late has those.
func (m *model) mayFire(now int64) (ids []int) {
	for id, when := range m.armed {
		if when <= now {
			ids = append(ids, id)
		}
	}
	return ids
}

// source is where a program of random steps comes from.
type source interface {
	next(n int) int // 0 … n-1
	more() bool
}

type seeded struct {
	*rand.Rand
	steps int
}

func (s *seeded) next(n int) int { return s.IntN(n) }
func (s *seeded) more() bool     { s.steps--; return s.steps >= 0 }

type fuzzed struct{ data []byte }

func (f *fuzzed) more() bool { return len(f.data) > 0 }
func (f *fuzzed) next(n int) int {
	if len(f.data) == 0 {
		return 0
	}
	b := f.data[0]
	f.data = f.data[1:]
	return int(b) % n
}

// distance is a span of time of any size, with the edges of ticks and levels.
func distance(s source) int64 {
	d := int64(1) << s.next(57) // up to years
	switch s.next(4) {
	case 0:
		d--
	case 1:
		d++
	case 2:
		d += int64(s.next(200)) << 19
	}
	return d
}

// play runs one program against a wheel and its model.
func play(t *testing.T, s source) {
	const n = 24
	var w Wheel[conn]
	m := model{armed: map[int]int64{}, now: int64(s.next(250)) << s.next(50)}
	w.Init(m.now)
	cs := make([]*conn, n)
	for i := range cs {
		cs[i] = newConn(i)
	}
	late := map[int]bool{} // late when they were set

	set := func(id int) {
		when := m.now + distance(s)
		if s.next(8) == 0 {
			when = m.now - distance(s)
		}
		w.Set(&cs[id].timer, when)
		m.armed[id] = when
		late[id] = when <= m.now
	}
	cancel := func(id int) {
		w.Cancel(&cs[id].timer)
		delete(m.armed, id)
	}
	advance := func(now int64) {
		may := m.mayFire(now)
		must := map[int]bool{}
		for _, id := range may {
			must[id] = late[id] || m.armed[id] <= now-int64(Tick)
		}
		m.now = now
		lastTick := uint64(0)
		w.Advance(now, func(c *conn) {
			when, ok := m.armed[c.id]
			if !ok || !slices.Contains(may, c.id) {
				t.Fatalf("timer %d fired at %d; it is armed: %v, for %d", c.id, now, ok, when)
			}
			if tick := ceilTick(max(when, 0)); !late[c.id] {
				if tick < lastTick {
					t.Fatalf("timer %d of tick %d fired after tick %d", c.id, tick, lastTick)
				}
				lastTick = tick
			}
			delete(m.armed, c.id)
			delete(must, c.id)
			may = slices.DeleteFunc(may, func(id int) bool { return id == c.id })
			if s.next(4) == 0 { // a callback does something to it, or to another
				id := s.next(n)
				may = slices.DeleteFunc(may, func(x int) bool { return x == id })
				delete(must, id)
				if s.next(2) == 0 {
					set(id)
				} else {
					cancel(id)
				}
			}
		})
		for id, yes := range must {
			if yes {
				t.Fatalf("timer %d for %d has not fired at %d", id, m.armed[id], now)
			}
		}
	}
	check := func() {
		if w.Len() != len(m.armed) {
			t.Fatalf("Len() = %d, want %d", w.Len(), len(m.armed))
		}
		for id, c := range cs {
			when, ok := m.armed[id]
			if c.timer.Armed() != ok || ok && c.timer.When() != when {
				t.Fatalf("timer %d: armed %v for %d, want %v for %d", id, c.timer.Armed(), c.timer.When(), ok, when)
			}
		}
		next, ok := w.Next()
		if ok != (len(m.armed) > 0) {
			t.Fatalf("Next() says %v with %d timers", ok, len(m.armed))
		}
		for id, when := range m.armed {
			if bound := max(when, m.now) + int64(Tick); next > bound {
				t.Fatalf("Next() = %d is later than timer %d allows, which is for %d at %d", next, id, when, m.now)
			}
		}
	}

	for s.more() {
		switch s.next(8) {
		case 0, 1, 2:
			set(s.next(n))
		case 3:
			cancel(s.next(n))
		case 4:
			advance(m.now + distance(s)) // may be a jump of years
		case 5:
			advance(m.now + int64(s.next(200))<<19)
		case 6:
			if next, ok := w.Next(); ok {
				advance(max(next, m.now))
			}
		case 7:
			advance(m.now)
		}
		if m.now > 1<<61 {
			return
		}
		check()
	}
}

func TestAgainstModel(t *testing.T) {
	rounds := 2000
	if testing.Short() {
		rounds = 200
	}
	for seed := range uint64(rounds) {
		play(t, &seeded{rand.New(rand.NewPCG(seed, 1)), 200})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzModel(f *testing.F) {
	f.Add([]byte("\x01\x01\x00\x05\x30\x03\x04\x22\x01\x06\x07\x06"))
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyz"))
	f.Fuzz(func(t *testing.T, data []byte) { play(t, &fuzzed{data}) })
}

// A loop that sleeps until Next each time is woken by a timer at most once per
// level for nothing.
func TestWakeUpsForNothing(t *testing.T) {
	var w Wheel[conn]
	w.Init(987_654_321)
	c := newConn(1)
	w.Set(&c.timer, 987_654_321+int64(time.Minute))
	n := 0
	for w.Len() > 0 {
		next, _ := w.Next()
		advance(&w, next)
		n++
	}
	if n > 4 {
		t.Errorf("%d wake-ups for a timer of a minute, want at most 3 and the one that fires", n)
	}
}
