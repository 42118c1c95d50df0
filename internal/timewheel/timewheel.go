// Package timewheel keeps the timers of one event loop: a hierarchical timing
// wheel in which arming, moving and disarming a timer costs the same however
// many there are, and allocates nothing.
//
//	type conn struct {
//		idle timewheel.Timer[conn]
//		…
//	}
//
//	c.idle.Owner = c
//	wheel.Set(&c.idle, now+int64(time.Minute))
//	…
//	wheel.Advance(now, (*conn).onTimeout)
//
// Timers of a server are nearly always disarmed or moved before they are due,
// and nobody minds a connection that is closed some milliseconds late. So time
// is counted in ticks, and a timer far away waits in a coarse slot. When the
// wheel comes to a coarse slot, its timers are put into finer ones. The rules
// that bite:
//
//   - A Wheel has one owner and no lock. An event loop owns its own, and with
//     it all timers that are armed there.
//   - A timer fires in Advance only: never before it is due, and in the first
//     Advance that is a Tick or more behind its time.
//   - A timer that is set while Advance runs fires in a later Advance, however
//     long ago it was due. No callback can keep Advance from returning.
//   - The memory of an armed timer belongs to the wheel. Cancel it before its
//     owner is reused, and do not copy it.
package timewheel

import (
	"math"
	"math/bits"
	"time"

	"github.com/cork-go/cork/internal/invariants"
)

const (
	// tickShift makes a tick of 2^22 ns. The timeouts of a server are seconds, so
	// anything below ten milliseconds is exact enough; a power of two spares the
	// division.
	tickShift = 22

	// Tick is how late a timer may fire, 4.2 ms, provided that Advance is called.
	Tick = time.Duration(1) << tickShift

	slotBits = 6 // a level has as many slots as a word has bits
	slots    = 1 << slotBits
	// levels is enough for any int64 of nanoseconds: these are 41 bits of ticks,
	// and one more for rounding up. Without an end to the wheel there is no list
	// of timers behind it.
	levels = 7

	due    = levels * slots // the list of what fires in this Advance
	nLists = due + 1
)

// Timer is one point in time at which something happens to its Owner. It is
// embedded in the owner, or a field of it. The zero value is not armed. It must
// not be copied while it is armed, and belongs to one Wheel while it is.
type Timer[T any] struct {
	// Owner is what the callback of Advance gets. Set before the timer is armed
	// for the first time; the wheel never writes it.
	Owner *T

	next, prev *Timer[T] // the ring of its list; nil if not armed
	when       int64
	list       int32 // which list, plus 1; 0 if not armed
}

// Armed reports whether t waits in a wheel. It is false already while the
// callback for t runs.
func (t *Timer[T]) Armed() bool { return t.list != 0 }

// When is the time that t was set to last, in nanoseconds of the wheel's clock;
// 0 if it never was.
func (t *Timer[T]) When() int64 { return t.when }

// Wheel is a set of armed timers. The zero value is empty and its clock stands
// at 0. All its methods are called by its owner only.
type Wheel[T any] struct {
	// tick is where the wheel stands. A timer at tick x is at the level of the
	// highest digit (of 6 bits) in which x and tick differ, in the slot that this
	// digit of x names. So everything at a level is due before all of the next
	// level, and the slots of a level that are in use are ahead of the wheel,
	// but for the one at level 0 in which it stands: that holds what was late
	// when it was set.
	tick uint64
	now  int64 // the latest time that Init or Advance have heard of

	used  [levels]uint64 // bit s of used[l]: slot s of level l is not empty
	lists [nLists]*Timer[T]
	len   int

	advancing bool // checked if invariants are enabled
}

// Init sets the clock of an empty wheel to now: nanoseconds of a monotonic
// clock, not negative.
func (w *Wheel[T]) Init(now int64) {
	if invariants.Enabled {
		invariants.Check(w.len == 0, "timewheel: Init of a wheel with timers")
		invariants.Check(now >= 0, "timewheel: Init with a negative time")
	}
	w.now = now
	w.tick = floorTick(now)
}

// Len is how many timers are armed.
func (w *Wheel[T]) Len() int { return w.len }

// Set arms t for the time when, or moves it there if it is armed already. If
// when has passed, t fires in the next Advance.
func (w *Wheel[T]) Set(t *Timer[T], when int64) {
	tick := w.tick
	if when > w.now {
		tick = ceilTick(when)
	}
	t.when = when
	list := w.listFor(tick)
	if t.list == list+1 {
		return // the common case of a timeout that is pushed on: the same coarse slot
	}
	if t.list != 0 {
		w.unlink(t)
	}
	w.link(t, list)
}

// Cancel disarms t. It does nothing if t is not armed.
func (w *Wheel[T]) Cancel(t *Timer[T]) {
	if t.list != 0 {
		w.unlink(t)
	}
}

// Advance moves the clock to now and calls fire with the owner of each timer
// that is due, in the order of their ticks. The timer is disarmed before the
// call. fire may set and cancel any timer of the wheel, also the one it is
// called for and others that are about to fire; it must not call Advance. A now
// that is before that of an earlier call counts as that.
//
// If fire panics, the timers that were to fire after this one are still armed
// and fire in the next Advance.
func (w *Wheel[T]) Advance(now int64, fire func(*T)) {
	if invariants.Enabled {
		invariants.Check(!w.advancing, "timewheel: Advance called by a timer's callback")
		w.advancing = true
		defer func() { w.advancing = false }()
	}
	if now > w.now {
		w.now = now
	}
	w.collect(floorTick(w.now))
	for t := w.lists[due]; t != nil; t = w.lists[due] {
		w.unlink(t)
		fire(t.Owner)
	}
}

// collect moves the wheel on to tick target, and all timers up to there to the
// list of those that are due. It goes from one slot in use to the next, so a
// clock that has jumped by days costs no more than the timers that it passes.
func (w *Wheel[T]) collect(target uint64) {
	for {
		level, slot, start := w.first()
		if level == levels || start > target {
			break
		}
		// Nothing is armed between where the wheel stands and start, so it can
		// stand there at once. Where level is 0, start may be where it stands.
		w.tick = start
		from := int32(level*slots + slot)
		for t := w.lists[from]; t != nil; t = w.lists[from] {
			w.unlink(t)
			to := int32(due)
			if level > 0 {
				to = w.listFor(ceilTick(t.when)) // a finer one
			}
			w.link(t, to)
		}
	}
	// The next slot in use starts behind target: each timer stays at its level.
	w.tick = target
}

// Next returns a time at which Advance should be called at the latest, so that
// no timer is more than a Tick late. It may be a time at which nothing fires
// but timers move to finer slots; that happens to a timer at most once per
// level, of which there are seven in 292 years and three in a minute. ok is
// false if no timer is armed.
func (w *Wheel[T]) Next() (when int64, ok bool) {
	if w.lists[due] != nil {
		return w.now, true // left behind by a panic
	}
	level, _, start := w.first()
	if level == levels {
		return 0, false
	}
	if start > math.MaxInt64>>tickShift {
		return math.MaxInt64, true
	}
	return int64(start << tickShift), true
}

// first finds the slot in use that begins first, and the tick at which it does.
// level is levels if there is none.
func (w *Wheel[T]) first() (level, slot int, start uint64) {
	for level, used := range &w.used {
		if used != 0 {
			slot := bits.TrailingZeros64(used)
			shift := level * slotBits
			parent := w.tick >> (shift + slotBits) << slotBits
			return level, slot, (parent | uint64(slot)) << shift
		}
	}
	return levels, 0, 0
}

// listFor says where a timer of that tick belongs, from where the wheel stands.
// tick is not before that.
func (w *Wheel[T]) listFor(tick uint64) int32 {
	level := 0
	if diff := tick ^ w.tick; diff != 0 {
		level = (bits.Len64(diff) - 1) / slotBits
	}
	slot := int(tick>>(level*slotBits)) & (slots - 1)
	return int32(level*slots + slot)
}

// link puts t at the end of a list.
func (w *Wheel[T]) link(t *Timer[T], list int32) {
	if invariants.Enabled {
		invariants.Check(t.list == 0, "timewheel: timer linked twice")
	}
	head := w.lists[list]
	if head == nil {
		w.lists[list] = t
		t.next, t.prev = t, t
		if list < due {
			w.used[list/slots] |= 1 << (list % slots)
		}
	} else {
		last := head.prev
		t.next, t.prev = head, last
		last.next, head.prev = t, t
	}
	t.list = list + 1
	w.len++
}

// unlink takes t out of its list, and leaves it without a reference to others.
func (w *Wheel[T]) unlink(t *Timer[T]) {
	list := t.list - 1
	if invariants.Enabled {
		invariants.Check(w.lists[list] != nil, "timewheel: timer of another wheel, or copied while armed")
		invariants.Check(t.next.prev == t && t.prev.next == t, "timewheel: timer copied or overwritten while armed")
	}
	if t.next == t {
		w.lists[list] = nil
		if list < due {
			w.used[list/slots] &^= 1 << (list % slots)
		}
	} else {
		t.next.prev, t.prev.next = t.prev, t.next
		if w.lists[list] == t {
			w.lists[list] = t.next
		}
	}
	t.next, t.prev = nil, nil
	t.list = 0
	w.len--
}

// floorTick is the last tick that is not after the time t.
func floorTick(t int64) uint64 { return uint64(t) >> tickShift }

// ceilTick is the first tick that is not before the time t.
func ceilTick(t int64) uint64 {
	tick := floorTick(t)
	if t&(1<<tickShift-1) != 0 {
		tick++
	}
	return tick
}
