// Command testbed is the server that black-box tests ask: small routes with
// known answers and hard limits.
//
//	go run ./internal/testbed -addr 127.0.0.1:8080 [-carrier loop|net] [-handler native|nethttp]
//
// When it is ready it prints one line, "listening on" and its address. SIGTERM
// and SIGINT stop it: it takes no new connections, answers what has been asked,
// and ends; a second signal ends it at once. Exit codes: 0 stopped by a signal
// and all answered, 1 cannot listen or not all answered, 2 wrong use.
//
// The routes are in routes.go, and as an http.Handler in nethttp.go; the server's limits in server.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/cork-go/cork/http1"
)

// drainTimeout is how long the program waits for answers after a signal. The
// slowest that a client can ask for, /slow and a body of 10 s, fit in easily.
const drainTimeout = 30 * time.Second

func main() {
	signals := make(chan os.Signal, 2) // the one that drains, and the one that ends
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	os.Exit(run(os.Args[1:], signals, os.Stdout, os.Stderr))
}

func run(args []string, signals <-chan os.Signal, stdout, stderr io.Writer) int {
	o, err := parseOptions(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(stdout, usage)
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "testbed: %v; %s\n", err, usage)
		return 2
	}
	b, err := listen(o)
	if err != nil {
		fmt.Fprintf(stderr, "testbed: cannot listen on %s: %v\n", o.addr, err)
		return 1
	}
	fmt.Fprintln(stdout, "listening on", b.addr)
	select {
	case err := <-b.served:
		fmt.Fprintln(stderr, "testbed: cannot go on:", err)
		return 1
	case <-signals:
	}
	if err := drain(b, signals); err != nil {
		fmt.Fprintln(stderr, "testbed:", err)
		return 1
	}
	return 0
}

// drain stops the server, and waits for its answers until it is told not to.
func drain(b *bed, signals <-chan os.Signal) error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	drained := make(chan error, 1)
	go func() { drained <- b.server.Shutdown(ctx) }() // ends with ctx at the latest
	select {
	case err := <-drained:
		if err != nil {
			_ = b.server.Close()
			return fmt.Errorf("not all was answered within %v: %w", drainTimeout, err)
		}
		return nil
	case <-signals:
		_ = b.server.Close()
		return errors.New("not all was answered before the second signal")
	}
}

const usage = "usage: testbed [-addr host:port] [-carrier loop|net] [-handler native|nethttp]"

// options are the program's flags.
type options struct {
	addr    string
	carrier http1.Carrier
	netHTTP bool // -handler nethttp: the routes are an http.Handler
}

func parseOptions(args []string) (o options, err error) {
	flags := flag.NewFlagSet("testbed", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.addr, "addr", "127.0.0.1:8080", "host and port to listen on")
	flags.Func("carrier", "what carries connections: loop or net", o.setCarrier)
	flags.Func("handler", "how the routes are written: native or nethttp", o.setHandler)
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is no flag", flags.Arg(0))
	}
	_, port, err := net.SplitHostPort(o.addr)
	if err != nil {
		return o, fmt.Errorf("-addr is %q, it must be host:port", o.addr)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return o, fmt.Errorf("-addr is %q, its port must be a number from 0 to 65535", o.addr)
	}
	return o, nil
}
