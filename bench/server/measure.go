package main

import (
	"context"
	"slices"
)

// foreignMax is the share of the server's core that strangers may have before a
// measurement is made again, usedMin what a server at its limit uses of it.
const (
	foreignMax = 0.05
	usedMin    = 0.90
)

// turn is one measurement: a server, a workload, a round.
type turn struct {
	Server, Workload string
	Round            int
	sample
}

// measureAll makes the rounds. A server that fails a workload is out of it, with
// a word in the report; the others go on.
func (b *bench) measureAll(ctx context.Context, r *report) error {
	for round := range b.rounds {
		for _, w := range workloads() {
			if !b.workloads.MatchString(w.name) {
				continue
			}
			for _, s := range b.order(round) {
				if !s.takes(w) || r.failed(s.name, w.name) {
					continue
				}
				b.progress("round %d of %d: %s: %s", round+1, b.rounds, w.name, s.name)
				sample, err := b.measure(ctx, s, w)
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if err != nil {
					b.skip("FAILED: " + err.Error())
					r.fail(s.name, w.name, err)
					continue
				}
				r.turns = append(r.turns, turn{s.name, w.name, round, sample})
			}
		}
	}
	return nil
}

// order is who comes after whom in a round: each round begins one server later,
// and every second one goes backwards.
func (b *bench) order(round int) []*server {
	n := round % max(1, len(b.servers))
	order := slices.Concat(b.servers[n:], b.servers[:n])
	if round%2 == 1 {
		slices.Reverse(order)
	}
	return order
}

// measure is a turn. When strangers were on the server's core it is tried again, and
// of several bad ones the least bad counts.
func (b *bench) measure(ctx context.Context, s *server, w workload) (best sample, err error) {
	for try := range b.retries + 1 {
		got, err := b.measureOnce(ctx, s, w)
		if err != nil {
			return got, err
		}
		if try == 0 || got.foreign() < best.foreign() {
			best = got
		}
		if best.foreign() <= foreignMax {
			break
		}
	}
	return best, nil
}

func (b *bench) measureOnce(ctx context.Context, s *server, w workload) (sample, error) {
	p, err := b.startServer(ctx, s, w, false)
	if err != nil {
		return sample{}, err
	}
	defer p.stop()
	if _, err := p.check(w); err != nil {
		return sample{}, err
	}
	return b.runLoad(ctx, p, w, b.seconds)
}
