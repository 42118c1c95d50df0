// Server compares whole HTTP servers on one Linux machine: cork, other servers
// of Go, nginx, h2o and Node, and as the limit a loop in C that parses nothing.
//
//	./run.sh              # all servers that are there, all workloads
//	./run.sh -check       # and exit 1 if a bar of check.go is missed
//	./run.sh -idle 10000  # and what idle connections cost
//	go test ./...         # each server answers each workload rightly
//
// Tables go to standard output as Markdown, the progress to standard error.
//
// The rules that keep it honest:
//
//   - Server and load generator have a core each. The generator (load/load.c) costs less
//     than the cheapest server and never sleeps, so no server pays for waking it.
//   - In each round each server has its turn on each workload, as a new process,
//     in another order each round. Ratios are made within a round; what is printed
//     are medians over the rounds.
//   - Before a measurement the answer is checked, and while it lasts each
//     answer is compared with it, byte for byte.
//   - CPU per request is that of all processes of the server, the kernel's work for
//     it included, by the clock of the processes and not by samples.
//   - Who uses less than 90 % of the server's core was not at its limit, and who
//     shared it with strangers was disturbed. Both is printed; the second
//     is measured again.
//   - Servers are what a user gets who writes the few lines in servers/: default options, plain
//     handlers, the same fields in the answer as far as the server leaves the
//     choice. What is different is said in README.md.
package main
