package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// sample is what load/load.c prints; times in seconds but latencies, which are
// in microseconds.
type sample struct {
	Answers  int64   `json:"answers"`
	Bytes    int64   `json:"bytes"`
	Connects int64   `json:"connects"`
	Seconds  float64 `json:"seconds"`
	Idle     float64 `json:"idle"` // share of the load generator's time

	BadStatus int64 `json:"badStatus"`
	BadBody   int64 `json:"badBody"`
	Malformed int64 `json:"malformed"`
	Closed    int64 `json:"closed"`
	Refused   int64 `json:"refused"`

	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`

	CPU    float64 `json:"cpu"`  // of the server's processes
	User   float64 `json:"user"` // in ticks of 10 ms; only good for shares
	System float64 `json:"system"`
	Core   float64 `json:"core"`   // what anybody used of the server's core, in ticks
	Stolen float64 `json:"stolen"` // what the host took from it
	Pushed int64   `json:"pushed"` // times the load generator lost its core

	IdleLost int64 `json:"idleLost"` // idle connections that the server has closed
}

func (s sample) errors() int64 {
	return s.BadStatus + s.BadBody + s.Malformed + s.Closed + s.Refused
}

func (s sample) perSecond() float64 { return float64(s.Answers) / s.Seconds }

// perCPUSecond is what perSecond would be if the server had its core for itself
// and used all of it.
func (s sample) perCPUSecond() float64 { return float64(s.Answers) / s.CPU }

// cpuMicros is the server's CPU time for one request.
func (s sample) cpuMicros() float64 { return s.CPU / float64(s.Answers) * 1e6 }

// userShare is the part of it that was not the kernel's.
func (s sample) userShare() float64 {
	if s.User+s.System == 0 {
		return 0
	}
	return s.User / (s.User + s.System)
}

// used is how much of its core the server had.
func (s sample) used(cores int) float64 { return s.CPU / s.Seconds / float64(cores) }

// foreign is how much of the server's core others had. Ticks are coarse: a
// percent or two is nothing.
func (s sample) foreign() float64 { return max(0, s.Core-s.CPU, s.Stolen) / s.Seconds }

// loadCommand is the generator for a server and a workload.
func (b *bench) loadCommand(ctx context.Context, p *process, w workload, seconds float64, more ...string) (*exec.Cmd, error) {
	name := filepath.Join(b.programs.dir, strconv.Itoa(p.port))
	request, body := name+".request", name+".body"
	if err := os.WriteFile(request, w.request(p.port), 0o644); err != nil {
		return nil, err
	}
	if err := os.WriteFile(body, w.wants, 0o644); err != nil {
		return nil, err
	}
	var pids []string
	for _, pid := range p.pids() {
		pids = append(pids, strconv.Itoa(pid))
	}
	args := append(b.loadPrefix(), b.load, "-a", strconv.Itoa(p.port), "-r", request, "-b", body,
		"-c", strconv.Itoa(w.conns), "-p", strconv.Itoa(w.depth), "-P", strings.Join(pids, ","),
		"-t", fmt.Sprint(seconds), "-w", fmt.Sprint(b.warmup))
	if _, err := strconv.Atoi(b.serverCore); err == nil && b.pins {
		args = append(args, "-K", b.serverCore)
	}
	if w.newConn {
		args = append(args, "-o")
	}
	if w.slowEvery > 0 {
		slow := name + ".slow"
		if err := os.WriteFile(slow, w.requestFor(w.slowPath, p.port), 0o644); err != nil {
			return nil, err
		}
		args = append(args, "-S", slow, "-E", strconv.Itoa(w.slowEvery))
	}
	if b.sleepyLoad {
		args = append(args, "-s")
	}
	args = append(args, more...)
	return exec.CommandContext(ctx, args[0], args[1:]...), nil
}

// runLoad measures one workload on a server that runs.
func (b *bench) runLoad(ctx context.Context, p *process, w workload, seconds float64) (sample, error) {
	var s sample
	cmd, err := b.loadCommand(ctx, p, w, seconds)
	if err != nil {
		return s, err
	}
	cmd.Stderr = b.log
	out, err := cmd.Output()
	if err != nil {
		return s, fmt.Errorf("%s, %s: the load generator: %w", p.name, w.name, err)
	}
	if err := json.Unmarshal(out, &s); err != nil {
		return s, err
	}
	return s, s.fault(p, w)
}

// fault says why the sample must not be used.
func (s sample) fault(p *process, w workload) error {
	switch {
	case s.Answers == 0:
		return fmt.Errorf("%s, %s: no answers; %d connections closed, %d refused", p.name, w.name, s.Closed, s.Refused)
	case s.BadStatus+s.BadBody+s.Malformed > 0:
		return fmt.Errorf("%s, %s: %d answers with a wrong status, %d with a wrong body, %d that are none",
			p.name, w.name, s.BadStatus, s.BadBody, s.Malformed)
	case s.IdleLost > 0:
		return fmt.Errorf("%s, %s: %d idle connections were closed", p.name, w.name, s.IdleLost)
	case s.errors()*1000 > s.Answers:
		return fmt.Errorf("%s, %s: %d connections closed, %d refused", p.name, w.name, s.Closed, s.Refused)
	}
	return nil
}
