// Command compare reads two results of the oracle, Node's and ours, and tells the
// differences that are meant from those that are not.
//
//	go run ./internal/oracleapp/compare node-results.json ours.json
//
// What is meant stands in docs/node-differences.json, or in the file that -list
// names. Exit codes: 0 nothing else differs, 1 something does, 2 wrong use.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	flags.SetOutput(stderr)
	list := flags.String("list", "docs/node-differences.json", "the differences that are meant")
	soft := flags.String("soft-headers", "x-reason,x-bytes-parsed,x-raw-length", "header fields that are not compared")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() != 2 {
		fmt.Fprintln(stderr, "compare: two files of results are needed: Node's and ours")
		return 2
	}
	var meant []difference
	var node, ours []result
	for _, f := range []struct {
		path string
		into any
	}{{*list, &meant}, {flags.Arg(0), &node}, {flags.Arg(1), &ours}} {
		if err := readJSON(f.path, f.into); err != nil {
			fmt.Fprintln(stderr, "compare:", err)
			return 2
		}
	}
	if err := checkList(meant); err != nil {
		fmt.Fprintf(stderr, "compare: %s: %v\n", *list, err)
		return 2
	}
	r := compare(meant, node, ours, strings.Split(*soft, ","))
	r.print(stdout, meant)
	if len(r.unlisted) > 0 {
		return 1
	}
	return 0
}

func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// difference is one entry of the list.
type difference struct {
	Case   string `json:"case"`   // name of a case; * stands for any characters
	ID     string `json:"id"`     // the section of docs/node-differences.md
	Reason string `json:"reason"` // in one sentence

	// What else has to be so, * as above; empty is anything.
	Node string `json:"node,omitempty"` // what Node did, see result.outcome
	Ours string `json:"ours,omitempty"` // what we did
	Area string `json:"area,omitempty"`

	// Foreseen: there are more cases than were at hand when the list was written,
	// and this may be about some of them. It need not be about any.
	Foreseen bool `json:"foreseen,omitempty"`
}

func checkList(all []difference) error {
	for i, d := range all {
		if d.Case == "" || d.ID == "" || d.Reason == "" {
			return fmt.Errorf("entry %d needs case, id and reason", i)
		}
	}
	return nil
}

// result is one case's outcome as the oracle's runner writes it.
type result map[string]any

func (r result) text(key string) string {
	s, _ := r[key].(string)
	return s
}

// outcome is a result in short: the statuses of the answers and what became of
// the connection, "200+400 closed".
func (r result) outcome() string {
	var all []string
	responses, _ := r["responses"].([]any)
	for _, one := range responses {
		fields, _ := one.(map[string]any)
		status, _ := fields["status"].(string)
		if len(status) >= 12 {
			status = status[9:12]
		}
		all = append(all, status)
	}
	return strings.Join(all, "+") + " " + r.text("end")
}

// tagged reports whether the oracle itself does not expect Node's result.
func (r result) tagged() bool {
	return r.text("_quirk") != "" || r["_version"] == true
}

// report is what compare finds.
type report struct {
	same     int
	listed   map[string][]string // by id
	tagged   []string
	unlisted []finding
	gone     []string // entries about cases of which none differs
}

type finding struct {
	name  string
	lines []string
}

func compare(meant []difference, node, ours []result, soft []string) report {
	r := report{listed: make(map[string][]string)}
	byName := make(map[string]result, len(ours))
	for _, o := range ours {
		byName[o.text("name")] = o
	}
	seen, used := make([]bool, len(meant)), make([]bool, len(meant))
	for _, n := range node {
		name := n.text("name")
		o, found := byName[name]
		var lines []string
		if found {
			lines = diff(nil, "", strip(map[string]any(n), soft), strip(map[string]any(o), soft))
		} else {
			lines = []string{"missing"}
		}
		entry := -1
		for i, d := range meant {
			if !match(d.Case, name) {
				continue
			}
			seen[i] = seen[i] || !d.Foreseen
			if len(lines) > 0 && entry < 0 && found && d.fits(n, o) {
				entry = i
			}
		}
		switch {
		case len(lines) == 0:
			r.same++
		case entry >= 0:
			used[entry] = true
			id := meant[entry].ID
			r.listed[id] = append(r.listed[id], name)
		case found && n.tagged():
			r.tagged = append(r.tagged, name)
		default:
			r.unlisted = append(r.unlisted, finding{name, lines})
		}
	}
	for i, d := range meant {
		if seen[i] && !used[i] {
			r.gone = append(r.gone, d.Case+" ("+d.ID+")")
		}
	}
	return r
}

// fits reports whether the outcomes are those of the entry.
func (d *difference) fits(node, ours result) bool {
	return (d.Node == "" || match(d.Node, node.outcome())) &&
		(d.Ours == "" || match(d.Ours, ours.outcome())) &&
		(d.Area == "" || match(d.Area, node.text("area")))
}

// match compares a name with a pattern in which * stands for any characters.
func match(pattern, name string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == name
	}
	if !strings.HasPrefix(name, first) {
		return false
	}
	name = name[len(first):]
	for i := 0; i <= len(name); i++ {
		if match(rest, name[i:]) {
			return true
		}
	}
	return false
}

// strip leaves out what is not compared: keys with an underscore, the raw bytes,
// and some fields.
func strip(value any, soft []string) any {
	switch v := value.(type) {
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = strip(v[i], soft)
		}
		return all
	case map[string]any:
		all := make(map[string]any, len(v))
		for key, one := range v {
			if strings.HasPrefix(key, "_") || key == "raw" {
				continue
			}
			if fields, ok := one.([]any); ok && key == "headers" {
				one = slices.DeleteFunc(slices.Clone(fields), func(f any) bool { return isSoft(f, soft) })
			}
			all[key] = strip(one, soft)
		}
		return all
	}
	return value
}

func isSoft(field any, soft []string) bool {
	pair, _ := field.([]any)
	if len(pair) == 0 {
		return false
	}
	name, _ := pair[0].(string)
	return slices.ContainsFunc(soft, func(s string) bool { return strings.EqualFold(s, name) })
}

// diff appends a line for each place where two values differ.
func diff(lines []string, at string, node, ours any) []string {
	switch n := node.(type) {
	case []any:
		if o, ok := ours.([]any); ok {
			for i := range max(len(n), len(o)) {
				lines = diff(lines, fmt.Sprintf("%s.%d", at, i), item(n, i), item(o, i))
			}
			return lines
		}
	case map[string]any:
		if o, ok := ours.(map[string]any); ok {
			for _, key := range keys(n, o) {
				lines = diff(lines, at+"."+key, n[key], o[key])
			}
			return lines
		}
	}
	a, b := short(node), short(ours)
	if a != b {
		lines = append(lines, at+": "+a+" | "+b)
	}
	return lines
}

func item(all []any, i int) any {
	if i < len(all) {
		return all[i]
	}
	return nil
}

func keys(a, b map[string]any) (all []string) {
	for key := range a {
		all = append(all, key)
	}
	for key := range b {
		if _, both := a[key]; !both {
			all = append(all, key)
		}
	}
	slices.Sort(all)
	return all
}

func short(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
