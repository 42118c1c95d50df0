// Command upload takes files and streams them to disk.
//
//	go run ./examples/upload -dir /tmp/uploads
//	curl -T film.mp4 localhost:3000/files/film.mp4    # or open localhost:3000 in a browser
//
// A file is written beside its place under another name, flushed to the disk,
// and renamed: who looks sees the old file, or the new one whole. What cannot be
// finished leaves nothing behind, whether the client went away (ErrAborted), sent
// too much (413) or the disk is full (507). Only a crash of the machine or of
// this program leaves a .upload- file.
//
// Memory does not grow with files: the next piece of a body is read when the
// last one is on disk, and meanwhile the client is stopped by TCP.
//
// The interface:
//
//	PUT /files/NAME          stores the body; with ?id=ID it can be watched
//	GET /progress/ID         how far it is, as JSON
//	GET /                    a page with a form
//
// It listens until Ctrl-C. Exit codes: 0 stopped by a signal, 1 cannot listen or
// cannot use the folder, 2 wrong use.
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
		fmt.Fprintf(stderr, "upload: %v; %s\n", err, usage)
		return 2
	}
	s, err := openStore(o.dir)
	if err != nil {
		fmt.Fprintf(stderr, "upload: cannot use the folder: %v\n", err)
		return 1
	}
	defer s.Close()
	l, err := net.Listen("tcp", o.addr)
	if err != nil {
		fmt.Fprintf(stderr, "upload: cannot listen on %s: %v\n", o.addr, err)
		return 1
	}
	fmt.Fprintf(stdout, "Listening on http://%s, files go to %s\n", l.Addr(), o.dir)
	if err := serve(ctx, l, newApp(s, o, log.New(stdout, "", 0))); err != nil {
		fmt.Fprintln(stderr, "upload:", err)
		return 1
	}
	return 0
}

// serve returns when ctx is done and no upload is going on any more, so that
// each of them has either stored its file or removed it.
func serve(ctx context.Context, l net.Listener, a *app) error {
	server := &http1.Server{
		OnRequest:       a.onRequest,
		OnCheckContinue: a.onRequest,
		ReadTimeout:     a.options.timeout,
		Timeout:         a.options.quiet,
	}
	drained := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(drained)
		patient, cancel := context.WithTimeout(context.Background(), a.options.grace)
		defer cancel()
		if server.Shutdown(patient) != nil {
			_ = server.Close() // the uploads that go on are aborted
		}
	})
	defer stop()
	err := server.Serve(l)
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("cannot go on: %w", err)
	}
	<-drained
	a.uploads.Wait()
	return nil
}

const usage = "usage: upload [-addr host:port] [-dir folder] [-max bytes] [-timeout duration] [-quiet duration] [-grace duration]"

// options are the program's flags.
type options struct {
	addr    string
	dir     string
	max     int64         // bytes of a file
	timeout time.Duration // for a file
	quiet   time.Duration // with nothing of a file
	grace   time.Duration // for the files that are coming in when the program is stopped
}

func parseOptions(args []string) (o options, err error) {
	flags := flag.NewFlagSet("upload", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.addr, "addr", "localhost:3000", "host and port to listen on")
	flags.StringVar(&o.dir, "dir", "uploads", "folder for the files, made if it is not there")
	flags.Int64Var(&o.max, "max", 1<<30, "bytes that a file may have")
	flags.DurationVar(&o.timeout, "timeout", time.Hour, "time that a file may take")
	flags.DurationVar(&o.quiet, "quiet", time.Minute, "time without a byte of a file before it is given up")
	flags.DurationVar(&o.grace, "grace", 10*time.Second, "time that files may take when the program is stopped")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is no flag", flags.Arg(0))
	}
	if o.dir == "" {
		return o, errors.New("-dir must name a folder")
	}
	if o.max < 1 {
		return o, fmt.Errorf("-max is %d, it must be at least 1", o.max)
	}
	if o.timeout < time.Second {
		return o, fmt.Errorf("-timeout is %v, it must be at least 1s", o.timeout)
	}
	if o.quiet <= 0 || o.grace <= 0 {
		return o, fmt.Errorf("-quiet is %v and -grace %v, they must be more than nothing", o.quiet, o.grace)
	}
	if _, _, err := net.SplitHostPort(o.addr); err != nil {
		return o, fmt.Errorf("-addr is %q, it must be host:port", o.addr)
	}
	return o, nil
}
