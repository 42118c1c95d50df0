// Command hello answers every request with Hello World.
//
//	go run ./examples/hello
//	curl localhost:3000
//
// It listens on port 3000, or on the one in PORT or -port, until Ctrl-C. Exit
// codes: 0 stopped by a signal, 1 cannot listen, 2 wrong use.
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
	port, err := portOf(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(stdout, usage)
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "hello:", err)
		return 2
	}

	server := http1.CreateServer(func(req *http1.IncomingMessage, res *http1.ServerResponse) {
		res.End("Hello World")
	})
	drained := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		patience, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		drained <- server.Shutdown(patience)
	})
	defer stop()

	err = server.Listen(port, func() {
		if addr, ok := server.Address().(*net.TCPAddr); ok {
			port = addr.Port // of -port 0
		}
		fmt.Fprintf(stdout, "Listening on port %d\n", port)
	})
	if !errors.Is(err, http.ErrServerClosed) {
		fmt.Fprintf(stderr, "hello: cannot listen on port %d: %v\n", port, err)
		return 1
	}
	<-drained
	return 0
}

const usage = "usage: hello [-port number]"

// portOf reads the port from the flag, else from the environment.
func portOf(args []string) (int, error) {
	preset := os.Getenv("PORT")
	if preset == "" {
		preset = "3000"
	}
	flags := flag.NewFlagSet("hello", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	text := flags.String("port", preset, "port to listen on")
	if err := flags.Parse(args); err != nil {
		return 0, fmt.Errorf("%w; %s", err, usage)
	}
	port, err := strconv.ParseUint(*text, 10, 16)
	if err != nil || flags.NArg() > 0 {
		return 0, errors.New("port must be a number from 0 to 65535; " + usage)
	}
	return int(port), nil
}
