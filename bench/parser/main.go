package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"
)

type options struct {
	plan      plan
	only      *regexp.Regexp
	tables    string
	asJSON    bool
	check     bool
	tolerance float64
	twinPath  string
	serve     bool
}

func main() {
	runtime.GOMAXPROCS(1)
	runtime.LockOSThread()
	o, err := parseFlags(os.Args[1:])
	if err == nil {
		err = run(o, os.Stdout, os.Stderr)
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "parser:", err)
		os.Exit(1)
	}
}

func parseFlags(args []string) (options, error) {
	var o options
	var only string
	fs := flag.NewFlagSet("parser", flag.ContinueOnError)
	fs.IntVar(&o.plan.rounds, "rounds", 15, "how often each parser has its turn")
	fs.DurationVar(&o.plan.perRound, "time", 20*time.Millisecond, "how long a turn lasts")
	fs.StringVar(&only, "only", "", "regular expression: parsers to run in the first table")
	fs.StringVar(&o.tables, "tables", "inputs,pieces,hostile", "which tables to make")
	fs.BoolVar(&o.asJSON, "json", false, "print JSON, not Markdown")
	fs.BoolVar(&o.check, "check", false, "exit 1 if a bar is missed")
	fs.Float64Var(&o.tolerance, "tolerance", 0.05, "by how much a bar may be missed")
	fs.StringVar(&o.twinPath, "portable", "", "this program built with -tags purego, for its rows")
	fs.BoolVar(&o.serve, "serve", false, "do what comes on standard input (internal)")
	if err := fs.Parse(args); err != nil {
		return o, flag.ErrHelp // Parse has said what is wrong
	}
	var err error
	o.only, err = regexp.Compile(only)
	return o, err
}

var errMissed = errors.New("bars are missed")

func run(o options, stdout, stderr io.Writer) error {
	if o.serve {
		return serveTasks(os.Stdin, stdout)
	}
	var t *twin
	if o.twinPath != "" {
		var err error
		if t, err = startTwin(o.twinPath); err != nil {
			return err
		}
		defer t.stop()
	}
	r, err := measureAll(o, t, stderr)
	if err != nil {
		return err
	}
	if o.asJSON {
		enc := json.NewEncoder(stdout)
		enc.SetIndent("", "\t")
		err = enc.Encode(r)
	} else {
		r.markdown(stdout)
	}
	if o.check && r.check(stderr, o.tolerance) > 0 {
		return errors.Join(err, errMissed)
	}
	return err
}

// measureAll makes the tables that are asked for.
func measureAll(o options, t *twin, stderr io.Writer) (*report, error) {
	r := &report{Machine: thisMachine(), Rounds: o.plan.rounds}
	parts := map[string]func(*report, options, *twin, func(int)) error{
		"inputs": measureInputs, "pieces": measurePieces, "hostile": measureHostile,
	}
	for _, name := range strings.Split(o.tables, ",") {
		measure, ok := parts[name]
		if !ok {
			return nil, fmt.Errorf("no table %q", name)
		}
		if err := measure(r, o, t, progressLine(stderr, name, o.plan.rounds)); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func progressLine(w io.Writer, what string, rounds int) func(int) {
	return func(round int) {
		fmt.Fprintf(w, "\r%s: round %d of %d", what, round+1, rounds)
		if round+1 == rounds {
			fmt.Fprintln(w)
		}
	}
}
