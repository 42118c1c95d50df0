package main

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"time"
)

// task is one thing to time: something that is done iters times.
type task struct {
	name string
	do   doer
}

// doer does its work iters times and says what that cost. A local one runs
// here, a remote one in the other build of this program.
type doer interface {
	do(iters int) (cost, error)
}

// cost is what some work has used.
type cost struct {
	Time    time.Duration
	Mallocs uint64
}

// local runs a function of this process.
type local func(iters int) error

func (f local) do(iters int) (cost, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := now()
	err := f(iters)
	elapsed := now() - start
	runtime.ReadMemStats(&after)
	return cost{elapsed, after.Mallocs - before.Mallocs}, err
}

// figures are the medians over the rounds, for one time of the work.
type figures struct {
	Nanos    float64
	NanosMin float64
	Mallocs  float64
}

// plan is how long to measure.
type plan struct {
	rounds   int
	perRound time.Duration // for each task, at least
}

// measure runs all tasks in turn, round by round, each round in another order, so
// that what disturbs the machine for a while disturbs all of them.
func (p plan) measure(tasks []task, progress func(round int)) ([]figures, error) {
	iters := make([]int, len(tasks))
	nanos := make([][]float64, len(tasks))
	mallocs := make([][]float64, len(tasks))
	for i, t := range tasks {
		var err error
		if iters[i], err = p.calibrate(t.do); err != nil {
			return nil, &taskError{t.name, err}
		}
	}
	order := rand.New(rand.NewPCG(1, 1))
	for round := range p.rounds {
		progress(round)
		for _, i := range order.Perm(len(tasks)) { // nobody is always behind the same one
			c, err := tasks[i].do.do(iters[i])
			if err != nil {
				return nil, &taskError{tasks[i].name, err}
			}
			nanos[i] = append(nanos[i], float64(c.Time.Nanoseconds())/float64(iters[i]))
			mallocs[i] = append(mallocs[i], float64(c.Mallocs)/float64(iters[i]))
		}
	}
	out := make([]figures, len(tasks))
	for i := range tasks {
		out[i] = figures{median(nanos[i]), slices.Min(nanos[i]), median(mallocs[i])}
	}
	return out, nil
}

type taskError struct {
	task string
	err  error
}

func (e *taskError) Error() string { return e.task + ": " + e.err.Error() }
func (e *taskError) Unwrap() error { return e.err }

// calibrate finds how many times d must be done to last p.perRound.
func (p plan) calibrate(d doer) (int, error) {
	for iters := 1; ; {
		c, err := d.do(iters)
		if err != nil {
			return 0, err
		}
		if c.Time >= p.perRound/2 {
			return max(1, int(float64(iters)*float64(p.perRound)/float64(c.Time))), nil
		}
		if c.Time < p.perRound/100 {
			iters *= 10
			continue
		}
		iters *= 2
	}
}

// median sorts xs.
func median(xs []float64) float64 {
	slices.Sort(xs)
	if n := len(xs); n%2 == 0 {
		return (xs[n/2-1] + xs[n/2]) / 2
	}
	return xs[len(xs)/2]
}
