package main

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
)

// report is everything that was measured.
type report struct {
	machine  string
	options  options
	skipped  []string
	turns    []turn
	idle     []idleTurn
	failures map[[2]string]error
}

func (r *report) fail(server, workload string, err error) {
	if r.failures == nil {
		r.failures = map[[2]string]error{}
	}
	r.failures[[2]string{server, workload}] = err
}

func (r *report) failed(server, workload string) bool {
	return r.failures[[2]string{server, workload}] != nil
}

// of returns the turns of a server on a workload, in the order of rounds.
func (r *report) of(server, workload string) (turns []turn) {
	for _, t := range r.turns {
		if t.Server == server && t.Workload == workload {
			turns = append(turns, t)
		}
	}
	return turns
}

// median over the rounds of anything that a sample tells.
func (r *report) median(server, workload string, of func(sample) float64) (float64, bool) {
	var values []float64
	for _, t := range r.of(server, workload) {
		values = append(values, of(t.sample))
	}
	return median(values)
}

// ratio is the median of a server's ratios to another, each within one round.
func (r *report) ratio(server, other, workload string, of func(sample) float64) (float64, bool) {
	var values []float64
	others := r.of(other, workload)
	for _, t := range r.of(server, workload) {
		i := slices.IndexFunc(others, func(o turn) bool { return o.Round == t.Round })
		if i >= 0 && of(others[i].sample) > 0 {
			values = append(values, of(t.sample)/of(others[i].sample))
		}
	}
	return median(values)
}

func median(values []float64) (float64, bool) {
	if len(values) == 0 {
		return 0, false
	}
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2, true
}

// csvColumns are those of the file that plot reads.
var csvColumns = []string{
	"workload", "title", "server", "round", "requests_per_second", "cpu_us", "user_us", "system_us",
	"p50_us", "p90_us", "p99_us", "p999_us", "core_used", "core_foreign", "load_idle", "errors",
}

func (r *report) writeCSV(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	titles := map[string]string{}
	for _, w := range workloads() {
		titles[w.name] = w.title
	}
	w := csv.NewWriter(f)
	w.Write(csvColumns)
	for _, t := range r.turns {
		row := []string{t.Workload, titles[t.Workload], t.Server, strconv.Itoa(t.Round)}
		user := t.userShare() * t.cpuMicros()
		for _, v := range []float64{
			t.perSecond(), t.cpuMicros(), user, t.cpuMicros() - user, t.P50, t.P90, t.P99, t.P999,
			t.used(countCores(r.options.serverCore)), t.foreign(), t.Idle, float64(t.errors()),
		} {
			row = append(row, strconv.FormatFloat(v, 'f', 4, 64))
		}
		w.Write(row)
	}
	w.Flush()
	return cmp.Or(w.Error(), f.Close())
}

// markdown writes a table for each workload.
func (r *report) markdown(w io.Writer) {
	o := r.options
	fmt.Fprintf(w, "%s.\nMedians of %d rounds of %g s; server on core %s, load on core %s; ratios within each round.\n",
		r.machine, o.rounds, o.seconds, o.serverCore, o.loadCore)
	for _, work := range workloads() {
		if slices.ContainsFunc(r.turns, func(t turn) bool { return t.Workload == work.name }) {
			r.workloadTable(work).write(w)
		}
	}
	r.idleTable(w)
	if len(r.skipped) > 0 {
		fmt.Fprintln(w)
	}
	for _, line := range r.skipped {
		fmt.Fprintln(w, "-", line)
	}
}

func (r *report) workloadTable(work workload) table {
	t := table{
		title: work.title,
		head: []string{"server", "requests/s", "× C", "CPU µs/request", "× C", "user", "system",
			"p50 µs", "p99 µs", "core used", "notes"},
	}
	cores := countCores(r.options.serverCore)
	for _, s := range servers() {
		get := func(of func(sample) float64) float64 { v, _ := r.median(s.name, work.name, of); return v }
		if len(r.of(s.name, work.name)) == 0 {
			continue
		}
		speed, cpu := get(sample.perSecond), get(sample.cpuMicros)
		speedRatio, _ := r.ratio(s.name, bareName, work.name, sample.perSecond)
		cpuRatio, _ := r.ratio(s.name, bareName, work.name, sample.cpuMicros)
		user := get(sample.userShare) * cpu
		used := get(func(s sample) float64 { return s.used(cores) })
		t.rows = append(t.rows, []string{s.name, thousands(speed), dash("%.2f", speedRatio),
			fmt.Sprintf("%.2f", cpu), dash("%.2f", cpuRatio), fmt.Sprintf("%.2f", user), fmt.Sprintf("%.2f", cpu-user),
			thousands(get(func(s sample) float64 { return s.P50 })), thousands(get(func(s sample) float64 { return s.P99 })),
			fmt.Sprintf("%.0f%%", used*100), r.notes(s.name, work.name, used)})
	}
	return t
}

// notes say when a row is not what it seems.
func (r *report) notes(server, workload string, used float64) string {
	foreign, _ := r.median(server, workload, sample.foreign)
	idle, _ := r.median(server, workload, func(s sample) float64 { return s.Idle })
	errors, _ := r.median(server, workload, func(s sample) float64 { return float64(s.errors()) })
	note := ""
	add := func(format string, v float64) {
		if note != "" {
			note += "; "
		}
		note += fmt.Sprintf(format, v)
	}
	switch {
	case foreign > foreignMax:
		add("others had %.0f%% of its core", foreign*100)
	case used < usedMin:
		add("not at its limit, used %.0f%%", used*100)
		add("the load's core was %.0f%% idle", idle*100)
	}
	if errors > 0 {
		add("%.0f errors", errors)
	}
	return note
}
