//go:build linux

package main

import (
	"sync/atomic"
	"time"
)

const (
	fastMax  = 100 * time.Microsecond
	fastRuns = 64 // off the loop, and it is tried on the loop again
)

// known remembers by a key which requests have blocked: one word for each of
// them, the key and how many fast runs it has to go. The first word is for keys
// that are not there.
type known struct {
	any   atomic.Bool
	words [1024]atomic.Uint64
	fresh atomic.Int64
}

func (k *known) word(key uint32) (w *atomic.Uint64, there bool) {
	w = &k.words[key%uint32(len(k.words))]
	return w, w.Load()>>32 == uint64(key)
}

// blocks reports whether a request should not run on the loop.
func (k *known) blocks(key uint32) bool {
	if !k.any.Load() {
		return false
	}
	w, there := k.word(key)
	if !there {
		if k.fresh.Load() > 0 {
			return true
		}
		w.Store(uint64(key) << 32)
		return false
	}
	return uint32(w.Load()) > 0
}

func (k *known) blocked(key uint32) {
	k.any.Store(true)
	w, there := k.word(key)
	if !there || k.fresh.Load() == 0 {
		k.fresh.Store(fastRuns)
	}
	w.Store(uint64(key)<<32 | fastRuns)
}

// ran tells how long a request has run off the loop.
func (k *known) ran(key uint32, d time.Duration) {
	w, there := k.word(key)
	switch {
	case d > fastMax:
		if !there {
			k.fresh.Store(fastRuns)
		}
		w.Store(uint64(key)<<32 | fastRuns)
	case !there:
		k.fresh.Add(-1)
		w.Store(uint64(key) << 32)
	case uint32(w.Load()) > 0:
		w.Add(^uint64(0))
	}
}
