package loop

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cork-go/cork/internal/iobuf"
	"github.com/cork-go/cork/internal/netpoll"
)

// Config says what a Group is like. The zero value is good.
type Config struct {
	// Loops is how many event loops there are, 0 for one per P.
	Loops int

	// Epoch is where the clock of timers begins. Zero means now.
	Epoch time.Time

	// Now is the clock, time.Now if it is nil. It may be called by any goroutine.
	Now func() time.Time

	// Sys is the system calls, netpoll.OS if it is nil.
	Sys netpoll.Sys

	// OnError is told what went wrong without a caller to tell: a listener that
	// had to pause, a poller that fails. It is called by a goroutine of its own and
	// may do anything.
	OnError func(err error)
}

// Group is event loops that share their listeners' connections.
type Group struct {
	sys     netpoll.Sys
	now     func() time.Time
	epoch   time.Time
	onError func(error)
	loops   []*Loop
	chunks  iobuf.Pool

	reserve reserve
	nextUp  atomic.Uint32 // see place

	running    atomic.Int32  // loops that have not ended
	monitoring atomic.Bool   // the monitor looks at the loops
	kick       chan struct{} // wakes it, and is closed by Close
	alert      atomic.Bool   // a handler has blocked not long ago: there are stand-bys
	alarmed    atomic.Bool   // … since the monitor has looked last
	shares     atomic.Bool   // handlers run on other goroutines than leaders, or did so not long ago

	hands hands

	mu        sync.Mutex
	listeners map[*Listener]struct{}
	closed    bool
}

// NewGroup starts the loops. They end with Close.
func NewGroup(config Config) (*Group, error) {
	if !netpoll.Supported {
		return nil, errors.ErrUnsupported
	}
	g := &Group{sys: config.Sys, now: config.Now, epoch: config.Epoch, onError: config.OnError,
		kick: make(chan struct{}, 1), listeners: make(map[*Listener]struct{})}
	if g.sys == nil {
		g.sys = netpoll.OS
	}
	if g.now == nil {
		g.now = time.Now
	}
	if g.epoch.IsZero() {
		g.epoch = g.now()
	}
	n := config.Loops
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	for i := range n {
		l, err := newLoop(g, i)
		if err != nil {
			for _, l := range g.loops {
				_ = l.poller.Close()
			}
			return nil, err
		}
		g.loops = append(g.loops, l)
	}
	g.reserve.open(g.sys)
	g.running.Store(int32(n))
	for _, l := range g.loops {
		g.hands.call(call{loop: l, number: l.word.Load() >> 1})
	}
	go g.monitor() // ends when the loops have
	return g, nil
}

// Sys returns the system calls.
func (g *Group) Sys() netpoll.Sys { return g.sys }

// Loops returns the loops; the slice is the group's.
func (g *Group) Loops() []*Loop { return g.loops }

// Connections is how many sockets there are.
func (g *Group) Connections() int {
	n := 0
	for _, l := range g.loops {
		n += int(l.count.Load())
	}
	return n
}

// Handlers returns the handlers of all sockets, as a new slice. Some of them
// may be closed by the time it is read.
func (g *Group) Handlers() (all []Handler) {
	for _, l := range g.loops {
		l.mu.Lock()
		for _, s := range l.sockets {
			if s != nil {
				all = append(all, s.handler)
			}
		}
		l.mu.Unlock()
	}
	return all
}

// Chunks is how many pieces of memory hold output that peers have not taken.
func (g *Group) Chunks() int { return g.chunks.Stats().Out }

// place chooses the loop for a new connection: the one with the fewest, and of
// equals each in turn.
func (g *Group) place() *Loop {
	n := len(g.loops)
	if n == 1 {
		return g.loops[0]
	}
	start := int(g.nextUp.Add(1) % uint32(n))
	best := g.loops[start]
	for i := 1; i < n; i++ {
		if l := g.loops[(start+i)%n]; l.count.Load() < best.count.Load() {
			best = l
		}
	}
	return best
}

// Close closes the listeners and ends the loops. It does not wait: a loop whose
// leader runs a handler ends when that returns. Sockets that are still open are
// not closed and nobody is told of them any more: close them first.
func (g *Group) Close() {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return
	}
	g.closed = true
	open := make([]*Listener, 0, len(g.listeners))
	for l := range g.listeners {
		open = append(open, l)
	}
	g.mu.Unlock()
	for _, l := range open {
		l.Close()
	}
	close(g.kick)
	for _, l := range g.loops {
		l.stop()
	}
	g.reserve.close(g.sys)
}

func (g *Group) fail(err error) {
	if g.onError != nil && err != nil {
		go g.onError(err) // ends when it returns; the caller may hold locks
	}
}

// nanos returns t on the clock of timers.
func (g *Group) nanos(t time.Time) int64 { return int64(t.Sub(g.epoch)) }
