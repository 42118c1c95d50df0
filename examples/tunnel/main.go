// Command tunnel shows the two ways out of HTTP: a proxy for CONNECT, and an
// endpoint that is upgraded to another protocol, on one port.
//
//	go run ./examples/tunnel -allow example.org:443
//	curl --proxy http://localhost:3128 https://example.org/
//	printf 'GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello' | nc localhost 3128
//
// CONNECT leads to the targets that -allow names, and without it to this machine
// alone; all else is refused with 403. What one side sends is handed to the
// other, a piece at a time, and so is that it has finished: either may go on
// sending when the other has nothing more to say. GET /echo with Upgrade: echo
// gets back what it sends; without that it is 426.
//
// It listens until Ctrl-C. Exit codes: 0 stopped by a signal, 1 cannot listen, 2
// wrong use.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/cork-go/cork/http1"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseOptions(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(stdout, usage)
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "tunnel: %v; %s\n", err, usage)
		return 2
	}
	l, err := net.Listen("tcp", o.addr)
	if err != nil {
		fmt.Fprintf(stderr, "tunnel: cannot listen on %s: %v\n", o.addr, err)
		return 1
	}
	fmt.Fprintln(stdout, "Listening on", l.Addr())
	if err := serve(ctx, l, newApp(o, log.New(stdout, "", 0))); err != nil {
		fmt.Fprintln(stderr, "tunnel:", err)
		return 1
	}
	return 0
}

// serve returns when ctx is done and all connections have ended, those that
// were handed over too: the server does not know about them any more.
func serve(ctx context.Context, l net.Listener, a *app) error {
	server := &http1.Server{
		OnRequest:     a.onRequest,
		ShouldUpgrade: a.shouldUpgrade,
		OnUpgrade:     a.onUpgrade,
		OnConnect:     a.onConnect,
	}
	drained := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(drained)
		patient, cancel := context.WithTimeout(context.Background(), a.options.grace)
		defer cancel()
		if server.Shutdown(patient) != nil {
			_ = server.Close()
		}
		a.tunnels.close(patient)
	})
	defer stop()
	err := server.Serve(l)
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("cannot go on: %w", err)
	}
	<-drained
	return nil
}

const usage = "usage: tunnel [-addr host:port] [-allow host:port]... [-idle duration] [-grace duration]"

// options are the program's flags.
type options struct {
	addr  string
	allow allowList
	idle  time.Duration // how long a tunnel may be silent in both directions
	grace time.Duration // for the tunnels that are open when the program is stopped
}

func parseOptions(args []string) (o options, err error) {
	flags := flag.NewFlagSet("tunnel", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.addr, "addr", "localhost:3128", "host and port to listen on")
	flags.Var(&o.allow, "allow", "target of CONNECT that is allowed; may be given several times")
	flags.DurationVar(&o.idle, "idle", 5*time.Minute, "time that a tunnel may be silent")
	flags.DurationVar(&o.grace, "grace", 5*time.Second, "time that tunnels get when the program is stopped")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is no flag", flags.Arg(0))
	}
	if o.idle <= 0 || o.grace <= 0 {
		return o, fmt.Errorf("-idle is %v and -grace %v, they must be more than nothing", o.idle, o.grace)
	}
	if _, _, err := net.SplitHostPort(o.addr); err != nil {
		return o, fmt.Errorf("-addr is %q, it must be host:port", o.addr)
	}
	return o, nil
}
