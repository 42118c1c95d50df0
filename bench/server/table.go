package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table is Markdown; the first column is text, and so is the last if it is
// called notes, the others are numbers.
type table struct {
	title string
	head  []string
	rows  [][]string
}

func (t table) write(w io.Writer) {
	widths := make([]int, len(t.head))
	for i := range widths {
		widths[i] = len("---:")
	}
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	line := func(row []string) {
		for i, cell := range row {
			fmt.Fprintf(w, "| %s%s ", cell, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
		fmt.Fprintln(w, "|")
	}
	fmt.Fprintf(w, "\n### %s\n\n", t.title)
	line(t.head)
	rule := make([]string, len(t.head))
	for i, name := range t.head {
		rule[i] = "---:"
		if i == 0 || name == "notes" {
			rule[i] = "---"
		}
	}
	line(rule)
	for _, row := range t.rows {
		line(row)
	}
}

// thousands writes a whole number as 1,234,567.
func thousands(v float64) string {
	digits := fmt.Sprintf("%.0f", v)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// dash writes a number, and a dash for one that is not there.
func dash(format string, v float64) string {
	if v == 0 {
		return "–"
	}
	return fmt.Sprintf(format, v)
}
