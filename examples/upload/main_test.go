package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWrongUse(t *testing.T) {
	for _, args := range [][]string{
		{"-nonsense"}, {"more"}, {"-dir"}, {"-dir", ""}, {"-addr", "x"}, {"-max", "0"}, {"-max", "x"},
		{"-timeout", "1"}, {"-timeout", "1ms"}, {"-quiet", "-1s"}, {"-grace", "0s"},
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

func TestCannotStart(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"-dir", dir, "-addr", l.Addr().String()}, {"-dir", plain, "-addr", "127.0.0.1:0"}} {
		var stderr bytes.Buffer
		if code := run(t.Context(), args, io.Discard, &stderr); code != 1 || strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("%q: exit code %d, %q; want 1 and a sentence", args, code, stderr.String())
		}
	}
}

// The program from its first line to its last.
func TestRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	ctx, cancel := context.WithCancel(t.Context())
	lines, stdout := io.Pipe()
	code := make(chan int)
	go func() { code <- run(ctx, []string{"-addr", "127.0.0.1:0", "-dir", dir}, stdout, os.Stderr) }()
	text := make([]byte, 1000)
	n, _ := lines.Read(text)
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	_, rest, _ := strings.Cut(string(text[:n]), "Listening on ")
	url, _, _ := strings.Cut(rest, ",")

	req, err := http.NewRequest("PUT", url+"/files/a.txt", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if got, err := os.ReadFile(filepath.Join(dir, "a.txt")); res.StatusCode != 201 || string(got) != "hello" {
		t.Errorf("status %d, file %q, %v", res.StatusCode, got, err)
	}
	cancel()
	select {
	case c := <-code:
		if c != 0 {
			t.Errorf("stopped: exit code %d, want 0", c)
		}
	case <-time.After(20 * time.Second):
		t.Error("does not stop")
	}
	stdout.Close()
}
