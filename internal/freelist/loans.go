package freelist

import "github.com/cork-go/cork/internal/invariants"

// loans knows which items are out. Remembering those, rather than the idle
// ones, also finds the second return of an item that the list has dropped, and
// of one that it never had, without keeping anything alive that is not in use.
// Only builds with invariants enabled fill it.
type loans[T any] struct {
	out map[*T]struct{}
}

func (l *loans[T]) begin(item *T) {
	if item == nil {
		invariants.Failf("freelist: New returned nil")
	}
	if _, ok := l.out[item]; ok {
		invariants.Failf("freelist: %T %p lent to two borrowers", item, item)
	}
	if l.out == nil {
		l.out = make(map[*T]struct{})
	}
	l.out[item] = struct{}{}
}

func (l *loans[T]) end(item *T) {
	if _, ok := l.out[item]; !ok {
		invariants.Failf("freelist: %T %p returned twice, or to a list that never lent it", item, item)
	}
	delete(l.out, item)
}

func (l *loans[T]) check(item *T) {
	if _, ok := l.out[item]; !ok {
		invariants.Failf("freelist: %T %p used after its return", item, item)
	}
}
