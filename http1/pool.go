package http1

import (
	"sync"

	"github.com/cork-go/cork/internal/freelist"
	"github.com/cork-go/cork/internal/httpparse"
)

// A free list has one owner. With net.Conns there are as many goroutines as
// connections, so the server owns the lists and a mutex stands before each.

// parserList is the server's free list of parsers. A connection borrows one for
// its whole life, as in Node.
type parserList struct {
	mu   sync.Mutex
	list freelist.FreeList[httpparse.Parser]
}

func (l *parserList) get() *httpparse.Parser {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.list.Alloc()
}

func (l *parserList) put(p *httpparse.Parser) {
	p.Release()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list.Free(p)
}

// buffer is memory for one read, or for output that is gathered.
type buffer struct {
	b []byte
}

func newBuffer() *buffer { return &buffer{b: make([]byte, readBufferBytes)} }

// bufferList is the server's free list of buffers.
type bufferList struct {
	mu   sync.Mutex
	list freelist.FreeList[buffer]
}

func (l *bufferList) get() *buffer {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.list.New == nil {
		l.list.New = newBuffer
	}
	return l.list.Alloc()
}

func (l *bufferList) put(b *buffer) {
	b.b = b.b[:cap(b.b)]
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list.Free(b)
}
