//go:build linux

package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	rounds     = flag.Int("rounds", 3, "how often each way has its turn")
	seconds    = flag.Float64("seconds", 1, "how long a turn is measured")
	only       = flag.String("only", "", "regular expression: ways and servers to run")
	workload   = flag.String("workloads", "", "regular expression: workloads to run")
	procs      = flag.String("procs", "1,2,4", "GOMAXPROCS of the servers")
	serverCore = flag.String("server-core", "0", "core or cores of the servers")
	loadCore   = flag.String("load-core", "1", "core of the load generator")
	serveWay   = flag.String("serve", "", "serve in one way, and measure nothing")
	addr       = flag.String("addr", "127.0.0.1:8080", "where to serve")
)

func main() {
	flag.Parse()
	if *serveWay == "" {
		measure()
		return
	}
	i := slices.IndexFunc(ways, func(w way) bool { return w.name == *serveWay })
	if i < 0 {
		log.Fatalf("there is no way %q", *serveWay)
	}
	serve(ways[i], *addr)
}

// rival is a server to be measured.
type rival struct {
	name    string
	command []string
}

// load is one workload: hello, and one in ten of something else.
type load struct {
	name, title, slow string
	conns             int
}

var loads = []load{
	{"hello", "all fast, 64 connections", "", 64},
	{"sleep", "one in ten sleeps 50 ms, 128 connections", "/sleep", 128},
	{"fresh", "the same, each sleeper at a path of its own", "/sleep########", 128},
}

// sample is what the load generator prints.
type sample struct {
	Answers              float64
	Seconds, CPU         float64
	P50, P99             float64
	Status, Body, Closed int64
}

func measure() {
	dir, err := os.MkdirTemp("", "blocking-")
	check(err)
	defer os.RemoveAll(dir)
	rivals := build(dir)
	which, loadsWanted := regexp.MustCompile(*only), regexp.MustCompile(*workload)
	port := 18000 + os.Getpid()%10000
	for _, n := range strings.Split(*procs, ",") {
		for _, l := range loads {
			if !loadsWanted.MatchString(l.name) {
				continue
			}
			results := map[string][]sample{}
			for range *rounds {
				for _, r := range rivals {
					if which.MatchString(r.name) {
						port++
						results[r.name] = append(results[r.name], turn(dir, r, l, n, port))
					}
				}
			}
			print(rivals, l, n, results)
		}
	}
}

// build builds the load generator and the two servers of bench/server.
func build(dir string) (rivals []rival) {
	run := func(name string, args ...string) {
		if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			log.Fatalf("%s %s: %v: %s", name, args, err, out)
		}
	}
	run("gcc", "-O2", "-o", dir+"/load", "../server/load/load.c")
	self, err := os.Executable()
	check(err)
	for _, w := range ways {
		rivals = append(rivals, rival{w.name, []string{self, "-serve", w.name}})
	}
	for _, name := range []string{"fasthttp", "nethttp"} {
		run("go", "build", "-C", "../server", "-o", filepath.Join(dir, name), "./servers/"+name)
		rivals = append(rivals, rival{name, []string{filepath.Join(dir, name)}})
	}
	return rivals
}

// turn measures one server, in a process of its own.
func turn(dir string, r rival, l load, procs string, port int) (s sample) {
	address := fmt.Sprint("127.0.0.1:", port)
	server := exec.Command("taskset", append(append([]string{"-c", *serverCore}, r.command...), "-addr", address)...)
	server.Env = append(os.Environ(), "GOMAXPROCS="+procs)
	server.Stderr = os.Stderr
	check(server.Start())
	defer func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	}()
	for try := 0; ; try++ {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			break
		} else if try > 1000 {
			log.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		check(os.WriteFile(name, []byte(text), 0o644))
		return name
	}
	get := func(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n" }
	args := []string{"-c", *loadCore, dir + "/load", "-a", strconv.Itoa(port), "-r", file("request", get("/")), "-b", file("body", body),
		"-c", strconv.Itoa(l.conns), "-P", strconv.Itoa(server.Process.Pid), "-t", fmt.Sprint(*seconds), "-w", "0.3"}
	if l.slow != "" {
		args = append(args, "-S", file("slow", get(l.slow)), "-E", "10")
	}
	cmd := exec.Command("taskset", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	check(err)
	check(json.Unmarshal(out, &s))
	return s
}

// print writes a table of medians; ratios are to fasthttp's median.
func print(rivals []rival, l load, procs string, results map[string][]sample) {
	fmt.Printf("\n### GOMAXPROCS %s, %s\n\n| way | requests/s | CPU µs/request | × fasthttp | p50 µs | p99 µs |\n| --- | ---: | ---: | ---: | ---: | ---: |\n",
		procs, l.title)
	cpu := func(s sample) float64 { return s.CPU / s.Answers * 1e6 }
	for _, r := range rivals {
		samples := results[r.name]
		if len(samples) == 0 {
			continue
		}
		of := func(samples []sample, f func(sample) float64) float64 {
			var values []float64
			for _, s := range samples {
				values = append(values, f(s))
			}
			if len(values) == 0 {
				return 0
			}
			slices.Sort(values)
			return values[len(values)/2]
		}
		ratio := of(samples, cpu) / of(results["fasthttp"], cpu)
		fmt.Printf("| %s | %.0f | %.2f | %.2f | %.0f | %.0f |\n", r.name,
			of(samples, func(s sample) float64 { return s.Answers / s.Seconds }), of(samples, cpu), ratio,
			of(samples, func(s sample) float64 { return s.P50 }), of(samples, func(s sample) float64 { return s.P99 }))
	}
}
