package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestWrongUse(t *testing.T) {
	for _, args := range [][]string{
		{"-nonsense"}, {"more"}, {"-addr", "x"}, {"-allow", "example.org"}, {"-allow", "example.org:0"}, {"-allow", ":443"},
		{"-allow", "a b:443"}, {"-allow", "a:65536"}, {"-idle", "0s"}, {"-idle", "5"}, {"-grace", "-1s"},
	} {
		var stderr bytes.Buffer
		if code := run(t.Context(), args, io.Discard, &stderr); code != 2 {
			t.Errorf("%q: exit code %d, want 2", args, code)
		}
		if text := stderr.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, usage) {
			t.Errorf("%q: printed %q", args, text)
		}
	}
	var stdout bytes.Buffer
	if code := run(t.Context(), []string{"-h"}, &stdout, io.Discard); code != 0 || stdout.String() != usage+"\n" {
		t.Errorf("-h: exit code %d, %q", code, stdout.String())
	}
}

func TestUsedPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var stderr bytes.Buffer
	if code := run(t.Context(), []string{"-addr", l.Addr().String()}, io.Discard, &stderr); code != 1 || strings.Count(stderr.String(), "\n") != 1 {
		t.Errorf("exit code %d, %q; want 1 and a sentence", code, stderr.String())
	}
}

// The program from its first line to its last, which comes although a
// connection that has left HTTP goes on.
func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	lines, stdout := io.Pipe()
	code := make(chan int)
	go func() {
		code <- run(ctx, []string{"-addr", "127.0.0.1:0", "-grace", "300ms"}, stdout, io.Discard)
	}()
	text := make([]byte, 1000)
	n, _ := lines.Read(text)
	go func() { _, _ = io.Copy(io.Discard, lines) }() // ends with stdout
	defer stdout.Close()
	addr, found := strings.CutPrefix(strings.TrimSpace(string(text[:n])), "Listening on ")
	if !found {
		t.Fatalf("printed %q", text[:n])
	}
	c := dial(t, addr)
	c.send("GET /echo HTTP/1.1\nHost: a\nConnection: Upgrade\nUpgrade: echo\n\n")
	c.expectHead("HTTP/1.1 101 ")
	began := time.Now()
	cancel()
	if _, err := c.Write([]byte("still here")); err != nil {
		t.Error(err)
	}
	c.expect("still here")
	select {
	case got := <-code:
		if d := time.Since(began); got != 0 || d < 300*time.Millisecond {
			t.Errorf("stopped after %v: exit code %d; want 0 after the time of grace", d, got)
		}
	case <-time.After(20 * time.Second):
		t.Error("does not stop")
	}
}
