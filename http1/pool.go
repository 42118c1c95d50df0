package http1

import (
	"sync"

	"github.com/cork-go/cork/internal/freelist"
	"github.com/cork-go/cork/internal/httpparse"
	"github.com/cork-go/cork/internal/invariants"
)

// pools are the free lists of one carrier: an event loop, or all connections
// over net.Conns together. A free list has one owner; here it is who holds mu,
// which with a loop is the goroutine that leads it, but for a handler that was
// left behind.
type pools struct {
	mu      sync.Mutex
	parsers freelist.FreeList[httpparse.Parser]
	works   freelist.FreeList[work]
	buffers freelist.FreeList[buffer]

	habits *habits // all loops have the same; nil without a loop
}

func newPools(s *Server) *pools {
	p := new(pools)
	p.buffers.New = newBuffer
	if s.MaxIdleHTTPParsers > 0 {
		p.parsers.SetMax(s.MaxIdleHTTPParsers)
	}
	return p
}

// lend gives a connection its work and, in it, a parser: Node's word for it is
// parsers.alloc. c.mu is held.
func (p *pools) lend(c *conn) {
	p.mu.Lock()
	w := p.works.Alloc()
	w.parser = p.parsers.Alloc()
	p.mu.Unlock()
	if !w.parser.Reuse(c) {
		w.parser.Init(httpparse.Request, c, c.server.parserOptions)
	}
	w.cond.L = &c.mu
	w.base = c.received
	c.work = w
}

// takeBack is freeParser: nobody uses the work any more. c.mu is held.
func (p *pools) takeBack(c *conn) {
	w := c.work
	if invariants.Enabled {
		invariants.Check(w.outBuf == nil && !w.holding && w.waiters == 0 && !w.orphan, "http1: work given back in use")
	}
	c.work = nil
	parser := w.parser
	parser.Release()
	if c.writing == writeOpen {
		w.rested()
	} else {
		w.reset()
	}
	p.mu.Lock()
	p.parsers.Free(parser)
	p.works.Free(w)
	p.mu.Unlock()
}

// rested is reset for a work whose connection has nothing to do: little of it
// has to be put right.
func (w *work) rested() {
	w.parser, w.cond.L = nil, nil
	w.in, w.packet = nil, nil
	w.own, w.starved, w.hooks, w.stuffed, w.draining = false, false, false, false, false
	w.dropped, w.frontAt = 0, 0
	w.telling, w.reminded = false, false
	w.thirsty, w.waits = false, false
	w.kind, w.since = 0, 0
	if invariants.Enabled {
		invariants.Check(w.filling == nil && w.current == nil && w.serving == nil && w.bad == nil && !w.cutOff &&
			w.calling == nil &&
			!w.paused && !w.overfull && !w.lent && !w.pumping && !w.turn && !w.firing && w.heldBytes == 0 &&
			w.out == nil && w.vec[0] == nil && len(w.events) == 0, "http1: a work has not come to rest")
	}
}

// reset makes the work ready for another connection, and keeps its memory.
func (w *work) reset() {
	incoming, outgoing := w.incoming.emptied(), w.outgoing.emptied()
	chunkHead, tail := w.chunkHead[:0], w.tail[:0]
	if cap(tail) > tailBytesKept {
		tail = nil
	}
	events, finishing := w.events[:0], w.finishing[:0]
	*w = work{incoming: incoming, outgoing: outgoing, small: w.small, chunkHead: chunkHead, tail: tail,
		events: events, finishing: finishing, spare: w.spare, seen: w.seen, memo: w.memo}
}

// buffer is memory for one read, or for output that is gathered.
type buffer struct {
	b []byte
}

func newBuffer() *buffer { return &buffer{b: make([]byte, readBufferBytes)} }

func (p *pools) buffer() *buffer {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buffers.Alloc()
}

func (p *pools) putBuffer(b *buffer) {
	b.b = b.b[:cap(b.b)]
	p.mu.Lock()
	defer p.mu.Unlock()
	p.buffers.Free(b)
}
