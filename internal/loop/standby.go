package loop

import "runtime"

// A stand-by is a goroutine that is ready to run while a leader is inside of a
// handler. With one P the scheduler runs it exactly when the leader gives the
// processor away: no clock is needed to notice that a handler blocks. With several,
// an idle one runs it at once, and it has to look whether the leader moves.
//
// To be called, run, and find nothing costs about as much as a twentieth of a
// request. So there are stand-bys only while the group is alert: for a while
// after the monitor, or a stand-by, had to take a token.

// standInLooks is how often a stand-by that may run beside the leader looks whether
// that moves, before it takes the token: about as long as it took to wake a
// processor for it. To take it from one that is about to return does no harm.
const standInLooks = 4000

// callStandBy is called by Enter when there should be a stand-by and is none.
func (l *Loop) callStandBy() {
	l.standsBy.Store(true)
	l.group.hands.call(call{loop: l, standBy: true})
}

// standIn is what the stand-by does when it is run.
func (l *Loop) standIn() {
	if l.group.alert.Load() {
		l.standsBy.Store(false) // before it looks: the next Enter calls again
	}
	word := l.word.Load()
	if word&1 == 0 {
		return // the leader has gone to wait for events, as a rule
	}
	if runtime.GOMAXPROCS(0) > 1 {
		for range standInLooks {
			if l.word.Load() != word {
				return
			}
		}
	}
	if number, ok := l.retoken(word); ok {
		l.group.alarm()
		l.follow(number)
	}
}

// alarm is called when a handler has blocked that nobody has expected to.
func (g *Group) alarm() {
	g.alarmed.Store(true)
	if !g.alert.Load() {
		g.rouse()
	}
}

// rouse has stand-bys from now on.
func (g *Group) rouse() {
	g.alert.Store(true)
	for _, l := range g.loops {
		l.standsBy.Store(false)
	}
}

// calm ends what alarm has begun.
func (g *Group) calm() {
	g.alert.Store(false)
	for _, l := range g.loops {
		l.standsBy.Store(true) // one that is on its way leaves it so
	}
}
