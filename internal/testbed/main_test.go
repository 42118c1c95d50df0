package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"strings"
	"testing"
)

func TestWrongUse(t *testing.T) {
	for _, args := range [][]string{
		{"-nonsense"}, {"more"}, {"-addr"}, {"-addr", "x"}, {"-addr", ":x"}, {"-addr", ":65536"}, {"-addr", ":"},
		{"-addr", "127.0.0.1:-1"}, {"-carrier", "pigeon"}, {"-carrier", ""}, {"-addr", ":0", "-carrier"}, {"-handler", "x"}, {"-handler"},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(args, nil, &stdout, &stderr); code != 2 {
			t.Errorf("%q: exit code %d, want 2", args, code)
		}
		if text := stderr.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, usage) || stdout.Len() > 0 {
			t.Errorf("%q: printed %q, and %q", args, text, stdout.String())
		}
	}
}

func TestHelp(t *testing.T) {
	var stdout bytes.Buffer
	if code := run([]string{"-h"}, nil, &stdout, io.Discard); code != 0 || stdout.String() != usage+"\n" {
		t.Errorf("-h: exit code %d, %q", code, stdout.String())
	}
}

func TestUsedPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var stdout, stderr bytes.Buffer
	if code := run([]string{"-addr", l.Addr().String()}, nil, &stdout, &stderr); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if text := stderr.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, l.Addr().String()) || stdout.Len() > 0 {
		t.Errorf("printed %q, and %q", text, stdout.String())
	}
}

// The program from its first line to its last, with each carrier.
func TestRun(t *testing.T) {
	for _, of := range kinds(t) {
		signals := make(chan os.Signal, 1)
		stdout, line := io.Pipe()
		code := make(chan int)
		go func() {
			code <- run([]string{"-addr", "127.0.0.1:0", "-carrier", of.carrier.String(), "-handler", of.handler()}, signals, line, io.Discard)
		}()
		text := make([]byte, 100)
		n, _ := stdout.Read(text)
		addr, found := strings.CutPrefix(strings.TrimSpace(string(text[:n])), "listening on ")
		if !found {
			t.Fatalf("%s: printed %q", of, text[:n])
		}
		c := dial(t, addr)
		c.send("GET / HTTP/1.1\nHost: a\nConnection: close\n\n")
		if got := c.receive("GET"); got.text != hello {
			t.Errorf("%s: %q", of, got.text)
		}
		c.expectEnd()
		signals <- os.Interrupt
		if got := <-code; got != 0 {
			t.Errorf("%s: exit code %d, want 0", of, got)
		}
	}
}
