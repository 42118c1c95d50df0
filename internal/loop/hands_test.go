//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package loop

import (
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// jobFunc is a Job.
type jobFunc struct {
	work   func()
	exited func()
}

func (j jobFunc) Work() { j.work() }

func (j jobFunc) OnGoexit() { j.exited() }

func (e *env) spares() int {
	e.g.hands.mu.Lock()
	defer e.g.hands.mu.Unlock()
	return len(e.g.hands.spares)
}

// TestSparesAreBounded: many jobs that block at once, few goroutines that wait
// afterwards, and none when nothing happens any more.
func TestSparesAreBounded(t *testing.T) {
	e := startBare(t, 1)
	l := e.g.Loops()[0]
	most := 0
	for range 3 {
		gate := make(chan bool)
		var wg sync.WaitGroup
		wg.Add(10 * sparesMax)
		for range 10 * sparesMax {
			l.Do(jobFunc{work: func() { <-gate; wg.Done() }})
		}
		close(gate)
		wg.Wait()
		most = max(most, e.spares())
	}
	if most > sparesMax {
		t.Errorf("%d spares, want %d at most", most, sparesMax)
	}
	if !eventually(func() bool { return e.spares() == 0 && !e.g.monitoring.Load() }) {
		t.Errorf("%d spares are left", e.spares())
	}
	done := make(chan bool)
	l.Do(jobFunc{work: func() { close(done) }})
	<-done
}

// TestJobsEnd: jobs that end their goroutine are told so, and others go on.
func TestJobsEnd(t *testing.T) {
	e := startBare(t, 1)
	l := e.g.Loops()[0]
	var ran, exited atomic.Int32
	for i := range 200 {
		l.Do(jobFunc{func() {
			ran.Add(1)
			if i%2 == 0 {
				runtime.Goexit()
			}
		}, func() { exited.Add(1) }})
	}
	if !eventually(func() bool { return ran.Load() == 200 && exited.Load() == 100 }) {
		t.Errorf("%d ran, %d were told of their end; want 200, 100", ran.Load(), exited.Load())
	}
}

// TestStandBy: once something has blocked, what blocks next does not hold the
// loop up for as long as the monitor takes.
func TestStandBy(t *testing.T) {
	for _, procs := range []int{1, 2, 4} {
		t.Run(fmt.Sprint("procs ", procs), func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			gate := make(chan bool)
			e := start(t, 1, "tcp", blocker(gate, false))
			open := sync.OnceFunc(func() { close(gate) })
			defer open()
			other := e.dial()
			first := e.dial()
			io.WriteString(first, "block")
			e.echo(other, []byte("other"))
			if !eventually(e.g.alert.Load) {
				t.Fatal("not alert after a handler has blocked")
			}
			const n = 300
			begin := time.Now()
			for range n {
				io.WriteString(e.dial(), "block")
				e.echo(other, []byte("other"))
			}
			took := time.Since(begin)
			if !e.g.alert.Load() {
				t.Error("not alert while handlers block")
			}
			if procs == 1 && took > n*monitorTick {
				t.Errorf("%d that block took %v: as if there were no stand-by", n, took)
			}
			open()
			if !eventually(func() bool { return !e.g.alert.Load() }) {
				t.Error("still alert when nothing blocks any more")
			}
		})
	}
}

// TestComputing: work that computes is left behind as well, on one P too.
func TestComputing(t *testing.T) {
	for _, procs := range []int{1, 2} {
		t.Run(fmt.Sprint("procs ", procs), func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			var stop atomic.Bool
			e := start(t, 1, "tcp", func() *session {
				return &session{work: func(_ *session, data []byte) {
					for string(data) == "block" && !stop.Load() {
					}
				}}
			})
			defer stop.Store(true)
			other := e.dial()
			io.WriteString(e.dial(), "block")
			for range 3 {
				e.echo(other, []byte("other"))
			}
		})
	}
}
