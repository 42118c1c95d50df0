// Package iobuf keeps the bytes that a connection has written and its peer has
// not read yet, in the order in which they were written.
//
//	q := iobuf.Queue{Pool: pool}
//	q.Append(p[n:]) // the rest of a short write
//	…
//	n, err := writev(fd, q.Vec(vec[:0]))
//	q.Consume(n)
//
// Bytes are copied into chunks of one size, which come from a Pool that loops
// share. The rules that bite:
//
//   - A Queue has one owner and no lock. A Pool may be used by any goroutine.
//   - An empty Queue holds no chunk: a connection whose peer reads in time costs
//     the Queue itself and nothing else.
//   - Reset a Queue when its connection closes. What is not given back is lost
//     to the Pool, and counted as out for ever.
//   - A Queue has no bound. Its owner looks at Len and stops to write.
package iobuf

import "github.com/cork-go/cork/internal/invariants"

// VecMax is how many slices Vec appends at most. 16 chunks are more than a
// socket's buffer takes at a time with the usual settings, and an array of as
// many slices still fits a loop's stack.
const VecMax = 16

// Queue is a first-in first-out of bytes. The zero value is empty and takes its
// chunks from the garbage collector; set Pool before the first Append to share
// them. It must not be copied while it is not empty.
type Queue struct {
	// Pool is where chunks come from and go back to. It must not change while the
	// Queue is not empty. Nil means that chunks are made and dropped.
	Pool *Pool

	head, tail *chunk // both nil if empty; else no chunk of the list is empty
	len        int
}

// Len is how many bytes are in line.
func (q *Queue) Len() int { return q.len }

// Append puts a copy of p at the end of the line.
func (q *Queue) Append(p []byte) {
	q.len += len(p)
	for len(p) > 0 {
		if q.tail == nil || q.tail.full() {
			q.grow()
		}
		p = p[q.tail.fill(p):]
	}
	if invariants.Enabled {
		q.check()
	}
}

// grow puts an empty chunk at the end, for Append to fill.
func (q *Queue) grow() {
	c := q.Pool.alloc()
	if q.tail == nil {
		q.head = c
	} else {
		q.tail.next = c
	}
	q.tail = c
}

// Vec appends to dst the bytes that are first in line, as at most VecMax slices
// none of which is empty, and returns the extended slice. They are the Queue's
// own: read only, and valid until Consume takes them out or Reset is called.
// Append leaves them as they are.
func (q *Queue) Vec(dst [][]byte) [][]byte {
	n := 0
	for c := q.head; c != nil && n < VecMax; c = c.next {
		dst = append(dst, c.bytes())
		n++
	}
	return dst
}

// Consume takes the first n bytes out of the line. It panics if there are not
// as many.
func (q *Queue) Consume(n int) {
	if n < 0 || n > q.len {
		panic("iobuf: Consume of bytes that are not there")
	}
	q.len -= n
	for n > 0 {
		n -= q.head.drop(n)
		if q.head.empty() {
			q.shift()
		}
	}
	if invariants.Enabled {
		q.check()
	}
}

// Reset takes everything out of the line.
func (q *Queue) Reset() {
	for q.head != nil {
		q.shift()
	}
	q.len = 0
}

// shift gives the first chunk back.
func (q *Queue) shift() {
	c := q.head
	q.head = c.next
	if q.head == nil {
		q.tail = nil
	}
	q.Pool.free(c)
}

// check walks the list and compares.
func (q *Queue) check() {
	sum := 0
	last := (*chunk)(nil)
	for c := q.head; c != nil; c = c.next {
		invariants.Check(!c.empty(), "iobuf: empty chunk in line")
		invariants.Check(c == q.tail || c.full(), "iobuf: hole in the line")
		sum += len(c.bytes())
		last = c
	}
	invariants.Check(last == q.tail, "iobuf: tail is not the last chunk")
	invariants.Check(sum == q.len, "iobuf: length differs from what is in line")
}
