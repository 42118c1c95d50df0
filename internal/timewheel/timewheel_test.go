package timewheel

import (
	"math"
	"testing"
	"time"
	"unsafe"

	"github.com/cork-go/cork/internal/invariants"
)

type conn struct {
	id    int
	timer Timer[conn]
}

func newConn(id int) *conn {
	c := &conn{id: id}
	c.timer.Owner = c
	return c
}

// advance returns the ids of those who fired.
func advance(w *Wheel[conn], now int64) (ids []int) {
	w.Advance(now, func(c *conn) { ids = append(ids, c.id) })
	return ids
}

func TestTimerIsSmall(t *testing.T) {
	if got := unsafe.Sizeof(Timer[conn]{}); got > 40 {
		t.Errorf("a Timer has %d bytes, want at most 40: each connection has some", got)
	}
}

func TestZeroValue(t *testing.T) {
	var w Wheel[conn]
	if _, ok := w.Next(); ok || w.Len() != 0 {
		t.Error("an empty wheel has a next timer")
	}
	if got := advance(&w, math.MaxInt64); got != nil {
		t.Errorf("an empty wheel fired %v", got)
	}
	c := newConn(1)
	if c.timer.Armed() || c.timer.When() != 0 {
		t.Error("a zero Timer is armed")
	}
	w.Cancel(&c.timer) // of a timer that is not armed: nothing
}

// Neither early nor later than a tick, at all distances.
func TestFiresInItsTick(t *testing.T) {
	const tick = int64(Tick)
	distances := []int64{1, 2, tick - 1, tick, tick + 1, 5 * tick, 63 * tick, 64 * tick, 65*tick + 7, 4095 * tick,
		4096 * tick, 4097 * tick, int64(time.Minute), int64(time.Hour), int64(24 * time.Hour), int64(400 * 24 * time.Hour)}
	starts := []int64{0, 1, tick - 1, tick, 63*tick + 5, 64*tick - 1, 1<<40 - 1, 1 << 40, 1<<62 + 12345}
	for _, start := range starts {
		for _, d := range distances {
			var w Wheel[conn]
			w.Init(start)
			c := newConn(1)
			when := start + d
			w.Set(&c.timer, when)
			if !c.timer.Armed() || c.timer.When() != when || w.Len() != 1 {
				t.Fatalf("start %d, distance %d: not armed after Set", start, d)
			}
			for { // as a loop does
				next, ok := w.Next()
				if !ok || next >= when {
					break
				}
				if got := advance(&w, next); got != nil {
					t.Fatalf("start %d, distance %d: fired at %d, which is early", start, d, next)
				}
				if again, _ := w.Next(); again <= next {
					t.Fatalf("start %d, distance %d: Next stays at %d", start, d, next)
				}
			}
			if got := advance(&w, when-1); got != nil {
				t.Errorf("start %d, distance %d: fired before its time", start, d)
			}
			if next, ok := w.Next(); !ok || next > when+tick {
				t.Errorf("start %d, distance %d: Next() = %d, %v, which is more than a tick late", start, d, next, ok)
			}
			if got := advance(&w, when+tick-1); len(got) != 1 {
				t.Errorf("start %d, distance %d: has not fired within a tick", start, d)
			}
			if c.timer.Armed() || w.Len() != 0 {
				t.Errorf("start %d, distance %d: armed after it has fired", start, d)
			}
		}
	}
}

func TestPastFiresAtNextAdvance(t *testing.T) {
	now := int64(1_234_567_890_123)
	for _, when := range []int64{now, now - 1, 0, -1, math.MinInt64} {
		var w Wheel[conn]
		w.Init(now)
		c := newConn(1)
		w.Set(&c.timer, when)
		if next, ok := w.Next(); !ok || next > now {
			t.Errorf("when %d: Next() = %d, %v, want at most %d", when, next, ok, now)
		}
		if got := advance(&w, now); len(got) != 1 {
			t.Errorf("when %d: did not fire in the next Advance", when)
		}
	}
}

func TestNeverIsNever(t *testing.T) {
	var w Wheel[conn]
	c := newConn(1)
	w.Set(&c.timer, math.MaxInt64)
	for i := 0; ; i++ {
		next, ok := w.Next()
		if !ok || next < 0 || i > levels {
			t.Fatalf("Next() = %d, %v after %d steps, want the end of time", next, ok, i)
		}
		if next == math.MaxInt64 {
			break
		}
		advance(&w, next)
	}
}

func TestTimeDoesNotGoBack(t *testing.T) {
	var w Wheel[conn]
	w.Init(int64(time.Hour))
	c := newConn(1)
	w.Set(&c.timer, int64(time.Hour)-5)
	if got := advance(&w, 0); len(got) != 1 {
		t.Error("a timer that is due did not fire since the clock went back")
	}
}

func TestOrder(t *testing.T) {
	var w Wheel[conn]
	whens := []time.Duration{time.Hour, time.Millisecond, 400 * time.Hour, time.Second, time.Minute, 20 * time.Millisecond, 61 * time.Second}
	for i, d := range whens {
		w.Set(&newConn(i).timer, int64(d))
	}
	got := advance(&w, int64(1000*time.Hour))
	want := []int{1, 5, 3, 4, 6, 0, 2}
	for i := range want {
		if len(got) != len(want) || got[i] != want[i] {
			t.Fatalf("fired in order %v, want %v", got, want)
		}
	}
}

func TestCallbackMaySetAndCancel(t *testing.T) {
	var w Wheel[conn]
	a, b, c, d := newConn(1), newConn(2), newConn(3), newConn(4)
	for _, x := range []*conn{a, b, c} {
		w.Set(&x.timer, int64(time.Second))
	}
	var fired []int
	fire := func(x *conn) {
		fired = append(fired, x.id)
		if x.timer.Armed() {
			t.Errorf("%d is armed while its callback runs", x.id)
		}
		if x == a {
			w.Set(&a.timer, 0)     // its own, late already: the next Advance
			w.Cancel(&b.timer)     // about to fire
			w.Set(&d.timer, 1)     // another, late
			w.Set(&c.timer, 1<<50) // about to fire, moved away
			w.Set(&c.timer, 1<<50) // and again
			w.Cancel(&newConn(9).timer)
		}
	}
	w.Advance(int64(time.Minute), fire)
	if len(fired) != 1 || w.Len() != 3 {
		t.Fatalf("fired %v and %d are armed, want [1] and 3", fired, w.Len())
	}
	if next, _ := w.Next(); next > int64(time.Minute) {
		t.Errorf("Next() = %d with timers that are late, want the past", next)
	}
	w.Advance(int64(time.Minute), func(x *conn) { fired = append(fired, x.id) })
	if len(fired) != 3 || fired[1] != 1 || fired[2] != 4 {
		t.Errorf("fired %v, want [1 1 4]", fired)
	}
}

func TestPanicLosesNoTimer(t *testing.T) {
	var w Wheel[conn]
	for i := range 3 {
		w.Set(&newConn(i).timer, 1)
	}
	func() {
		defer func() { _ = recover() }()
		w.Advance(int64(time.Hour), func(*conn) { panic("a handler's") })
	}()
	if next, ok := w.Next(); !ok || next > int64(time.Hour) {
		t.Errorf("Next() = %d, %v after a panic, want the past", next, ok)
	}
	if got := advance(&w, int64(time.Hour)); len(got) != 2 {
		t.Errorf("fired %v after a panic, want the two others", got)
	}
}

func TestWhatIsOutOfTheWheelHoldsNothing(t *testing.T) {
	var w Wheel[conn]
	a, b := newConn(1), newConn(2)
	w.Set(&a.timer, 1)
	w.Set(&b.timer, 1)
	w.Cancel(&a.timer)
	advance(&w, int64(time.Hour))
	for _, c := range []*conn{a, b} {
		if c.timer.next != nil || c.timer.prev != nil {
			t.Errorf("timer %d is out and still refers to others", c.id)
		}
	}
}

func TestMisusePanicsUnderInvariants(t *testing.T) {
	tests := []struct {
		name string
		f    func(w *Wheel[conn])
	}{
		{"Init with timers", func(w *Wheel[conn]) { w.Set(&newConn(1).timer, 1); w.Init(2) }},
		{"Advance in a callback", func(w *Wheel[conn]) {
			w.Set(&newConn(1).timer, 1)
			w.Advance(1<<40, func(*conn) { w.Advance(1<<40, func(*conn) {}) })
		}},
		{"timer copied while armed", func(w *Wheel[conn]) {
			c := newConn(1)
			w.Set(&c.timer, 1)
			copied := c.timer
			w.Cancel(&copied)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				got := recover()
				if _, ok := got.(invariants.Violation); ok != invariants.Enabled {
					t.Errorf("panic %v with invariants.Enabled = %v", got, invariants.Enabled)
				}
			}()
			tt.f(new(Wheel[conn]))
		})
	}
}

func TestAllocatesNothing(t *testing.T) {
	var w Wheel[conn]
	cs := make([]*conn, 100)
	for i := range cs {
		cs[i] = newConn(i)
	}
	now := int64(0)
	fire := func(*conn) {}
	if got := testing.AllocsPerRun(1000, func() {
		for i, c := range cs {
			w.Set(&c.timer, now+int64(i)*int64(time.Second))
		}
		w.Cancel(&cs[50].timer)
		now += int64(3 * time.Second)
		w.Advance(now, fire)
		w.Next()
	}); got != 0 {
		t.Errorf("Set, Cancel, Next and Advance allocate %v times, want 0", got)
	}
}

// A timeout that is pushed on with each request, as idle timeouts are.
func BenchmarkPush(b *testing.B) {
	var w Wheel[conn]
	cs := make([]*conn, 1024)
	for i := range cs {
		cs[i] = newConn(i)
	}
	now, i := int64(0), 0
	b.ReportAllocs()
	for b.Loop() {
		now += 10_000
		w.Set(&cs[i&1023].timer, now+int64(time.Minute))
		i++
	}
}

func BenchmarkSetCancel(b *testing.B) {
	var w Wheel[conn]
	c, d := newConn(1), newConn(2)
	w.Set(&d.timer, int64(time.Minute))
	b.ReportAllocs()
	for b.Loop() {
		w.Set(&c.timer, int64(time.Minute))
		w.Cancel(&c.timer)
	}
}

func BenchmarkNextAdvanceIdle(b *testing.B) {
	var w Wheel[conn]
	w.Set(&newConn(1).timer, int64(time.Hour))
	fire := func(*conn) {}
	now := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		now += 100
		w.Advance(now, fire)
		w.Next()
	}
}
