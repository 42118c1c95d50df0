package main

import "sync"

// finishedMax is how many uploads are remembered when they are over.
const finishedMax = 100

// State of an upload.
const (
	stateReceiving = "receiving"
	stateStored    = "stored"
	stateFailed    = "failed"
)

// progress is how far an upload is.
type progress struct {
	Name     string `json:"name"`
	Received int64  `json:"received"`
	Total    int64  `json:"total"` // -1 if the client does not say
	State    string `json:"state"`
	Reason   string `json:"reason,omitempty"` // of a failure
}

// board is the progress of all uploads by their IDs.
type board struct {
	mu       sync.Mutex
	entries  map[string]*progress
	finished []string // IDs, the oldest first
}

// begin makes an entry. It reports false if the ID is in use; one of an upload
// that is over may be used again.
func (b *board) begin(id, name string, total int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if old := b.entries[id]; old != nil {
		if old.State == stateReceiving {
			return false
		}
		b.forget(id)
	}
	if b.entries == nil {
		b.entries = make(map[string]*progress)
	}
	b.entries[id] = &progress{Name: name, Total: total, State: stateReceiving}
	return true
}

func (b *board) add(id string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries[id].Received += int64(n)
}

// finish notes how an upload ended and returns its entry.
func (b *board) finish(id, state, reason string) progress {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.entries[id]
	p.State, p.Reason = state, reason
	b.finished = append(b.finished, id)
	if len(b.finished) > finishedMax {
		b.forget(b.finished[0])
	}
	return *p
}

func (b *board) get(id string) (p progress, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.entries[id]; e != nil {
		return *e, true
	}
	return progress{}, false
}

// forget removes an entry that is over. mu is held.
func (b *board) forget(id string) {
	delete(b.entries, id)
	for i, other := range b.finished {
		if other == id {
			b.finished = append(b.finished[:i], b.finished[i+1:]...)
			return
		}
	}
}
