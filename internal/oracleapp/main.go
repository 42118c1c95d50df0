// Command oracleapp is the reference application of the differential oracle, on
// cork's http1: the same routes and servers exist for Node, and the same raw
// bytes are sent to both.
//
//	go run ./internal/oracleapp 18200             # 127.0.0.1, ports 18200 to 18218
//	go run ./internal/oracleapp -carrier net 18200 0.0.0.0
//
// It starts one server per profile (profiles.go); profile number i listens on
// BASE_PORT + i. Handlers, counters and logs are shared. compare, below this
// folder, tells the differences that docs/node-differences.json lists from
// others.
//
// Exit codes: 0 stopped by a signal, 1 cannot listen, 2 wrong use.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/cork-go/cork/http1"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := optionsOf(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(stdout, usage)
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "oracleapp:", err)
		return 2
	}
	if err := serve(ctx, o, stdout); err != nil {
		fmt.Fprintln(stderr, "oracleapp:", err)
		return 1
	}
	return 0
}

// serve runs all profiles until ctx is done or one of them fails.
func serve(ctx context.Context, o options, stdout io.Writer) error {
	var listeners []net.Listener
	for i, p := range profiles {
		l, err := net.Listen("tcp", net.JoinHostPort(o.host, strconv.Itoa(o.port+i)))
		if err != nil {
			for _, l := range listeners {
				_ = l.Close()
			}
			return fmt.Errorf("profile %s: %w", p.name, err)
		}
		listeners = append(listeners, l)
	}
	a := newApp()
	failed := make(chan error, len(profiles))
	var servers []*http1.Server
	var names []string
	for i, p := range profiles {
		s := a.server(p, o.carrier)
		servers = append(servers, s)
		names = append(names, p.name+"="+strconv.Itoa(o.port+i))
		go func() { failed <- s.Serve(listeners[i]) }() // ends with Close
	}
	fmt.Fprintln(stdout, "profiles", strings.Join(names, " "))
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	for _, s := range servers {
		_ = s.Close()
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

type options struct {
	port    int
	host    string
	carrier http1.Carrier
}

const usage = "usage: oracleapp [-carrier loop|net] BASE_PORT [HOST]"

// optionsOf reads the command line. Flags may stand anywhere.
func optionsOf(args []string) (o options, err error) {
	flags := flag.NewFlagSet("oracleapp", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	carrier := flags.String("carrier", "", "what carries the connections: loop or net")
	var words []string
	for {
		if err := flags.Parse(args); err != nil {
			return o, fmt.Errorf("%w; %s", err, usage)
		}
		if args = flags.Args(); len(args) == 0 {
			break
		}
		words, args = append(words, args[0]), args[1:]
	}
	switch *carrier {
	case "":
	case "loop":
		o.carrier = http1.CarrierLoop
	case "net":
		o.carrier = http1.CarrierNet
	default:
		return o, fmt.Errorf("-carrier is %q; it must be loop or net; %s", *carrier, usage)
	}
	if len(words) == 0 || len(words) > 2 {
		return o, errors.New("a port, and perhaps a host, are needed; " + usage)
	}
	last := 65536 - len(profiles)
	if o.port, err = strconv.Atoi(words[0]); err != nil || o.port < 1 || o.port > last {
		return o, fmt.Errorf("BASE_PORT is %q; it must be a number from 1 to %d; %s", words[0], last, usage)
	}
	if o.host = "127.0.0.1"; len(words) == 2 {
		o.host = words[1]
	}
	return o, nil
}
