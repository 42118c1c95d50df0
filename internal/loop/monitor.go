package loop

import "time"

const (
	// monitorTick is how often the monitor looks while the group is alert. A leader
	// that is inside the same code twice in a row has been there for at least that
	// long, and is left behind.
	monitorTick = time.Millisecond

	// monitorTickMax is how often it looks when nothing has blocked for a while. To
	// look costs more than it seems, since an idle processor is woken for it: each
	// millisecond, that is a tenth of what a half-loaded server costs.
	monitorTickMax = 4 * time.Millisecond

	// alertFor is how long the group stays alert after the last alarm.
	alertFor = 100 * time.Millisecond

	// monitorQuiet is for how long nothing happens until the monitor goes to sleep,
	// and the spare goroutines end.
	monitorQuiet = 100 * time.Millisecond
)

// monitor takes the token from leaders that block. It is the one goroutine of a
// group that has a clock, and sleeps while there is nothing to watch. After
// Close it goes on until no leader is left.
func (g *Group) monitor() {
	defer g.hands.keep(false)
	g.hands.keep(true)
	g.monitoring.Store(true)
	last := make([]uint64, len(g.loops))
	tick, alert, quiet := monitorTick, time.Duration(0), time.Duration(0)
	for g.running.Load() > 0 {
		if g.look(last) {
			quiet = 0
		} else if quiet += tick; quiet > monitorQuiet {
			g.sleep(last)
			tick, quiet = monitorTick, 0
		}
		switch {
		case g.alarmed.Swap(false):
			tick, alert = monitorTick, alertFor
			if !g.alert.Load() { // calm came between
				g.rouse()
			}
		case alert > 0:
			if alert -= tick; alert <= 0 {
				g.calm()
			}
		default:
			tick = min(2*tick, monitorTickMax)
		}
		time.Sleep(tick) // never less, as it may be with a ticker
	}
}

// look reports whether anything has happened since the last time.
func (g *Group) look(last []uint64) (busy bool) {
	for i, l := range g.loops {
		word := l.word.Load()
		switch {
		case word&1 == 1 && word == last[i]:
			if l.takeToken(word) {
				g.alarm()
			}
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
	g.shares.Store(false)
	g.hands.keep(false)
	// Enter stores its word first and looks at monitoring then; here it is the
	// other way round, so one of the two sees the other.
	if !g.look(last) {
		<-g.kick
	}
	g.hands.keep(true)
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
