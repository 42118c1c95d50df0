package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type options struct {
	rounds     int
	seconds    float64
	warmup     float64
	workloads  *regexp.Regexp
	servers    *regexp.Regexp
	check      bool
	byCPU      bool
	tolerance  float64
	csv        string
	carrier    string
	serverCore string
	procs      int
	loadCore   string
	retries    int
	sleepyLoad bool
	idle       int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, err := parseFlags(os.Args[1:])
	if err == nil {
		err = run(ctx, o, os.Stdout, os.Stderr)
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

func parseFlags(args []string) (options, error) {
	var o options
	fs := flag.NewFlagSet("run.sh", flag.ContinueOnError)
	fs.IntVar(&o.rounds, "rounds", 5, "how often each server has its turn on each workload")
	fs.Float64Var(&o.seconds, "seconds", 2, "how long a turn is measured")
	fs.Float64Var(&o.warmup, "warmup", 0.5, "seconds of load before that")
	only := fs.String("only", "", "regular expression: workloads to run")
	which := fs.String("servers", "", "regular expression: servers to run")
	fs.BoolVar(&o.check, "check", false, "exit 1 if a bar is missed")
	fs.Float64Var(&o.tolerance, "tolerance", 0, "by how much a bar may be missed; 0.05 is 5 %")
	fs.BoolVar(&o.byCPU, "by-cpu", false, "hold bars against requests per second of server CPU, not of the clock; for a machine with other work")
	fs.StringVar(&o.csv, "csv", "", "write every measurement to this file, for plot")
	fs.StringVar(&o.carrier, "carrier", "", "what carries cork's connections: loop or net; empty is its default")
	fs.StringVar(&o.serverCore, "server-core", "0", "core or cores (0,2-3) of the servers")
	fs.IntVar(&o.procs, "procs", 0, "GOMAXPROCS of the servers; 0 is as many as they have cores")
	fs.StringVar(&o.loadCore, "load-core", strconv.Itoa(runtime.NumCPU()-1), "core of the load generator")
	fs.IntVar(&o.retries, "retries", 2, "how often a disturbed measurement is made again")
	fs.BoolVar(&o.sleepyLoad, "sleepy-load", false, "let the load generator sleep when it has nothing to do, as most do")
	fs.IntVar(&o.idle, "idle", 0, "measure what this many idle connections cost, too (-only calls it idle)")
	if err := fs.Parse(args); err != nil {
		return o, flag.ErrHelp // Parse has said what is wrong
	}
	var err error
	if o.workloads, err = regexp.Compile(*only); err != nil {
		return o, err
	}
	o.servers, err = regexp.Compile(*which)
	return o, err
}

var errMissed = errors.New("bars are missed")

func run(ctx context.Context, o options, stdout, stderr io.Writer) error {
	b, err := newBench(o, stderr)
	if err != nil {
		return err
	}
	defer b.close()
	r := &report{machine: thisMachine(), options: o, skipped: b.skipped}
	if err := b.measureAll(ctx, r); err != nil {
		return err
	}
	if o.idle > 0 && o.workloads.MatchString(idleName) {
		if err := b.measureIdle(ctx, r); err != nil {
			return err
		}
	}
	b.progress("")
	r.skipped = b.skipped
	r.markdown(stdout)
	if o.csv != "" {
		if err := r.writeCSV(o.csv); err != nil {
			return err
		}
	}
	if o.check && r.check(stderr, o.tolerance) > 0 {
		return errMissed
	}
	return nil
}

// bench is what a run needs beside the options.
type bench struct {
	options
	programs programs
	load     string // the load generator
	servers  []*server
	skipped  []string
	log      io.Writer
	cores    int // of the server
	pins     bool
}

// newBench builds everything. Servers that are not to be had are told and left out.
func newBench(o options, log io.Writer) (*bench, error) {
	dir, err := os.MkdirTemp("", "bench-server-")
	if err != nil {
		return nil, err
	}
	os.Chmod(dir, 0o755) // for servers that change their user
	b := &bench{options: o, log: log, programs: programs{dir: dir, cc: compiler()}, cores: countCores(o.serverCore)}
	if b.procs <= 0 {
		b.procs = b.cores
	}
	if b.load, err = b.programs.buildC("load/load.c"); err != nil {
		b.close()
		return nil, fmt.Errorf("the load generator cannot be built, nothing can be measured without it: %w", err)
	}
	_, err = exec.LookPath("taskset")
	b.pins = err == nil && runtime.NumCPU() > 1
	if !b.pins {
		b.skip("no taskset, or one core only: servers and load share all cores, and figures are of little use")
	}
	for _, s := range servers() {
		if !o.servers.MatchString(s.name) {
			continue
		}
		if err := s.find(s, &b.programs); err != nil {
			b.skip(fmt.Sprintf("SKIPPED: %s: %v", s.name, err))
			continue
		}
		b.servers = append(b.servers, s)
	}
	return b, nil
}

func (b *bench) close() { os.RemoveAll(b.programs.dir) }

// progress overwrites its line, on a terminal; elsewhere it is silent.
func (b *bench) progress(format string, args ...any) {
	if f, ok := b.log.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			fmt.Fprintf(f, "\r\x1b[K"+format, args...)
		}
	}
}

func (b *bench) skip(why string) {
	b.progress("")
	fmt.Fprintln(b.log, why)
	b.skipped = append(b.skipped, why)
}

func compiler() string {
	if cc := os.Getenv("CC"); cc != "" {
		return cc
	}
	return "gcc"
}

// countCores counts those of a list like 0,2-3.
func countCores(list string) int {
	n := 0
	for _, part := range strings.Split(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		n++
		if isRange {
			a, _ := strconv.Atoi(first)
			z, _ := strconv.Atoi(last)
			n += max(0, z-a)
		}
	}
	return n
}

func (b *bench) serverPrefix() []string { return b.prefix(b.serverCore) }
func (b *bench) loadPrefix() []string   { return b.prefix(b.loadCore) }

// prefix is what stands before a command so that it runs where it should.
func (b *bench) prefix(cores string) []string {
	if !b.pins {
		return nil
	}
	return []string{"taskset", "-c", cores}
}

func thisMachine() string {
	model := "unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, after, ok := strings.Cut(string(info), "model name\t: "); ok {
			model, _, _ = strings.Cut(after, "\n")
		}
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	when := time.Now().UTC().Format(time.DateOnly)
	return fmt.Sprintf("%s, %d cores, Linux %s, %s, %s", model, runtime.NumCPU(), strings.TrimSpace(string(kernel)), runtime.Version(), when)
}
