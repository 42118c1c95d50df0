//go:build linux

// Blocking prices the ways in which a server on event loops can run handlers that
// may block: sketches on cork's netpoll, without a parser and without faults, each
// a few lines that differ, under the load generator of bench/server.
//
//	go run . -procs 1          # tables of all ways, fasthttp and net/http beside them
//	go run . -only 'learned|fast' -workloads sleep -rounds 5
//	go run . -serve standby -addr :8080
//
// It needs Linux, gcc, taskset and two cores. What it has shown is in
// docs/adr/0009-what-has-blocked-starts-elsewhere.md.
package main
