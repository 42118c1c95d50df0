// Package freelist keeps items that are expensive to make, up to a bound, for
// the next one who needs them: Node's FreeList, with counters.
//
//	parsers := freelist.FreeList[Parser]{New: newParser}
//	p := parsers.Alloc()
//	…
//	parsers.Free(p)
//
// It is last in, first out: the item handed out is the one most likely to be in
// the CPU's cache. Compared with a sync.Pool it is not emptied by the garbage
// collector, it never holds more than its bound, it tells how it does, and it
// is no place to meet: the rules that bite are
//
//   - A FreeList has one owner and no lock. An event loop owns its own.
//   - What was borrowed goes back once, on every path, and is not touched
//     afterwards. Builds with invariants enabled panic on the second return,
//     and on Check of an item that is not out.
//   - An item comes out as it went in. The borrower initialises it; whoever
//     returns it drops the references that must not outlive the loan.
package freelist

import "github.com/cork-go/cork/internal/invariants"

// MaxDefault is how many items a FreeList keeps unless SetMax says otherwise.
// It is Node's bound for idle HTTP parsers.
const MaxDefault = 1000

// FreeList is a bounded stack of idle items. The zero value is ready to use and
// keeps MaxDefault of them. It must not be copied after first use, and all its
// methods are called by its owner only.
type FreeList[T any] struct {
	// New makes an item when the list has none; nil means new(T). It must not
	// return nil and must not use the list. Set before first use.
	New func() *T

	// Poison, if not nil, spoils an item that has been returned, so that whoever
	// still reads it notices: lengths that fail bounds checks, states that no
	// switch knows. Called by Free, only in builds with invariants enabled. Set
	// before first use.
	Poison func(*T)

	items []*T // idle; the last one goes out next
	max   int  // 0 means MaxDefault
	stats Stats
	loans loans[T] // unused unless invariants are enabled
}

// Stats counts what a FreeList has done since it was made.
type Stats struct {
	Allocs uint64 // calls of Alloc
	Hits   uint64 // of these, served from the list; the rest were made by New
	Frees  uint64 // calls of Free
	Drops  uint64 // of these, left to the garbage collector since the list was full
}

// Out is how many items are borrowed now. It is zero when a server has gone
// home and nothing was lost.
func (s Stats) Out() int { return int(s.Allocs - s.Frees) }

// Alloc lends an item: the one returned last, or a new one if none is idle.
func (l *FreeList[T]) Alloc() *T {
	l.stats.Allocs++
	var item *T
	if n := len(l.items); n > 0 {
		l.stats.Hits++
		item = l.items[n-1]
		l.items[n-1] = nil // the list holds no reference to what is out
		l.items = l.items[:n-1]
	} else {
		item = l.makeItem()
	}
	if invariants.Enabled {
		l.loans.begin(item)
	}
	return item
}

func (l *FreeList[T]) makeItem() *T {
	if l.New == nil {
		return new(T)
	}
	return l.New()
}

// Free takes back an item that Alloc has lent, and reports whether the list
// keeps it; a full list drops it. The caller must not use it any more, either
// way.
func (l *FreeList[T]) Free(item *T) (kept bool) {
	if invariants.Enabled {
		l.loans.end(item)
		if l.Poison != nil {
			l.Poison(item)
		}
	}
	l.stats.Frees++
	if len(l.items) >= l.Max() {
		l.stats.Drops++
		return false
	}
	l.items = append(l.items, item)
	return true
}

// Check panics if item is not out: returned already, or never lent by this
// list. It does nothing unless invariants are enabled. Users call it where they
// are about to touch an item that may have gone back behind their back. It
// cannot see that an item went back and is somebody else's by now.
func (l *FreeList[T]) Check(item *T) {
	if invariants.Enabled {
		l.loans.check(item)
	}
}

// Len is how many items are idle now.
func (l *FreeList[T]) Len() int { return len(l.items) }

// Max is the bound: the number of idle items at which Free drops.
func (l *FreeList[T]) Max() int {
	if l.max == 0 {
		return MaxDefault
	}
	return l.max
}

// SetMax sets the bound. As with Node's setMaxIdleHTTPParsers, a list that is
// longer already is not trimmed; it keeps no more items until it has shrunk. It
// panics if n is less than 1.
func (l *FreeList[T]) SetMax(n int) {
	if n < 1 {
		panic("freelist: SetMax with less than 1")
	}
	l.max = n
}

// Stats returns the counters as they are now.
func (l *FreeList[T]) Stats() Stats { return l.stats }
