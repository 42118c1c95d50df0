package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// report is all that was measured.
type report struct {
	Machine machine
	Rounds  int
	Rows    []row
	Left    []omission
	Pieces  []pieceRow
	Hostile []hostileRow
}

// row is one parser on one input.
type row struct {
	Parser, Input string
	Bytes         int     // per run
	Requests      int     // per run
	Nanos         float64 // per request
	NanosMin      float64
	Allocs        float64 // per request
}

func (r row) perSecond() float64 { return 1e9 / r.Nanos }

func (r row) gigabytes() float64 { return float64(r.Bytes) / (r.Nanos * float64(r.Requests)) }

// omission is a parser that has no row for an input, and why.
type omission struct{ Parser, Input, Why string }

type pieceRow struct {
	piece
	Nanos float64 // per head
}

// hostileRow is one kind in one piece size.
type hostileRow struct {
	Kind         string
	Step         int
	NanosPerByte []float64 // by size, as hostileSizes
	Growth       float64   // of a byte's time, from the smallest size to the largest
	Micros       float64   // for hostileSize bytes
	LLHTTP       float64   // its time for a byte at hostileSize, 0 if it does not read these bytes
}

// find returns the row of a parser on an input.
func (r *report) find(parser, input string) (row, bool) {
	i := slices.IndexFunc(r.Rows, func(x row) bool { return x.Parser == parser && x.Input == input })
	if i < 0 {
		return row{}, false
	}
	return r.Rows[i], true
}

func (r *report) piece(parser, input string, step int) (pieceRow, bool) {
	i := slices.IndexFunc(r.Pieces, func(x pieceRow) bool { return x.piece == piece{parser, input, step} })
	if i < 0 {
		return pieceRow{}, false
	}
	return r.Pieces[i], true
}

// parsers lists those with rows, in order.
func (r *report) parsers() []string {
	var names []string
	for _, x := range r.Rows {
		if !slices.Contains(names, x.Parser) {
			names = append(names, x.Parser)
		}
	}
	return names
}

// markdown writes everything that was measured.
func (r *report) markdown(out io.Writer) {
	w := &mdWriter{out: out}
	w.line("%s", r.Machine)
	w.line("Medians of %d rounds, all parsers in turn in each, on one core; the clock is %s.\n", r.Rounds, clockName)
	if len(r.Rows) > 0 {
		r.overview(w)
		r.details(w)
	}
	if len(r.Pieces) > 0 {
		r.pieces(w)
	}
	if len(r.Hostile) > 0 {
		r.hostile(w)
	}
}

func (r *report) overview(w *mdWriter) {
	w.line("### Nanoseconds per request\n")
	names := []string{"parser"}
	for _, in := range inputs() {
		names = append(names, fmt.Sprintf("%s, %d B", in.name, len(in.data)))
	}
	w.head(append(names, "allocations")...)
	for _, p := range r.parsers() {
		cells := []string{p}
		least, most := -1.0, 0.0
		for _, in := range inputs() {
			x, ok := r.find(p, in.name)
			if !ok {
				cells = append(cells, "–")
				continue
			}
			cells = append(cells, number(x.Nanos))
			if least < 0 || x.Allocs < least {
				least = x.Allocs
			}
			most = max(most, x.Allocs)
		}
		w.row(append(cells, span(least, most))...)
	}
	w.end()
	for _, o := range r.Left {
		w.line("- %s has no row for %s: %s", o.Parser, o.Input, o.Why)
	}
	w.line("")
}

func (r *report) details(w *mdWriter) {
	for _, in := range inputs() {
		w.line("### %s, %d bytes\n", in.name, len(in.data))
		w.head("parser", "ns/request", "requests/s", "GB/s", "allocations", "time, ours = 1")
		ours, _ := r.find(corkName, in.name)
		for _, p := range r.parsers() {
			if x, ok := r.find(p, in.name); ok {
				ratio := "–"
				if ours.Nanos > 0 {
					ratio = fmt.Sprintf("%.2f", x.Nanos/ours.Nanos)
				}
				w.row(p, number(x.Nanos), thousands(x.perSecond()), fmt.Sprintf("%.2f", x.gigabytes()),
					fmt.Sprintf("%.0f", x.Allocs), ratio)
			}
		}
		w.end()
	}
}

func (r *report) pieces(w *mdWriter) {
	w.line("### A head fed in pieces, ns per head\n")
	w.head("parser", "input", stepName(0), stepName(64), "ratio", stepName(1), "ratio", "ns per byte")
	for _, x := range r.Pieces {
		if x.Step != 0 {
			continue
		}
		some, _ := r.piece(x.Parser, x.Input, 64)
		each, _ := r.piece(x.Parser, x.Input, 1)
		w.row(x.Parser, x.Input, number(x.Nanos), number(some.Nanos), fmt.Sprintf("%.1f", some.Nanos/x.Nanos),
			number(each.Nanos), fmt.Sprintf("%.1f", each.Nanos/x.Nanos),
			fmt.Sprintf("%.1f", each.Nanos/float64(len(inputNamed(x.Input).data))))
	}
	w.end()
}

func (r *report) hostile(w *mdWriter) {
	w.line("### Hostile bytes, ns per byte\n")
	cells := []string{"bytes", "fed"}
	for _, size := range hostileSizes {
		cells = append(cells, fmt.Sprintf("%d KiB", size>>10))
	}
	w.head(append(cells, "growth", "µs for 64 KiB", "llhttp")...)
	for _, x := range r.Hostile {
		cells := []string{x.Kind, stepName(x.Step)}
		for _, n := range x.NanosPerByte {
			cells = append(cells, fmt.Sprintf("%.2f", n))
		}
		theirs := "–"
		if x.LLHTTP > 0 {
			theirs = fmt.Sprintf("%.2f", x.LLHTTP)
		}
		w.row(append(cells, fmt.Sprintf("%.2f", x.Growth), number(x.Micros), theirs)...)
	}
	w.end()
	for _, step := range pieceSteps {
		worst, growth := r.worst(step)
		w.line("- %s: the longest time for 64 KiB is %s µs, %.1f ns per byte (%s); the most growth is %.2f (%s)",
			stepName(step), number(worst.Micros), worst.Micros*1000/hostileSize, worst.Kind, growth.Growth, growth.Kind)
	}
	w.line("")
}

// worst returns, among those fed in step, the slowest kind and the one whose
// bytes grow dearest.
func (r *report) worst(step int) (slowest, growing hostileRow) {
	for _, x := range r.Hostile {
		if x.Step != step {
			continue
		}
		if x.Micros > slowest.Micros {
			slowest = x
		}
		if x.Growth > growing.Growth {
			growing = x
		}
	}
	return slowest, growing
}

func number(x float64) string {
	if x < 10 {
		return fmt.Sprintf("%.1f", x)
	}
	return thousands(x)
}

// thousands writes x without decimals and with commas.
func thousands(x float64) string {
	s := fmt.Sprintf("%.0f", x)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func span(least, most float64) string {
	a, b := fmt.Sprintf("%.0f", max(least, 0)), fmt.Sprintf("%.0f", most)
	if a == b {
		return a
	}
	return a + " to " + b
}

// mdWriter writes Markdown tables that are also readable as text.
type mdWriter struct {
	out io.Writer
	tab *tabwriter.Writer
}

func (w *mdWriter) line(format string, args ...any) { fmt.Fprintf(w.out, format+"\n", args...) }

func (w *mdWriter) head(cells ...string) {
	w.tab = tabwriter.NewWriter(w.out, 0, 1, 1, ' ', 0)
	w.row(cells...)
	rule := make([]string, len(cells))
	for i := range rule {
		rule[i] = "---:"
	}
	rule[0] = "---"
	w.row(rule...)
}

func (w *mdWriter) row(cells ...string) {
	fmt.Fprintf(w.tab, "| %s\t|\n", strings.Join(cells, "\t| "))
}

func (w *mdWriter) end() {
	w.tab.Flush()
	fmt.Fprintln(w.out)
}
