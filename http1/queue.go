package http1

// queue is a first-in, first-out list that keeps its memory. The bound is the
// user's: conn.full.
type queue[T any] struct {
	items []*T
	head  int
}

func (q *queue[T]) len() int { return len(q.items) - q.head }

func (q *queue[T]) push(item *T) {
	if q.head > 0 && len(q.items) == cap(q.items) {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, item)
}

// front returns the oldest item, or nil.
func (q *queue[T]) front() *T {
	if q.len() == 0 {
		return nil
	}
	return q.items[q.head]
}

// back returns the newest item, or nil.
func (q *queue[T]) back() *T {
	if q.len() == 0 {
		return nil
	}
	return q.items[len(q.items)-1]
}

// pop removes and returns the oldest item, or nil.
func (q *queue[T]) pop() *T {
	item := q.front()
	if item == nil {
		return nil
	}
	q.items[q.head] = nil
	if q.head++; q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	return item
}

// popBack removes and returns the newest item, or nil.
func (q *queue[T]) popBack() *T {
	item := q.back()
	if item == nil {
		return nil
	}
	q.items[len(q.items)-1] = nil
	q.items = q.items[:len(q.items)-1]
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	return item
}

// emptied returns an empty queue with the memory of q, which is empty.
func (q *queue[T]) emptied() queue[T] { return queue[T]{items: q.items[:0]} }
