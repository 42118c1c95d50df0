package main

import (
	"bytes"
	"fmt"
	"strings"
)

// workload is one way to ask a server. To add one, write it into the table
// below and let the servers that can answer it have its route.
type workload struct {
	name  string
	title string
	route string // what a server must be able to do, see server.routes
	conns int
	depth int // requests that are sent at once

	// newConn has a new connection for each request; the server closes it, as it
	// is asked to.
	newConn bool

	method, path string
	sends, wants []byte // bodies

	// slowPath is asked for instead of path, one time in slowEvery. Its answers
	// count, their latencies do not. The load generator puts another number in the
	// place of freshMark each time.
	slowPath  string
	slowEvery int
}

// Routes of servers. routeClose is hello with Connection: close, which the bare
// loop in C does not understand.
const (
	routeHello = "hello"
	routeJSON  = "json"
	routeEcho  = "echo"
	routeClose = "close"
	routeSleep = "sleep"

	routeFresh   = "fresh"   // sleep, at any path that begins with /sleep
	routeCompute = "compute" // 20 ms of a processor's time
)

const freshMark = "########"

const (
	helloName     = "hello"
	hello512Name  = "hello-512"
	pipelinedName = "pipelined"
	newConnName   = "new-conn"
	sleepName     = "sleep" // waits for its sleepers and not for a core
	freshName     = "sleep-fresh"
	computeName   = "compute"
)

func workloads() []workload {
	hello := []byte("Hello, World!")
	get := workload{method: "GET", path: "/", route: routeHello, conns: 64, depth: 1, wants: hello}
	with := func(name, title string, change func(*workload)) workload {
		w := get
		w.name, w.title = name, title
		change(&w)
		return w
	}
	echo := func(size, conns int) func(*workload) {
		return func(w *workload) {
			body := letters(size)
			w.route, w.method, w.path, w.conns, w.sends, w.wants = routeEcho, "POST", "/echo", conns, body, body
		}
	}
	return []workload{
		with(helloName, "hello, 64 connections", func(*workload) {}),
		with(hello512Name, "hello, 512 connections", func(w *workload) { w.conns = 512 }),
		with(pipelinedName, "hello, 16 pipelined, 64 connections", func(w *workload) { w.depth = 16 }),
		with("json", "JSON, 64 connections", func(w *workload) {
			w.route, w.path, w.wants = routeJSON, "/json", []byte(`{"message":"Hello, World!"}`)
		}),
		with("echo-1k", "POST echo of 1 KiB, 64 connections", echo(1<<10, 64)),
		with("echo-1m", "POST echo of 1 MiB, 8 connections", echo(1<<20, 8)),
		with(newConnName, "a connection per request, 64 at a time", func(w *workload) {
			w.route, w.newConn = routeClose, true
		}),
		with(sleepName, "hello, one in ten sleeps 50 ms in its handler, 128 connections", func(w *workload) {
			w.route, w.conns, w.slowPath, w.slowEvery = routeSleep, 128, "/sleep", 10
		}),
		with(freshName, "the same, each sleeper at a path that was never seen before", func(w *workload) {
			w.route, w.conns, w.slowPath, w.slowEvery = routeFresh, 128, "/sleep"+freshMark, 10
		}),
		with(computeName, "hello, one in ten computes for 20 ms, 128 connections", func(w *workload) {
			w.route, w.conns, w.slowPath, w.slowEvery = routeCompute, 128, "/compute", 10
		}),
	}
}

// request is what goes over the wire.
func (w workload) request(port int) []byte { return w.requestFor(w.path, port) }

func (w workload) requestFor(path string, port int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n", w.method, path, port)
	if w.newConn {
		b.WriteString("Connection: close\r\n")
	}
	if w.sends != nil {
		fmt.Fprintf(&b, "Content-Type: application/octet-stream\r\nContent-Length: %d\r\n", len(w.sends))
	}
	b.WriteString("\r\n")
	b.Write(w.sends)
	return b.Bytes()
}

func letters(n int) []byte {
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
	return []byte(strings.Repeat(alphabet, n/len(alphabet)+1)[:n])
}
