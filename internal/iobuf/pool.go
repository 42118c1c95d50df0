package iobuf

import (
	"sync"

	"github.com/cork-go/cork/internal/freelist"
)

// MaxIdleDefault is how many idle chunks a Pool keeps unless SetMaxIdle says
// otherwise: 4 MiB. There is no deeper reason for the number; it is small beside
// what a server with that many slow peers uses anyway.
const MaxIdleDefault = 256

// Pool is a bounded stack of idle chunks for the Queues of all loops. The zero
// value is ready to use. It must not be copied after first use. Its methods may
// be called by any goroutine.
//
// A lock is cheap here, since it is taken only for a peer that does not keep up:
// the bytes of the others go to the socket without passing through a Queue.
type Pool struct {
	mu       sync.Mutex
	chunks   freelist.FreeList[chunk] // guarded by mu
	prepared bool                     // guarded by mu
}

// PoolStats is where the chunks of a Pool are.
type PoolStats struct {
	Out  int // in Queues; 0 when all of them are empty
	Idle int // kept for the next
}

// Stats returns the counters as they are now.
func (p *Pool) Stats() PoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return PoolStats{Out: p.chunks.Stats().Out(), Idle: p.chunks.Len()}
}

// SetMaxIdle sets how many idle chunks, of 16 KiB each, the Pool keeps at most.
// It does not trim a Pool that keeps more already. It panics if n is less than
// 1.
func (p *Pool) SetMaxIdle(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.prepare()
	p.chunks.SetMax(n)
}

// alloc lends an empty chunk. A nil Pool makes one.
func (p *Pool) alloc() *chunk {
	if p == nil {
		return new(chunk)
	}
	p.mu.Lock()
	p.prepare()
	c := p.chunks.Alloc()
	p.mu.Unlock()
	c.next, c.begin, c.end = nil, 0, 0
	return c
}

// free takes back a chunk that alloc has lent. What it refers to must not be
// kept alive by it, nor found by the next.
func (p *Pool) free(c *chunk) {
	c.next, c.begin, c.end = nil, 0, 0
	if p == nil {
		return
	}
	p.mu.Lock()
	p.chunks.Free(c)
	p.mu.Unlock()
}

// prepare sets up the list of a zero Pool.
func (p *Pool) prepare() {
	if p.prepared {
		return
	}
	p.prepared = true
	p.chunks.Poison = (*chunk).poison
	p.chunks.SetMax(MaxIdleDefault)
}
