package main

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// at is a turn with so many requests in a second that took cpu seconds.
func at(server, workload string, round int, perSecond int64, cpu float64) turn {
	return turn{server, workload, round, sample{Answers: perSecond, Seconds: 1, CPU: cpu, User: 1, System: 3}}
}

func testReport(turns ...turn) *report {
	everything := regexp.MustCompile("")
	return &report{options: options{workloads: everything, servers: everything, serverCore: "0"}, turns: turns}
}

// Ratios are of two measurements of one round: a round in which the whole machine
// was slow does not show.
func TestRatioIsWithinARound(t *testing.T) {
	r := testReport(
		at(corkName, helloName, 0, 90, 1), at(bareName, helloName, 0, 100, 1),
		at(corkName, helloName, 1, 10, 1), at(bareName, helloName, 1, 10, 1),
		at(corkName, helloName, 2, 40, 1), at(bareName, helloName, 2, 50, 1),
	)
	if got, ok := r.ratio(corkName, bareName, helloName, sample.perSecond); got != 0.9 || !ok {
		t.Errorf("ratio %v %v, want 0.9", got, ok)
	}
	if _, ok := r.ratio(corkName, nginxName, helloName, sample.perSecond); ok {
		t.Error("a ratio to a server that was not measured")
	}
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{{[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 9}, 3}} {
		if got, ok := median(test.values); got != test.want || !ok {
			t.Errorf("median of %v: %v, want %v", test.values, got, test.want)
		}
	}
}

func TestCheck(t *testing.T) {
	tests := []struct {
		name      string
		cork      turn
		tolerance float64
		missed    int
	}{
		{"all met", at(corkName, helloName, 0, 135, 1.35), 0, 0},
		{"too slow", at(corkName, helloName, 0, 134, 1.34), 0, 1},
		{"too slow within the tolerance", at(corkName, helloName, 0, 134, 1.34), 0.05, 0},
		{"too much CPU", at(corkName, helloName, 0, 135, 1.6), 0, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := testReport(test.cork, at(bareName, helloName, 0, 150, 1.4), at(fasthttpName, helloName, 0, 100, 1))
			var out strings.Builder
			if got := r.check(&out, test.tolerance); got != test.missed {
				t.Errorf("%d bars missed, want %d:\n%s", got, test.missed, &out)
			}
			if !strings.Contains(out.String(), "not measured: hello, requests/s, cork / nginx") {
				t.Errorf("nginx is missing and nobody says so:\n%s", &out)
			}
		})
	}
}

// What cork fails cannot miss a bar, and must not pass for that.
func TestCheckOfAFailure(t *testing.T) {
	for server, want := range map[string]int{corkName: 1, nginxName: 0} {
		r := testReport()
		r.fail(server, helloName, errors.New("wrong answers"))
		if got := r.check(io.Discard, 0); got != want {
			t.Errorf("%s failed: check returns %d, want %d", server, got, want)
		}
	}
}

func TestForeign(t *testing.T) {
	s := sample{Seconds: 2, CPU: 1, Core: 1.5}
	if got := s.foreign(); got != 0.25 {
		t.Errorf("foreign %v, want 0.25", got)
	}
	if got := s.used(1); got != 0.5 {
		t.Errorf("used %v, want 0.5", got)
	}
}

func TestCountCores(t *testing.T) {
	for list, want := range map[string]int{"0": 1, "0,1": 2, "0-3": 4, "0,2-3": 3} {
		if got := countCores(list); got != want {
			t.Errorf("%s: %d cores, want %d", list, got, want)
		}
	}
}

// Each server is once in each round, and once in each place.
func TestOrder(t *testing.T) {
	b := &bench{}
	for _, name := range []string{"a", "b", "c"} {
		b.servers = append(b.servers, &server{name: name})
	}
	firsts := map[string]bool{}
	for round := range 6 {
		order := b.order(round)
		if len(order) != 3 || order[0] == order[1] || order[1] == order[2] || order[0] == order[2] {
			t.Errorf("round %d: %v", round, order)
		}
		firsts[order[0].name] = true
	}
	if len(firsts) != 3 {
		t.Errorf("first in a round: %v, want all three", firsts)
	}
}

func TestCSV(t *testing.T) {
	name := filepath.Join(t.TempDir(), "results.csv")
	r := testReport(at(corkName, helloName, 2, 1000, 0.5))
	if err := r.writeCSV(name); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != 2 || !slices.Equal(records[0], csvColumns) {
		t.Fatalf("got %q", records)
	}
	want := []string{"hello", "hello, 64 connections", "cork", "2", "1000.0000", "500.0000", "125.0000", "375.0000"}
	if got := records[1][:len(want)]; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// A whole run, with as little of everything as there can be.
func TestRun(t *testing.T) {
	if b := testBench(t); len(b.servers) == 0 {
		t.Skip("SKIPPED: no servers")
	}
	csvFile := filepath.Join(t.TempDir(), "results.csv")
	var out, log strings.Builder
	o, err := parseFlags([]string{"-rounds", "1", "-seconds", "0.1", "-warmup", "0.05", "-retries", "0",
		"-only", "^(hello|idle)$", "-servers", "C$|cork", "-idle", "20", "-csv", csvFile})
	if err != nil {
		t.Fatal(err)
	}
	if err := run(context.Background(), o, &out, &log); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"### hello, 64 connections", "### 20 idle connections", "| bare C ", "| cork "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report has no %q:\n%s\n%s", want, &out, &log)
		}
	}
	if _, err := os.Stat(csvFile); err != nil {
		t.Error(err)
	}
}
