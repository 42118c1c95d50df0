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
// group that has a clock, and sleeps while there is nothing to watch.
func (g *Group) monitor() {
	g.monitoring.Store(true)
	last := make([]uint64, len(g.loops))
	quiet := 0
	tick := time.NewTicker(monitorTick)
	defer tick.Stop()
	for {
		if g.look(last) {
			quiet = 0
		} else if quiet++; quiet > monitorTicksQuiet {
			if !g.sleep(last) {
				return
			}
			tick.Reset(monitorTick)
			quiet = 0
		}
		select {
		case _, open := <-g.kick:
			if !open {
				return
			}
		case <-tick.C:
		}
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

// sleep waits for Enter. It reports false when the group is closed.
func (g *Group) sleep(last []uint64) bool {
	g.monitoring.Store(false)
	// Enter stores its word first and looks at monitoring then; here it is the
	// other way round, so one of the two sees the other.
	if g.look(last) {
		g.monitoring.Store(true)
		return true
	}
	_, open := <-g.kick
	g.monitoring.Store(true)
	return open
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
