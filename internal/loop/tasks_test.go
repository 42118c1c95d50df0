//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package loop

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// taskFunc is a Task made of a function.
type taskFunc func(turn *Turn)

func (f taskFunc) Run(turn *Turn) { f(turn) }

// TestPosts: each task runs once, those of a goroutine in order, and none beside
// another of the same loop, also while leaders change. The race detector watches
// what they share.
func TestPosts(t *testing.T) {
	for _, blocking := range []bool{false, true} {
		e := startBare(t, 2)
		type shared struct {
			ran  int
			last [4]int
		}
		perLoop := make([]shared, 2)
		const n = 500
		var wg sync.WaitGroup
		var left atomic.Int32
		left.Store(2 * 4 * n)
		for li, l := range e.g.Loops() {
			for gi := range 4 {
				wg.Go(func() {
					for i := range n {
						l.Post(taskFunc(func(turn *Turn) {
							s := &perLoop[li]
							s.ran++
							if s.last[gi] != i {
								t.Errorf("task %d of goroutine %d runs after %d", i, gi, s.last[gi])
							}
							s.last[gi] = i + 1
							left.Add(-1)
							if blocking && i%100 == 50 {
								turn.Enter(idler{})
								turn.HandOver()
								time.Sleep(time.Millisecond)
								if turn.Leave() {
									t.Error("Leave after HandOver says that the loop is ours")
								}
							}
						}))
						if i%50 == 0 {
							time.Sleep(100 * time.Microsecond) // so that the loop parks now and then
						}
					}
				})
			}
		}
		wg.Wait()
		if !eventually(func() bool { return left.Load() == 0 }) {
			t.Errorf("%d tasks did not run", left.Load())
		}
		for i := range perLoop {
			if perLoop[i].ran != 4*n {
				t.Errorf("loop %d ran %d tasks, want %d", i, perLoop[i].ran, 4*n)
			}
		}
	}
}

// idler is a Handler that has nothing.
type idler struct{}

func (idler) OnRead(*Turn, []byte) int        { return 0 }
func (idler) OnPush(*Turn)                    {}
func (idler) OnReady(*Turn, bool, bool, bool) {}
func (idler) OnTimeout(*Turn)                 {}
func (idler) OnHandOver() bool                { return false }
func (idler) OnGoexit()                       {}

// TestPostWakes: a loop that has parked for good runs what is posted, at once.
func TestPostWakes(t *testing.T) {
	e := startBare(t, 1)
	ran := make(chan bool)
	for range 200 {
		time.Sleep(50 * time.Microsecond)
		e.g.Loops()[0].Post(taskFunc(func(*Turn) { ran <- true }))
		select {
		case <-ran:
		case <-time.After(5 * time.Second):
			t.Fatal("a task does not run")
		}
	}
}

// TestPostFromTask: a task that posts leaves time for events.
func TestPostFromTask(t *testing.T) {
	e := start(t, 1, "tcp", plain)
	var stop atomic.Bool
	var again taskFunc
	again = func(turn *Turn) {
		if !stop.Load() {
			turn.Loop().Post(again)
		}
	}
	e.g.Loops()[0].Post(again)
	c := e.dial()
	for range 100 {
		e.echo(c, []byte("x"))
	}
	stop.Store(true)
}

// timed is a session that notes when its timer comes.
func timed(fired chan<- *session) func() *session {
	return func() *session {
		return &session{expired: func(s *session, _ *Turn) { fired <- s }}
	}
}

// connect makes n connections and returns their sessions.
func (e *env) connect(n int) []*session {
	e.t.Helper()
	before := len(e.accepted())
	for range n {
		e.dial()
	}
	if !eventually(func() bool { return e.g.Connections() == before+n }) {
		e.t.Fatal("not accepted")
	}
	return e.accepted()[before:]
}

func (s *session) setTimer(d time.Duration) {
	s.mu.Lock()
	s.socket.SetTimer(s.env.g.nanos(time.Now().Add(d)))
	s.mu.Unlock()
}

// wait returns the next session whose timer fires.
func wait(t testing.TB, fired <-chan *session) *session {
	t.Helper()
	select {
	case s := <-fired:
		return s
	case <-time.After(5 * time.Second):
		t.Fatal("a timer does not fire")
		return nil
	}
}

func TestTimersFireInOrder(t *testing.T) {
	fired := make(chan *session, 100)
	e := start(t, 1, "tcp", timed(fired))
	all := e.connect(20)
	begin := time.Now()
	for i, s := range all {
		s.setTimer(time.Duration(150-5*i) * time.Millisecond) // the last one first, and each while the loop is parked
	}
	slices.Reverse(all)
	for i, want := range all {
		if got := wait(t, fired); got != want {
			t.Errorf("timer %d is not the one that is due", i)
		}
		if due := time.Duration(55+5*i) * time.Millisecond; time.Since(begin) < due {
			t.Errorf("timer %d fires after %v, before %v", i, time.Since(begin), due)
		}
	}
}

// TestTimerIsMoved: an earlier time counts at once, a later one not before the
// earlier has come.
func TestTimerIsMoved(t *testing.T) {
	fired := make(chan *session, 10)
	e := start(t, 1, "tcp", timed(fired))
	s := e.connect(1)[0]
	s.setTimer(time.Hour)
	s.setTimer(20 * time.Millisecond)
	begin := time.Now()
	s.setTimer(time.Hour) // changes nothing
	if wait(t, fired); time.Since(begin) > 3*time.Second {
		t.Errorf("fires after %v, want 20 ms", time.Since(begin))
	}
	s.setTimer(10 * time.Millisecond) // armed anew
	wait(t, fired)
	s.setTimer(-time.Hour) // has passed
	wait(t, fired)
	select {
	case <-fired:
		t.Error("fires once more")
	case <-time.After(50 * time.Millisecond):
	}
}

func TestTimerIsCancelledByClose(t *testing.T) {
	fired := make(chan *session, 10)
	e := start(t, 2, "tcp", timed(fired))
	all := e.connect(6)
	for i, s := range all {
		s.setTimer(20 * time.Millisecond)
		if i%2 == 0 {
			s.mu.Lock()
			s.socket.Close()
			s.socket.SetTimer(1)
			s.mu.Unlock()
		}
	}
	for range 3 {
		if s := wait(t, fired); slices.Index(all, s)%2 == 0 {
			t.Error("the timer of a closed socket fires")
		}
	}
	select {
	case <-fired:
		t.Error("the timer of a closed socket fires")
	case <-time.After(50 * time.Millisecond):
	}
}

// TestTimersWhileBusy: timers come also while there are always events and posts.
func TestTimersWhileBusy(t *testing.T) {
	fired := make(chan *session, 10)
	e := start(t, 1, "tcp", timed(fired))
	idle := e.connect(1)[0]
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range 2 {
		c := e.dial()
		wg.Go(func() {
			for !stop.Load() {
				e.echo(c, []byte("x"))
			}
		})
	}
	for range 20 {
		begin := time.Now()
		idle.setTimer(3 * time.Millisecond)
		wait(t, fired)
		if late := time.Since(begin); late > 500*time.Millisecond {
			t.Errorf("a timer of 3 ms fires after %v", late)
		}
	}
	stop.Store(true)
	wg.Wait()
}
