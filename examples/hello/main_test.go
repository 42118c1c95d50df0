package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// freePort returns a port that was free a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

func TestHello(t *testing.T) {
	port := freePort(t)
	t.Setenv("PORT", port)
	ctx, cancel := context.WithCancel(t.Context())
	lines, stdout := io.Pipe()
	code := make(chan int)
	var stderr bytes.Buffer
	go func() { code <- run(ctx, nil, stdout, &stderr) }()

	line := make([]byte, 100)
	n, _ := lines.Read(line)
	if want := "Listening on port " + port + "\n"; string(line[:n]) != want {
		t.Errorf("printed %q, want %q", line[:n], want)
	}
	res, err := http.Get("http://localhost:" + port)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if res.StatusCode != 200 || string(body) != "Hello World" {
		t.Errorf("answer %d %q", res.StatusCode, body)
	}
	if c := run(t.Context(), []string{"-port", port}, io.Discard, &stderr); c != 1 {
		t.Errorf("a used port: exit code %d, want 1", c)
	}
	if got := stderr.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, port) {
		t.Errorf("a used port: %q", got)
	}
	cancel()
	select {
	case c := <-code:
		if c != 0 {
			t.Errorf("stopped: exit code %d, want 0", c)
		}
	case <-time.After(10 * time.Second):
		t.Error("does not stop")
	}
}

func TestWrongUse(t *testing.T) {
	for _, args := range [][]string{{"-port", "x"}, {"-port", "65536"}, {"-port", "-1"}, {"-nonsense"}, {"more"}, {"-port"}} {
		var stderr bytes.Buffer
		if c := run(t.Context(), args, io.Discard, &stderr); c != 2 {
			t.Errorf("%q: exit code %d, want 2", args, c)
		}
		if strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("%q: %q", args, stderr.String())
		}
	}
}
