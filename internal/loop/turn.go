package loop

import (
	"time"

	"github.com/cork-go/cork/internal/invariants"
	"github.com/cork-go/cork/internal/netpoll"
)

// Turn is a goroutine's lead of a loop. It is passed to handlers and is theirs
// until they return. All its methods but HandOver are called by that goroutine
// only.
type Turn struct {
	loop   *Loop
	number uint64  // of the word, as long as the goroutine has the token
	at     Handler // what it is inside of
}

// leads reports whether the goroutine has the token still. Nobody takes it but
// between Enter and Leave.
func (t *Turn) leads() bool { return t.loop.word.Load()>>1 == t.number }

// Loop returns the loop.
func (t *Turn) Loop() *Loop { return t.loop }

// Time is when the turn began. Valid while the goroutine leads.
func (t *Turn) Time() time.Time { return t.loop.time }

// Nanos is Time on the clock of timers: nanoseconds since the group's epoch.
func (t *Turn) Nanos() int64 { return t.loop.nanos }

// Buffer returns memory to read into. It is the loop's: valid until the handler
// returns or Leave fails.
func (t *Turn) Buffer() []byte { return t.loop.buf }

// nextGroup ends a group of what is ready and begins the next: all of it is read,
// then handled one after the other, then what they have to send is sent. So the
// kernel's code for receiving, that of handlers, and the kernel's for sending each
// stay in the processor's caches for a while. It reports false when the loop has
// ended or the token was lost.
func (t *Turn) nextGroup() bool {
	l := t.loop
	if !t.push() {
		return false
	}
	if l.next == len(l.ready) && !l.refill() {
		l.end()
		return false
	}
	l.groupEnd = min(l.next+groupMax, len(l.ready))
	if l.groupEnd-l.next > 1 {
		t.readAhead()
	}
	return true
}

// readAhead has the sockets of a group read.
func (t *Turn) readAhead() {
	l := t.loop
	if l.ahead == nil {
		l.ahead = make([]byte, readBytes)
	}
	space := l.ahead
	for i := l.next; i < l.groupEnd && len(space) >= aheadBytesMin; i++ {
		if item := &l.ready[i]; item.socket != nil && !item.timeout && item.flags&netpoll.Readable != 0 {
			space = space[item.socket.handler.OnRead(t, space):]
		}
	}
}

// Keep keeps output of s, at the end of bufs, to be sent with that of the other
// sockets that are ready: the kernel's code for sending, and ours, stays in the
// processor's caches meanwhile. It reports false if there is no reason for that
// or no room; then Socket.Write is called. The handler's lock is held.
func (t *Turn) Keep(s *Socket, bufs [][]byte) bool {
	l := t.loop
	if len(bufs) != 1 || s.out.Len() > 0 || s.kept != nil || s.state != socketOpen || s.ending {
		return false
	}
	p := bufs[0]
	if len(p) > keptBytesMax || l.next == l.groupEnd && len(l.pushes) == 0 {
		return false
	}
	if l.kept == nil {
		l.kept = make([]byte, 0, groupMax*keptBytesMax)
	}
	begin := len(l.kept)
	if begin+len(p) > cap(l.kept) {
		return false
	}
	l.kept = append(l.kept, p...)
	s.kept = l.kept[begin:len(l.kept):len(l.kept)]
	l.pushes = append(l.pushes, s)
	return true
}

// push has the handlers send what was kept. It reports false when the token was
// lost on the way.
func (t *Turn) push() bool {
	l := t.loop
	for l.pushed < len(l.pushes) {
		s := l.pushes[l.pushed]
		l.pushes[l.pushed] = nil
		l.pushed++
		s.handler.OnPush(t)
		if !t.leads() {
			return false
		}
	}
	l.pushes, l.pushed, l.kept = l.pushes[:0], 0, l.kept[:0]
	return true
}

// Enter says that code follows that may block. at gets OnHandOver if it does.
func (t *Turn) Enter(at Handler) {
	l := t.loop
	if invariants.Enabled {
		invariants.Check(t.leads() && l.word.Load()&1 == 0, "loop: Enter without the token, or twice")
	}
	l.inside, t.at = at, at
	t.number++
	l.word.Store(t.number<<1 | 1)
	if !l.standsBy.Load() {
		l.callStandBy()
	}
	if !l.group.monitoring.Load() {
		l.group.wakeMonitor()
	}
}

// Leave says that the code has returned. It reports false if it took so long that
// another goroutine leads by now: the caller goes on without the loop and
// returns when it has finished what it was at.
func (t *Turn) Leave() bool {
	if !t.loop.word.CompareAndSwap(t.number<<1|1, t.number<<1) {
		return false
	}
	t.at = nil
	return true
}

// HandOver has another goroutine lead on, if the leader is between Enter and
// Leave. Any goroutine may call it: who knows that the leader is about to block
// on something that only the loop can bring.
func (t *Turn) HandOver() {
	l := t.loop
	if word := l.word.Load(); word&1 == 1 {
		l.takeToken(word)
	}
}

// takeToken takes the token from the leader, who is inside or about to end, and
// reports whether it could.
func (l *Loop) takeToken(word uint64) bool {
	number, ok := l.retoken(word)
	if ok {
		l.group.hands.call(call{loop: l, number: number})
	}
	return ok
}

// retoken is takeToken for a caller who leads on himself, with that number.
func (l *Loop) retoken(word uint64) (number uint64, ok bool) {
	number = word>>1 + 1
	if ok = l.word.CompareAndSwap(word, number<<1); ok {
		l.group.share()
	}
	return number, ok
}

// follow goes on where a leader was left behind. It returns when the loop has
// ended or the token was taken again.
func (l *Loop) follow(number uint64) {
	t := &Turn{loop: l, number: number}
	defer t.ended()
	if at := l.inside; at != nil {
		l.inside = nil
		if at.OnHandOver() {
			l.buf, l.ahead = nil, nil
		}
	}
	if l.buf == nil {
		l.buf = make([]byte, readBytes)
	}
	l.look()
	if t.push() { // what is kept has waited long enough
		l.lead(t)
	}
	t.loop = nil
}

// ended is called when the goroutine of a turn ends. If it does so inside of
// somebody's code (runtime.Goexit), the loop must not end with it.
func (t *Turn) ended() {
	if t.loop == nil {
		return
	}
	if fault := recover(); fault != nil {
		panic(fault) // ours: handlers see to those of the application
	}
	l, word := t.loop, t.number<<1
	if l.word.Load() == word {
		l.inside = nil // the goroutine leads, and is inside of nothing
	}
	if !l.takeToken(word | 1) { // as a rule; somebody else may have the token already
		l.takeToken(word)
	}
	if t.at != nil {
		t.at.OnGoexit()
	}
}

// dispatch does what is next.
func (t *Turn) dispatch(item *readyItem) {
	switch {
	case item.socket != nil && item.timeout:
		item.socket.handler.OnTimeout(t)
	case item.socket != nil:
		item.socket.handler.OnReady(t, item.flags&netpoll.Readable != 0, item.flags&netpoll.Writable != 0, item.flags&netpoll.HangUp != 0)
	case item.listener != nil:
		item.listener.accept()
	default:
		item.task.Run(t)
	}
}
