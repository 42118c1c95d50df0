package main

import (
	"fmt"
	"io"
)

// The bars that the parser is held to. Times are compared within one run only:
// a ratio holds on any machine, a nanosecond on one.
const (
	barGoPeers      = 3.0  // times the requests per second of net/http, fasthttp and hertz
	barLLHTTP       = 2.0  // times llhttp's with callbacks, on the GETs
	barLLHTTPChunks = 1.3  // the same on the chunked POST
	barPortable     = 1.0  // the portable twin against llhttp
	barByteByByte   = 12.0 // a head in single bytes against the same head whole, at most
	barGrowth       = 1.5  // of a hostile byte's time from 16 KiB to 128 KiB, at most; a square would be 8
	barHostileNanos = 60.0 // for a hostile byte that comes alone, at most
)

// bar is one comparison. Got must be at least Want, or at most if most.
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

// bars compares what the report has; rows that are not there are no bars.
func (r *report) bars() []bar {
	var bars []bar
	for _, in := range inputs() {
		bars = append(bars, r.inputBars(in.name)...)
	}
	for _, x := range r.Pieces {
		if x.Step == 1 && x.Parser == corkName {
			whole, _ := r.piece(x.Parser, x.Input, 0)
			bars = append(bars, bar{x.Input + " byte by byte / whole", x.Nanos / whole.Nanos, barByteByByte, true})
		}
	}
	for _, x := range r.Hostile {
		what := x.Kind + ", " + stepName(x.Step)
		bars = append(bars,
			bar{what + ", growth", x.Growth, barGrowth, true},
			bar{what + ", ns per byte", x.Micros * 1000 / hostileSize, barHostileNanos, true})
	}
	return bars
}

func (r *report) inputBars(input string) []bar {
	ours, ok := r.find(corkName, input)
	if !ok {
		return nil
	}
	// Half an allocation in a thousand requests is the runtime's own.
	bars := []bar{{input + " allocations", ours.Allocs, 0.0005, true}}
	against := func(name, parser string, mine row, want float64) {
		if x, ok := r.find(parser, input); ok {
			bars = append(bars, bar{fmt.Sprintf("%s %s / %s", input, name, parser), x.Nanos / mine.Nanos, want, false})
		}
	}
	for _, p := range []string{netHTTPName, fasthttpName, hertzName} {
		against(corkName, p, ours, barGoPeers)
	}
	want := barLLHTTP
	if input == chunkedPOST {
		want = barLLHTTPChunks
	}
	against(corkName, llhttpName, ours, want)
	if twin, ok := r.find(portableName, input); ok {
		against(portableName, llhttpName, twin, barPortable)
	}
	return bars
}

// check writes the bars that are missed and returns their number.
func (r *report) check(w io.Writer, tolerance float64) int {
	missed := 0
	bars := r.bars()
	for _, b := range bars {
		if !b.met(tolerance) {
			missed++
			fmt.Fprintln(w, "missed:", b)
		}
	}
	fmt.Fprintf(w, "%d of %d bars met, tolerance %.0f%%\n", len(bars)-missed, len(bars), tolerance*100)
	return missed
}
