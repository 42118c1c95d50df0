//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program is the built program, running.
type program struct {
	*exec.Cmd
	addr   string
	stderr bytes.Buffer  // read when it has ended
	ended  chan struct{} // closed when it has
}

// code returns the exit code, or what else ended the program.
func (p *program) code(t *testing.T, within time.Duration) string {
	t.Helper()
	select {
	case <-p.ended:
		return p.ProcessState.String()
	case <-time.After(within):
		t.Fatalf("the program still runs after %v", within)
		return ""
	}
}

func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "testbed")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, ".").CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("no go command here")
	}
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

func launch(t *testing.T, path string, of kind) *program {
	t.Helper()
	p := &program{Cmd: exec.Command(path, "-addr", "127.0.0.1:0", "-carrier", of.carrier.String(), "-handler", of.handler()), ended: make(chan struct{})}
	p.Stderr = &p.stderr
	stdout, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	go func() {
		_ = p.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() { _ = p.Process.Kill(); <-p.ended })
	addr, found := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !found {
		t.Fatalf("printed %q, %v", line, err)
	}
	p.addr = addr
	return p
}

// A signal lets what has been asked be answered, and a second one does not.
func TestSignals(t *testing.T) {
	t.Parallel()
	path := build(t)
	for _, of := range kinds(t) {
		t.Run(of.String(), func(t *testing.T) { testSignals(t, path, of) })
	}
}

func testSignals(t *testing.T, path string, of kind) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run("idle, "+signal.String(), func(t *testing.T) {
			p := launch(t, path, of)
			_ = p.Process.Signal(signal)
			if got := p.code(t, 10*time.Second); got != "exit status 0" {
				t.Errorf("%s, want exit status 0", got)
			}
		})
		t.Run("drain, "+signal.String(), func(t *testing.T) {
			p := launch(t, path, of)
			idle, c := dial(t, p.addr), dial(t, p.addr)
			idle.send("GET / HTTP/1.1\nHost: a\n\n")
			idle.receive("GET")
			c.send("GET /slow?ms=1500 HTTP/1.1\nHost: a\n\n")
			time.Sleep(300 * time.Millisecond) // until it is being served
			_ = p.Process.Signal(signal)
			idle.expectEnd()
			if got := c.receive("GET"); got.text != "waited 1500 ms\n" {
				t.Errorf("the answer in flight: %d %q", got.StatusCode, got.text)
			}
			c.expectEnd()
			if got := p.code(t, 10*time.Second); got != "exit status 0" {
				t.Errorf("%s, want exit status 0", got)
			}
		})
		t.Run("twice, "+signal.String(), func(t *testing.T) {
			p := launch(t, path, of)
			c := dial(t, p.addr)
			c.send("GET /slow?ms=10000 HTTP/1.1\nHost: a\n\n")
			time.Sleep(300 * time.Millisecond)
			_ = p.Process.Signal(signal)
			time.Sleep(300 * time.Millisecond)
			select {
			case <-p.ended:
				t.Fatal("the first signal did not wait for the answer")
			default:
			}
			_ = p.Process.Signal(signal)
			if got := p.code(t, 3*time.Second); got != "exit status 1" {
				t.Errorf("%s, want exit status 1", got)
			}
			if text := p.stderr.String(); strings.Count(text, "\n") != 1 {
				t.Errorf("printed %q, want a sentence", text)
			}
		})
	}
}
