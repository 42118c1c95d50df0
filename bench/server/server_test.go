package main

import (
	"io"
	"regexp"
	"testing"
)

// newTestBench builds what is there. What is not is told, and its tests are not there.
func newTestBench(t *testing.T) *bench {
	t.Helper()
	b, err := newBench(options{
		serverCore: "0", loadCore: "0", warmup: 0.05,
		workloads: regexp.MustCompile(""), servers: regexp.MustCompile(""),
	}, io.Discard)
	if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	t.Cleanup(b.close)
	b.pins = false
	for _, why := range b.skipped {
		t.Log(why)
	}
	return b
}

// Each server that is there answers each of its workloads, and the load
// generator finds no fault with it either.
func TestServers(t *testing.T) {
	b := newTestBench(t)
	for _, s := range b.servers {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for _, w := range workloads() {
				if !s.takes(w) {
					continue
				}
				p, err := b.startServer(t.Context(), s, w, false)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := p.check(w); err != nil {
					t.Error(err)
				}
				p.stop()
			}
		})
	}
}

// The bare loop's answers are as long as cork's, so that both pay the kernel for
// the same bytes.
func TestBareAnswersAreAsLongAsCorks(t *testing.T) {
	b := newTestBench(t)
	byName := map[string]*server{}
	for _, s := range b.servers {
		byName[s.name] = s
	}
	for _, w := range workloads() {
		length := func(name string) int {
			p, err := b.startServer(t.Context(), byName[name], w, false)
			if err != nil {
				t.Fatal(err)
			}
			defer p.stop()
			answer, err := p.check(w)
			if err != nil {
				t.Fatal(err)
			}
			return len(answer)
		}
		if ours, bare := length(corkName), length(bareName); ours != bare {
			t.Errorf("%s: cork's answer has %d bytes, the bare loop's %d", w.name, ours, bare)
		}
	}
}
