package main

import (
	"context"
	"sync"
)

// tunnelsMax bounds the connections that have left HTTP; each has two goroutines
// and two pieces of memory.
const tunnelsMax = 512

// tunnels counts the connections that have left HTTP. The server has forgotten
// them, so somebody else has to end them.
type tunnels struct {
	ctx    context.Context // done when those that are open have to go
	cancel context.CancelFunc

	mu      sync.Mutex
	free    int
	closing bool
	open    sync.WaitGroup
}

func newTunnels() *tunnels {
	ctx, cancel := context.WithCancel(context.Background())
	return &tunnels{ctx: ctx, cancel: cancel, free: tunnelsMax}
}

// enter reports whether there may be another one. ctx is done when it has to
// end, leave says that it has.
func (t *tunnels) enter() (ctx context.Context, leave func(), ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closing || t.free == 0 {
		return nil, nil, false
	}
	t.free--
	t.open.Add(1)
	return t.ctx, t.leave, true
}

func (t *tunnels) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free++
	t.open.Done()
}

// close lets no more in, waits for those that are open until patient is done,
// then ends them. It returns when there are none.
func (t *tunnels) close(patient context.Context) {
	t.mu.Lock()
	t.closing = true
	t.mu.Unlock()
	none := make(chan struct{})
	go func() { // ends below
		t.open.Wait()
		close(none)
	}()
	select {
	case <-none:
	case <-patient.Done():
	}
	t.cancel()
	<-none
}
