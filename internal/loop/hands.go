package loop

import "sync"

// Job is what a handler wants done by another goroutine than the one that leads
// the loop: something that blocks, as far as it is known.
type Job interface {
	// Work is called once per Do, by a goroutine that belongs to nobody else.
	Work()

	// OnGoexit: Work has ended its goroutine (runtime.Goexit).
	OnGoexit()
}

// Do has a job done soon. It does not wait. Any goroutine may call it.
func (l *Loop) Do(job Job) {
	l.group.share()
	l.group.hands.call(call{job: job})
}

// share notes that there are handlers on goroutines that do not lead.
func (g *Group) share() {
	if !g.shares.Load() {
		g.shares.Store(true)
	}
}

// sparesMax is how many goroutines wait to be called again, rather than end, when
// a handler that blocked has returned. More than that are few who come at once.
const sparesMax = 64

// hands are the goroutines of a group. One of them leads a loop, stands by to lead
// it, does a Job, or finishes what it was at when its loop went on without it.
// After that it waits as a spare, which is cheaper than to end and to begin: a new
// goroutine has to make its stack grow first.
type hands struct {
	mu     sync.Mutex
	spares []*hand // the last that came is called first
	keeps  bool    // spares, while the monitor is awake; then it ends them
}

// hand is a goroutine that waits for a call, as a rule.
type hand struct {
	calls chan call // closed when it is to end
}

// call is what a hand gets to do.
type call struct {
	job     Job
	loop    *Loop  // if there is no job
	number  uint64 // the token, which it has
	standBy bool   // it has not, see Loop.standIn
}

// call has a spare do c, or a new goroutine.
func (h *hands) call(c call) {
	h.mu.Lock()
	if last := len(h.spares) - 1; last >= 0 {
		spare := h.spares[last]
		h.spares[last] = nil
		h.spares = h.spares[:last]
		h.mu.Unlock()
		spare.calls <- c // there is room for one
		return
	}
	h.mu.Unlock()
	go h.work(c) // ends when nobody needs it, or with what it does
}

// work is a hand's life.
func (h *hands) work(c call) {
	self := &hand{calls: make(chan call, 1)}
	for called := true; called; c, called = <-self.calls {
		c.do()
		if !h.rest(self) {
			return
		}
	}
}

func (c call) do() {
	switch {
	case c.job != nil:
		work(c.job)
	case c.standBy:
		c.loop.standIn()
	default:
		c.loop.follow(c.number)
	}
}

// work does a job, which may end the goroutine.
func work(job Job) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if fault := recover(); fault != nil {
			panic(fault) // ours: jobs see to those of the application
		}
		job.OnGoexit()
	}()
	job.Work()
	returned = true
}

// rest makes the caller a spare. It reports false if there are enough of them.
func (h *hands) rest(self *hand) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.keeps || len(h.spares) >= sparesMax {
		return false
	}
	h.spares = append(h.spares, self)
	return true
}

// keep has goroutines wait as spares, or ends them.
func (h *hands) keep(keeps bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.keeps = keeps; keeps {
		return
	}
	for i, spare := range h.spares {
		close(spare.calls)
		h.spares[i] = nil
	}
	h.spares = h.spares[:0]
}
