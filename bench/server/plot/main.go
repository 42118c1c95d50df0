// Plot draws what run.sh -csv has written: for each workload an SVG with two bars for
// each server, requests per second and CPU time per request (user and
// system apart). Bars are medians over the rounds.
//
//	./run.sh -csv results.csv
//	go run ./plot -out charts results.csv
package main

import (
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

func main() {
	out := flag.String("out", "charts", "folder for the SVGs")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: plot [-out folder] results.csv")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *out); err != nil {
		fmt.Fprintln(os.Stderr, "plot:", err)
		os.Exit(1)
	}
}

func run(results, out string) error {
	f, err := os.Open(results)
	if err != nil {
		return err
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return err
	}
	charts, err := chartsOf(records)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for _, c := range charts {
		if err := os.WriteFile(filepath.Join(out, c.workload+".svg"), c.svg(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// chart is a workload; the fastest server comes first.
type chart struct {
	workload string
	title    string
	servers  []bars
}

type bars struct {
	server                  string
	perSecond, user, system float64
}

// measured are the columns that are drawn.
var measured = []string{"requests_per_second", "user_us", "system_us"}

func chartsOf(records [][]string) ([]chart, error) {
	if len(records) < 2 {
		return nil, errors.New("no measurements")
	}
	column := func(name string) int { return slices.Index(records[0], name) }
	for _, name := range append([]string{"workload", "title", "server"}, measured...) {
		if column(name) < 0 {
			return nil, fmt.Errorf("no column %q", name)
		}
	}
	var charts []chart
	values := map[string][]float64{} // workload, server and column to a value for each round
	for _, record := range records[1:] {
		workload, server := record[column("workload")], record[column("server")]
		i := slices.IndexFunc(charts, func(c chart) bool { return c.workload == workload })
		if i < 0 {
			i = len(charts)
			charts = append(charts, chart{workload: workload, title: record[column("title")]})
		}
		if !slices.ContainsFunc(charts[i].servers, func(b bars) bool { return b.server == server }) {
			charts[i].servers = append(charts[i].servers, bars{server: server})
		}
		for _, name := range measured {
			v, err := strconv.ParseFloat(record[column(name)], 64)
			if err != nil {
				return nil, err
			}
			key := workload + "\x00" + server + "\x00" + name
			values[key] = append(values[key], v)
		}
	}
	for _, c := range charts {
		for i := range c.servers {
			b := &c.servers[i]
			get := func(name string) float64 { return median(values[c.workload+"\x00"+b.server+"\x00"+name]) }
			b.perSecond, b.user, b.system = get(measured[0]), get(measured[1]), get(measured[2])
		}
		slices.SortStableFunc(c.servers, func(a, b bars) int {
			switch {
			case a.perSecond > b.perSecond:
				return -1
			case a.perSecond < b.perSecond:
				return 1
			}
			return 0
		})
	}
	return charts, nil
}

func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}
