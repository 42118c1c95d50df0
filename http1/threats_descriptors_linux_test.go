package http1

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// childEnv has this program be the server of TestOutOfDescriptors: how it listens,
// and its carrier.
const childEnv = "CORK_TEST_OUT_OF_DESCRIPTORS"

// descriptorsMax is what the child may have open.
const descriptorsMax = 64

// TestOutOfDescriptorsChild is the server, in a process of its own; else nothing.
func TestOutOfDescriptorsChild(t *testing.T) {
	how, carrier, child := strings.Cut(os.Getenv(childEnv), " ")
	if !child {
		t.Skip("for TestOutOfDescriptors")
	}
	limit := syscall.Rlimit{Cur: descriptorsMax, Max: descriptorsMax}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	s := &Server{Addr: "127.0.0.1:0", OnRequest: hello, MaxConnections: -1, IdleTimeout: time.Minute}
	if carrier == "net" {
		s.Carrier = CarrierNet
	}
	s.OnListening = func() { fmt.Println("listening at", s.Address()) }
	go func() {
		if how == "listen" {
			t.Error(s.ListenAndServe())
			return
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Error(err)
			return
		}
		t.Error(s.Serve(l))
	}()
	io.Copy(io.Discard, os.Stdin) // until the parent has had enough
	if t.Failed() {
		os.Exit(1)
	}
	os.Exit(0)
}

// child is a server in a process of its own.
type child struct {
	addr string
	pid  int

	mu  sync.Mutex
	log bytes.Buffer
}

// Write implements io.Writer: the child's log.
func (c *child) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.log.Write(p)
}

func (c *child) logged() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.log.String()
}

// startChild starts the server; it ends with the test, and well.
func startChild(t *testing.T, how string) *child {
	t.Helper()
	c := new(child)
	cmd := exec.Command(os.Args[0], "-test.run=^TestOutOfDescriptorsChild$")
	cmd.Env = append(os.Environ(), childEnv+"="+how)
	cmd.Stderr = c
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.pid = cmd.Process.Pid
	out := bufio.NewReader(stdout)
	drained := make(chan bool)
	t.Cleanup(func() {
		stdin.Close()
		<-drained
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server: %v, %s", err, c.logged())
		}
	})
	for {
		line, err := out.ReadString('\n')
		if err != nil {
			close(drained)
			t.Fatalf("the server does not listen: %q, %v", line, err)
		}
		if _, after, ok := strings.Cut(line, "listening at "); ok {
			c.addr = strings.TrimSpace(after)
			break
		}
	}
	go func() {
		io.Copy(io.Discard, out)
		close(drained)
	}()
	return c
}

// used returns the processor time of the process, in steps of 10 ms.
func (c *child) used(t *testing.T) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.pid))
	if err != nil {
		t.Fatalf("the server is gone: %v", err)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	var user, system int
	fmt.Sscan(fields[11], &user)
	fmt.Sscan(fields[12], &system)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// connect returns a connection.
func (c *child) connect(t *testing.T) *net.TCPConn {
	t.Helper()
	socket, err := net.DialTimeout("tcp", c.addr, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return socket.(*net.TCPConn)
}

// askOnce sends a request and waits for its answer.
func askOnce(c net.Conn, patience time.Duration) error {
	c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, getA); err != nil {
		return err
	}
	var out []byte
	for p := make([]byte, 1000); !bytes.HasSuffix(out, []byte("Hello World")); {
		n, err := c.Read(p)
		if out = append(out, p[:n]...); err != nil {
			return err
		}
	}
	return nil
}

// TestOutOfDescriptors: a server without descriptors goes on serving the connections
// that it has, does not burn its processor, says what is wrong, and takes connections
// again when there are descriptors. The event loops close connections for which there
// is none, by the descriptor that they keep in reserve; with Accept they wait.
func TestOutOfDescriptors(t *testing.T) {
	carrier := "loop"
	if testCarrier == CarrierNet {
		carrier = "net"
	}
	together(t, 2, []string{"listen " + carrier, "serve " + carrier}, self, func(t *testing.T, how string) {
		server := startChild(t, how)
		for round := range 2 {
			first := server.connect(t)
			if err := askOnce(first, 10*time.Second); err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			var rest []net.Conn
			for range 2 * descriptorsMax {
				rest = append(rest, server.connect(t))
			}
			time.Sleep(100 * time.Millisecond)
			if err := askOnce(first, 10*time.Second); err != nil {
				t.Errorf("round %d: a connection that was there is not served: %v", round, err)
			}
			const watched = 300 * time.Millisecond
			begun := server.used(t)
			time.Sleep(watched)
			if used := server.used(t) - begun; used > watched/2 {
				t.Errorf("round %d: %v of processor time in %v", round, used, watched)
			}
			if how == "listen loop" {
				checkRefused(t, rest)
			}
			if log := server.logged(); !strings.Contains(log, "too many open files") {
				t.Errorf("round %d: the log does not say it: %.500q", round, log)
			}
			first.Close()
			for _, c := range rest {
				c.Close()
			}
			if !soon(func() bool {
				c := server.connect(t)
				defer c.Close()
				return askOnce(c, 5*time.Second) == nil
			}) {
				t.Fatalf("round %d: there are descriptors again, and no connection is served", round)
			}
		}
		if lines := strings.Count(server.logged(), "\n"); lines > 6*descriptorsMax {
			t.Errorf("the log has %d lines: %.3000s", lines, server.logged())
		}
	})
}

// checkRefused checks that of more connections than there are descriptors each is
// served or closed.
func checkRefused(t *testing.T, all []net.Conn) {
	t.Helper()
	refused := 0
	for i, c := range all {
		switch err := askOnce(c, 10*time.Second); {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			t.Errorf("connection %d is neither served nor closed", i)
		default:
			refused++
		}
	}
	if least := len(all) - descriptorsMax; refused < least || refused == len(all) {
		t.Errorf("%d of %d connections are refused, want at least %d, and not all", refused, len(all), least)
	}
}
