//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package loop

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// blocker makes sessions whose work waits for gate when it gets "block", with
// HandOver if announced.
func blocker(gate <-chan bool, announced bool) func() *session {
	return func() *session {
		return &session{work: func(s *session, data []byte) {
			if string(data) == "block" {
				if announced {
					s.block()
				}
				<-gate
			}
		}}
	}
}

// TestOthersGoOn: while work blocks, the other sockets, timers and tasks of the
// loop go on, whether the loop was told or not.
func TestOthersGoOn(t *testing.T) {
	for _, announced := range []bool{true, false} {
		t.Run(fmt.Sprint("announced ", announced), func(t *testing.T) {
			gate := make(chan bool)
			e := start(t, 1, "tcp", blocker(gate, announced))
			blocked, other := e.dial(), e.dial()
			for range 20 {
				io.WriteString(blocked, "block")
				e.echo(other, []byte("other"))
				ran := make(chan bool)
				e.g.Loops()[0].Post(taskFunc(func(*Turn) { close(ran) }))
				<-ran
				gate <- true
				got := make([]byte, 5)
				if _, err := io.ReadFull(blocked, got); err != nil || string(got) != "block" {
					t.Fatalf("%q, %v: the buffer was used by others", got, err)
				}
			}
		})
	}
}

// TestManyBlocked: a thousand sessions block at once, and the loop still echoes.
func TestManyBlocked(t *testing.T) {
	for _, test := range []struct {
		announced bool
		n         int
	}{{true, 1000}, {false, 200}} {
		n := test.n
		if testing.Short() {
			n /= 10
		}
		t.Run(fmt.Sprint(n, " announced ", test.announced), func(t *testing.T) {
			gate := make(chan bool)
			e := start(t, 1, "tcp", blocker(gate, test.announced))
			open := sync.OnceFunc(func() { close(gate) })
			defer open()
			var conns []net.Conn
			for range n {
				c := e.dial()
				io.WriteString(c, "block")
				conns = append(conns, c)
			}
			e.echo(e.dial(), pattern(100))
			if !eventually(func() bool {
				overs := 0
				for _, s := range e.accepted() {
					s.mu.Lock()
					overs += s.overs
					s.mu.Unlock()
				}
				return overs == n
			}) {
				t.Error("not all of them have been left behind")
			}
			open()
			for _, c := range conns {
				got := make([]byte, 5)
				if _, err := io.ReadFull(c, got); err != nil || string(got) != "block" {
					t.Fatalf("%q, %v", got, err)
				}
			}
		})
	}
}

// TestKeptOutputIsSentByTheNextLeader: what the sockets of a group have to send
// does not wait for all the others of the group that block.
func TestKeptOutputIsSentByTheNextLeader(t *testing.T) {
	gate := make(chan bool)
	defer close(gate)
	var entered, before atomic.Int32 // before the first answer has left
	before.Store(-1)
	e := start(t, 1, "tcp", func() *session {
		return &session{pushing: func() { before.CompareAndSwap(-1, entered.Load()) }, work: func(_ *session, data []byte) {
			if string(data) == "block" {
				entered.Add(1)
				<-gate
			}
		}}
	})
	const n = groupMax - 1
	first := e.dial()
	var others []net.Conn
	for range n {
		others = append(others, e.dial())
	}
	if !eventually(func() bool { return e.g.Connections() == 1+n }) {
		t.Fatal("not accepted")
	}
	hold := make(chan bool)
	e.g.Loops()[0].Post(taskFunc(func(*Turn) { hold <- true; <-hold }))
	<-hold
	io.WriteString(first, "first")
	for _, c := range others {
		io.WriteString(c, "block")
	}
	hold <- true
	if _, err := io.ReadFull(first, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	if got := before.Load(); got < 0 || got > 1 {
		t.Errorf("the first answer has left when %d of %d others have blocked", got, n)
	}
}

// TestAtTheTick: work that takes about as long as the monitor waits, on all
// loops, while everything else goes on. What comes back must be what was sent:
// nobody shares a buffer.
func TestAtTheTick(t *testing.T) {
	for _, procs := range []int{1, 2, 4} {
		t.Run(fmt.Sprint("procs ", procs), func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			e := start(t, 2, "tcp", func() *session {
				return &session{work: func(s *session, data []byte) {
					switch data[0] % 4 {
					case 0:
						time.Sleep(time.Duration(rand.IntN(2500)) * time.Microsecond)
					case 1:
						s.block()
					case 2:
						for begin := time.Now(); time.Since(begin) < time.Duration(rand.IntN(1500))*time.Microsecond; {
						}
					}
				}}
			})
			var wg sync.WaitGroup
			for i := range 12 {
				c := e.dial()
				wg.Go(func() {
					for n := range 40 {
						p := pattern(1 + rand.IntN(3000))
						p[0] = byte(i + n)
						e.echo(c, p)
					}
				})
			}
			wg.Wait()
		})
	}
}

// TestGoexit: work that ends its goroutine takes its session with it, and nothing
// else, whether it leads or was left behind.
func TestGoexit(t *testing.T) {
	e := start(t, 1, "tcp", func() *session {
		return &session{work: func(s *session, data []byte) {
			switch string(data) {
			case "leads":
				runtime.Goexit()
			case "left behind":
				s.block()
				time.Sleep(time.Millisecond)
				runtime.Goexit()
			case "late":
				time.Sleep(10 * time.Millisecond)
				runtime.Goexit()
			}
		}}
	})
	other := e.dial()
	for _, how := range []string{"leads", "left behind", "late", "leads", "leads"} {
		c := e.dial()
		io.WriteString(c, how)
		e.echo(other, []byte("other"))
		if _, err := c.Read(make([]byte, 1)); !isEnd(err) {
			t.Errorf("%s: %v, want the end of the connection", how, err)
		}
		e.echo(other, []byte("other"))
	}
	goexits := 0
	for _, s := range e.accepted() {
		goexits += s.goexits
	}
	if goexits != 5 {
		t.Errorf("OnGoexit was called %d times, want 5", goexits)
	}
	// So does a task, inside of what may block and outside.
	for _, inside := range []bool{true, false} {
		e.g.Loops()[0].Post(taskFunc(func(turn *Turn) {
			if inside {
				turn.Enter(idler{})
			}
			runtime.Goexit()
		}))
		e.echo(other, []byte("other"))
	}
}

// TestGoexitTakesNobodysToken: a goroutine that was left behind and ends does not
// leave another leader behind.
func TestGoexitTakesNobodysToken(t *testing.T) {
	e := startBare(t, 1)
	l := e.g.Loops()[0]
	kept := 0
	for range 20 {
		left, end, ended, done := make(chan bool), make(chan bool), make(chan bool), make(chan bool)
		l.Post(taskFunc(func(turn *Turn) {
			turn.Enter(exitNote(ended))
			turn.HandOver()
			close(left)
			<-end
			runtime.Goexit()
		}))
		<-left
		l.Post(taskFunc(func(turn *Turn) {
			turn.Enter(idler{})
			close(end)
			<-ended
			if turn.Leave() { // the monitor may have come between, but not each time
				kept++
			}
			close(done)
		}))
		<-done
	}
	if kept == 0 {
		t.Error("another leader's token was taken each time")
	}
}

// exitNote is a Handler that is closed by OnGoexit.
type exitNote chan bool

func (exitNote) OnRead(*Turn, []byte) int        { return 0 }
func (exitNote) OnPush(*Turn)                    {}
func (exitNote) OnReady(*Turn, bool, bool, bool) {}
func (exitNote) OnTimeout(*Turn)                 {}
func (exitNote) OnHandOver() bool                { return false }
func (n exitNote) OnGoexit()                     { close(n) }

// TestMonitorSleeps: a group without anything to do is left alone, and the first
// that blocks after that is noticed.
func TestMonitorSleeps(t *testing.T) {
	gate := make(chan bool)
	e := start(t, 2, "tcp", blocker(gate, false))
	blocked, other := e.dial(), e.dial()
	for range 3 {
		if !eventually(func() bool { return !e.g.monitoring.Load() }) {
			t.Fatal("the monitor does not sleep")
		}
		io.WriteString(blocked, "block")
		e.echo(other, []byte("other"))
		gate <- true
		if _, err := io.ReadFull(blocked, make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
	}
}
