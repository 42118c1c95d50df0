package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"
)

const (
	idleName = "idle" // what -only calls it

	// settleTime is for the server to give back what the rush of new connections
	// took: a collection, an idle thread.
	settleTime = time.Second
)

// idleTurn is what idle connections cost a server: the same load before they are
// there and beside them.
type idleTurn struct {
	Server        string
	Round         int
	bytes         float64 // of memory for each
	without, with sample
}

// kept is the share of the requests per second that is left.
func (t idleTurn) kept() float64 { return t.with.perSecond() / t.without.perSecond() }

func (t idleTurn) foreign() float64 { return max(t.without.foreign(), t.with.foreign()) }

// measureIdle makes the rounds of -idle.
func (b *bench) measureIdle(ctx context.Context, r *report) error {
	for round := range b.rounds {
		for _, s := range b.order(round) {
			if !slices.Contains(s.routes, routeHello) || r.failed(s.name, idleName) {
				continue
			}
			b.progress("round %d of %d: %s: %s", round+1, b.rounds, idleName, s.name)
			var best idleTurn
			for try := range b.retries + 1 {
				t, err := b.measureIdleOnce(ctx, s)
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if err != nil {
					b.skip("FAILED: idle connections: " + err.Error())
					r.fail(s.name, idleName, err)
					break
				}
				if try == 0 || t.foreign() < best.foreign() {
					best = t
				}
				if best.foreign() <= foreignMax {
					break
				}
			}
			if !r.failed(s.name, idleName) {
				best.Round = round
				r.idle = append(r.idle, best)
			}
		}
	}
	return nil
}

// measureIdleOnce takes two processes: one for the load alone, and a new one for
// the connections, whose memory no load has made room in before.
func (b *bench) measureIdleOnce(ctx context.Context, s *server) (t idleTurn, err error) {
	w := workloads()[0]
	t.Server = s.name
	if t.without, err = b.measureOnce(ctx, s, w); err != nil {
		return t, err
	}
	p, err := b.startServer(ctx, s, w, true)
	if err != nil {
		return t, err
	}
	defer p.stop()
	if _, err := p.check(w); err != nil {
		return t, err
	}
	before, err := p.rss()
	if err != nil {
		return t, err
	}
	after, with, err := b.runBeside(ctx, p, w)
	t.bytes, t.with = float64(after-before)/float64(b.idle), with
	return t, err
}

// runBeside opens the idle connections, looks at the server's memory, and runs
// the load beside them.
func (b *bench) runBeside(ctx context.Context, p *process, w workload) (rss int64, s sample, err error) {
	cmd, err := b.loadCommand(ctx, p, w, b.seconds, "-i", strconv.Itoa(b.idle))
	if err != nil {
		return 0, s, err
	}
	cmd.Stderr = b.log
	in, err := cmd.StdinPipe()
	if err != nil {
		return 0, s, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, s, err
	}
	if err := cmd.Start(); err != nil {
		return 0, s, err
	}
	defer cmd.Wait()
	defer in.Close() // ends it, should it still wait for a word
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); err != nil || line != "open\n" {
		return 0, s, fmt.Errorf("%s: the connections do not open", p.name)
	}
	time.Sleep(settleTime)
	if rss, err = p.rss(); err != nil {
		return 0, s, err
	}
	if _, err := io.WriteString(in, "go on\n"); err != nil {
		return 0, s, err
	}
	if err := json.NewDecoder(lines).Decode(&s); err != nil {
		return 0, s, fmt.Errorf("%s, beside idle connections: the load generator: %w", p.name, err)
	}
	return rss, s, s.fault(p, w)
}

func (r *report) idleOf(server string, of func(idleTurn) float64) (float64, bool) {
	var values []float64
	for _, t := range r.idle {
		if t.Server == server {
			values = append(values, of(t))
		}
	}
	return median(values)
}

func (r *report) idleTable(w io.Writer) {
	if len(r.idle) == 0 {
		return
	}
	t := table{
		title: fmt.Sprintf("%s idle connections, hello on 64 others", thousands(float64(r.options.idle))),
		head: []string{"server", "bytes each", "requests/s without", "with", "kept",
			"CPU µs/request without", "with", "notes"},
	}
	for _, s := range servers() {
		get := func(of func(idleTurn) float64) float64 { v, _ := r.idleOf(s.name, of); return v }
		bytes, ok := r.idleOf(s.name, func(t idleTurn) float64 { return t.bytes })
		if !ok {
			continue
		}
		note := ""
		if foreign := get(idleTurn.foreign); foreign > foreignMax {
			note = fmt.Sprintf("others had %.0f%% of its core", foreign*100)
		}
		t.rows = append(t.rows, []string{s.name, thousands(bytes),
			thousands(get(func(t idleTurn) float64 { return t.without.perSecond() })),
			thousands(get(func(t idleTurn) float64 { return t.with.perSecond() })),
			fmt.Sprintf("%.2f", get(idleTurn.kept)),
			fmt.Sprintf("%.2f", get(func(t idleTurn) float64 { return t.without.cpuMicros() })),
			fmt.Sprintf("%.2f", get(func(t idleTurn) float64 { return t.with.cpuMicros() })),
			note})
	}
	t.write(w)
}

func (r *report) idleBars() (bars []bar) {
	if bytes, ok := r.idleOf(corkName, func(t idleTurn) float64 { return t.bytes }); ok {
		kept, _ := r.idleOf(corkName, idleTurn.kept)
		bars = append(bars,
			bar{"idle connections, bytes each", bytes, barIdleBytes, true},
			bar{"idle connections, requests/s beside them / without", kept, barIdleActivity, false})
	}
	return bars
}
