package http1

import (
	"hash/maphash"
	"sync/atomic"
	"time"
)

const (
	// habitSets times habitWays is how many kinds of requests are remembered.
	habitSets = 256
	habitWays = 4

	// habitRunsMin is how often a request of a kind that has blocked has to be fast
	// until the next one runs on the loop again; each time that this proves wrong it
	// has to be twice as often, up to habitRunsMin << habitDoublesMax.
	habitRunsMin    = 64
	habitDoublesMax = 7

	// fastMax is how long a handler may take to count as fast. To start it on
	// another goroutine costs some microseconds.
	fastMax = 100 * time.Microsecond

	// briefMax is how long one that the loop went on without may have gone on itself,
	// to be no reason to remember it: it was about to return.
	briefMax = 50 * time.Microsecond
)

// habits is what a server knows of its handlers: which kinds of requests have
// blocked, so that they are started on goroutines of their own from then on. The
// kind is the method and the first segment of the path. All of it is in one
// table of fixed size; the kinds that are asked for least are forgotten.
//
// Of a request whose kind is not in the table, only that is known. So the unknown
// ones together are a kind too: where paths are seldom asked for twice and their
// handlers block, new ones start on goroutines of their own as well.
//
// Any goroutine calls any method. An update that is lost to another one at the
// same time does no harm.
type habits struct {
	awake atomic.Bool // something has blocked; until then it costs a load per request
	seed  maphash.Seed
	table [habitSets][habitWays]atomic.Uint64
	fresh atomic.Uint64 // of the unknown ones
}

// newHabits returns those of a server that has seen nothing yet. If wary, each
// kind of request has to be fast once before it runs on the loop.
func newHabits(wary bool) *habits {
	h := &habits{seed: maphash.MakeSeed()}
	if wary {
		h.fresh.Store(uint64(habitToGo))
		h.awake.Store(true)
	}
	return h
}

// habit is an entry of the table: the kind's tag, and what is known of it.
//
//	tag 32 bits | asked for again 1 | doubled 8 | runs to go 16
type habit uint64

const (
	habitAgain  habit = 1 << 31
	habitToGo   habit = 1<<16 - 1
	habitDouble habit = 1 << 16
)

func habitOf(kind uint64) habit { return habit(kind) &^ (1<<32 - 1) }

func (h habit) tag() habit     { return h &^ (1<<32 - 1) }
func (h habit) blocks() bool   { return h&habitToGo > 0 }
func (h habit) doubled() habit { return h / habitDouble & 0xff }

// blocked is h after it has blocked, once more if again.
func (h habit) blocked() habit {
	n := h.doubled()
	h = h&^habitToGo | habitRunsMin<<n
	if n < habitDoublesMax {
		h += habitDouble
	}
	return h
}

// slow is h after a run elsewhere that was not fast.
func (h habit) slow() habit {
	return h&^habitToGo | habitRunsMin<<(max(1, h.doubled())-1)
}

// fast is h after one that was.
func (h habit) fast() habit {
	if h.blocks() {
		h--
	}
	return h
}

// kind returns a hash of a request's method and of the first segment of its path,
// which is never 0. conn.mu is held.
func (h *habits) kind(req *IncomingMessage) uint64 {
	head := req.head
	if head == nil {
		head = bytesOf(req.text)
	}
	target := req.target.Of(head)
	end := 1
	for end < len(target) && target[end] != '/' && target[end] != '?' {
		end++
	}
	return maphash.Bytes(h.seed, target[:min(end, len(target))]) ^ uint64(req.method)<<56 | 1
}

// find returns the entry of a kind, or nil.
func (h *habits) find(kind uint64) *atomic.Uint64 {
	set, tag := &h.table[kind/2%habitSets], habitOf(kind)
	for i := range set {
		if habit(set[i].Load()).tag() == tag {
			return &set[i]
		}
	}
	return nil
}

// learn stores what is known of a kind that is not in the table, in the place of
// one that was not asked for again lately.
func (h *habits) learn(kind uint64, know habit) {
	set := &h.table[kind/2%habitSets]
	know |= habitOf(kind)
	for i := range set {
		if old := set[i].Load(); habit(old)&habitAgain == 0 {
			set[i].CompareAndSwap(old, uint64(know))
			return
		}
	}
	for i := range set {
		old := set[i].Load()
		set[i].CompareAndSwap(old, uint64(habit(old)&^habitAgain))
	}
	set[0].Store(uint64(know))
}

// change replaces an entry.
func change(entry *atomic.Uint64, to func(habit) habit) {
	old := entry.Load()
	entry.CompareAndSwap(old, uint64(to(habit(old))))
}

// blocks reports whether a request of that kind should not run on the loop.
func (h *habits) blocks(kind uint64) bool {
	entry := h.find(kind)
	if entry == nil {
		if habit(h.fresh.Load()).blocks() {
			return true
		}
		h.learn(kind, 0)
		return false
	}
	know := habit(entry.Load())
	if know&habitAgain == 0 {
		entry.CompareAndSwap(uint64(know), uint64(know|habitAgain))
	}
	return know.blocks()
}

// blocked is told of a request that has held up its loop.
func (h *habits) blocked(kind uint64) {
	entry := h.find(kind)
	switch {
	case entry == nil:
		h.learn(kind, habit(0).blocked())
	case habit(entry.Load())&habitAgain == 0 && !habit(entry.Load()).blocks():
		change(&h.fresh, habit.blocked) // it was the first of its kind
		fallthrough
	default:
		change(entry, habit.blocked)
	}
	if !h.awake.Load() {
		h.awake.Store(true)
	}
}

// ran is told how long a request took that did not run on the loop.
func (h *habits) ran(kind uint64, took time.Duration) {
	update, first := habit.fast, habit(0)
	if took > fastMax {
		update, first = habit.slow, habit(0).blocked()
	}
	if entry := h.find(kind); entry != nil {
		change(entry, update)
		return
	}
	change(&h.fresh, update)
	h.learn(kind, first)
}
