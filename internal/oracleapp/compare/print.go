package main

import (
	"fmt"
	"io"
	"strings"
)

const (
	linesMax = 8   // of one finding
	lineMax  = 300 // characters of a line
)

// print writes the report: what is meant first, what matters last.
func (r *report) print(w io.Writer, meant []difference) {
	listed := 0
	said := make(map[string]bool)
	for _, d := range meant {
		names := r.listed[d.ID]
		if said[d.ID] || len(names) == 0 {
			continue
		}
		said[d.ID] = true
		listed += len(names)
		fmt.Fprintf(w, "listed %s: %s\n   %s\n", d.ID, d.Reason, strings.Join(names, ", "))
	}
	if len(r.tagged) > 0 {
		fmt.Fprintf(w, "tagged by the oracle: %s\n", strings.Join(r.tagged, ", "))
	}
	for _, entry := range r.gone {
		fmt.Fprintf(w, "no longer different: %s\n", entry)
	}
	for _, f := range r.unlisted {
		fmt.Fprintf(w, "DIFFERENT %s\n", f.name)
		for i, line := range f.lines {
			if i == linesMax {
				fmt.Fprintf(w, "   … and %d more\n", len(f.lines)-i)
				break
			}
			if len(line) > lineMax {
				line = line[:lineMax] + "…"
			}
			fmt.Fprintf(w, "   %s\n", line)
		}
	}
	fmt.Fprintf(w, "same %d, listed %d, tagged %d, no longer different %d, unlisted %d\n",
		r.same, listed, len(r.tagged), len(r.gone), len(r.unlisted))
}
