package main

import (
	"os"
	"regexp"
	"sync"
	"testing"
)

var built = sync.OnceValues(func() (*bench, error) {
	return newBench(options{
		serverCore: "0", loadCore: "0",
		workloads: regexp.MustCompile(""), servers: regexp.MustCompile(""),
	}, os.Stderr)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if b, err := built(); err == nil {
		b.close()
	}
	os.Exit(code)
}

// testBench is all that is there. What is not is told, and is not tested.
func testBench(t *testing.T) *bench {
	t.Helper()
	b, err := built()
	if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	b.pins, b.sleepyLoad = false, true // they run side by side
	for _, why := range b.skipped {
		t.Log(why)
	}
	return b
}

// Each server that is there answers each of its workloads, one request as well
// as what the load generator sends.
func TestServers(t *testing.T) {
	b := testBench(t)
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
				} else if _, err := b.runLoad(t.Context(), p, w, 0.1); err != nil {
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
	b := testBench(t)
	byName := map[string]*server{}
	for _, s := range b.servers {
		byName[s.name] = s
	}
	for _, w := range workloads() {
		if !byName[bareName].takes(w) {
			continue
		}
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
