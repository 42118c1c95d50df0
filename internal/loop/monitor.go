package loop

import "time"

const (
	// monitorTick is how often the monitor looks. A leader that is inside the same
	// code twice in a row has been there for at least that long, and is left
	// behind.
	monitorTick = time.Millisecond

	// monitorTicksQuiet is after how many ticks without anything the monitor goes
	// to sleep.
	monitorTicksQuiet = 100
)

// monitor takes the token from leaders that block. It is the one goroutine of a
// group that has a clock, and sleeps while there is nothing to watch. After
// Close it goes on until no leader is left.
func (g *Group) monitor() {
	g.monitoring.Store(true)
	last := make([]uint64, len(g.loops))
	quiet := 0
	for g.running.Load() > 0 {
		if g.look(last) {
			quiet = 0
		} else if quiet++; quiet > monitorTicksQuiet {
			g.sleep(last)
			quiet = 0
		}
		time.Sleep(monitorTick) // never less, as it may be with a ticker
	}
}

// look reports whether anything has happened since the last time.
func (g *Group) look(last []uint64) (busy bool) {
	for i, l := range g.loops {
		word := l.word.Load()
		switch {
		case word&1 == 1 && word == last[i]:
			l.takeToken(word)
			busy = true
		case word != last[i]:
			busy = true
		}
		last[i] = word
	}
	return busy
}

// sleep waits for Enter, or Close.
func (g *Group) sleep(last []uint64) {
	g.monitoring.Store(false)
	// Enter stores its word first and looks at monitoring then; here it is the
	// other way round, so one of the two sees the other.
	if !g.look(last) {
		<-g.kick
	}
	g.monitoring.Store(true)
}

// wakeMonitor is called by Enter.
func (g *Group) wakeMonitor() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return
	}
	select {
	case g.kick <- struct{}{}:
	default:
	}
}
