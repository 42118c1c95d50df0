package main

import (
	"fmt"
	"io"
)

// The bars that cork is held to. All are ratios within one run.
const (
	barBareCPU      = 1.10 // hello, CPU per request against the bare C loop, at most
	barFasthttp     = 1.35 // hello, requests per second
	barNetHTTP      = 2.2
	barPipelined    = 1.9 // pipelined, requests per second against fasthttp
	barIdleBytes    = 512 // of memory for an idle connection, at most
	barIdleActivity = 0.9 // of the requests per second is left beside idle connections

	// Where one request in ten blocks, all are bound by those.
	barBlocking    = 0.97 // requests per second against fasthttp and net/http
	barBlockingCPU = 0.75 // CPU per request against fasthttp, at most; not where handlers compute
	barBlockingP99 = 1    // of the fast ones, against fasthttp, at most
)

// bar is one comparison. Got must be at least want, or at most if most.
type bar struct {
	what      string
	got, want float64
	most      bool
}

func (b bar) met(tolerance float64) bool {
	if b.most {
		return b.got <= b.want*(1+tolerance)
	}
	return b.got >= b.want*(1-tolerance)
}

func (b bar) String() string {
	word := "at least"
	if b.most {
		word = "at most"
	}
	return fmt.Sprintf("%s: %.2f, %s %.2f", b.what, b.got, word, b.want)
}

// bars compares what was measured; missing tells of what was asked for and could not be.
func (r *report) bars() (bars []bar, missing []string) {
	against := func(workload, other string, what string, of func(sample) float64, want float64, most bool) {
		title := fmt.Sprintf("%s, %s, cork / %s", workload, what, other)
		if got, ok := r.ratio(corkName, other, workload, of); ok {
			bars = append(bars, bar{title, got, want, most})
		} else if r.options.workloads.MatchString(workload) && r.options.servers.MatchString(other) {
			missing = append(missing, title)
		}
	}
	against(helloName, bareName, "CPU per request", sample.cpuMicros, barBareCPU, true)
	speed := func(workload, other string, want float64) {
		if r.byCPU(workload) {
			against(workload, other, "requests per CPU second", sample.perCPUSecond, want, false)
		} else {
			against(workload, other, "requests/s", sample.perSecond, want, false)
		}
	}
	speed(helloName, fasthttpName, barFasthttp)
	speed(helloName, netHTTPName, barNetHTTP)
	speed(helloName, nginxName, 1)
	speed(helloName, h2oName, 1)
	speed(helloName, libh2oName, 1)
	speed(pipelinedName, fasthttpName, barPipelined)
	for _, w := range workloads() {
		if w.slowEvery > 0 {
			speed(w.name, fasthttpName, barBlocking)
			speed(w.name, netHTTPName, barBlocking)
			against(w.name, fasthttpName, "p99 of the fast ones", func(s sample) float64 { return s.P99 }, barBlockingP99, true)
			if w.name != computeName {
				against(w.name, fasthttpName, "CPU per request", sample.cpuMicros, barBlockingCPU, true)
			}
			continue
		}
		if w.name != helloName && w.name != pipelinedName {
			speed(w.name, fasthttpName, 1)
		}
		speed(w.name, hertzName, 1)
	}
	return bars, missing
}

// byCPU reports whether the speed on a workload is held against CPU time. To make
// connections costs the load as much as the server, which is seldom at its limit
// then; and sleepers are waited for without any.
func (r *report) byCPU(workload string) bool {
	return workload == newConnName || r.options.byCPU && workload != sleepName && workload != freshName
}

// check writes the bars that are missed and what cork failed altogether, and
// returns their number.
func (r *report) check(w io.Writer, tolerance float64) int {
	missed := 0
	bars, missing := r.bars()
	if idle := r.idleBars(); idle != nil {
		bars = append(bars, idle...)
	} else if r.options.workloads.MatchString(idleName) {
		missing = append(missing, "idle connections (-idle 10000)")
	}
	for _, b := range bars {
		if !b.met(tolerance) {
			missed++
			fmt.Fprintln(w, "missed:", b)
		}
	}
	failures := 0
	for key, err := range r.failures {
		if key[0] == corkName {
			failures++
			fmt.Fprintln(w, "failed:", err)
		}
	}
	for _, what := range missing {
		fmt.Fprintln(w, "not measured:", what)
	}
	if n := r.disturbed(); n > 0 {
		fmt.Fprintf(w, "%d of %d measurements were disturbed by other work on the server's core; -by-cpu minds that less\n", n, len(r.turns))
	}
	fmt.Fprintf(w, "%d of %d bars met, tolerance %.0f%%\n", len(bars)-missed, len(bars), tolerance*100)
	return missed + failures
}

// disturbed counts the measurements in which others had more of the server's
// core than they may.
func (r *report) disturbed() (n int) {
	for _, t := range r.turns {
		if t.foreign() > foreignMax {
			n++
		}
	}
	return n
}
