package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	startTimeout  = 10 * time.Second
	stopTimeout   = 5 * time.Second
	answerTimeout = 10 * time.Second
)

// process is a server that runs.
type process struct {
	name string
	port int
	cmd  *exec.Cmd
	log  bytes.Buffer
	done chan struct{} // closed when it has ended
}

// startServer starts a server on its core and waits until it accepts.
func (b *bench) startServer(ctx context.Context, s *server, w workload, idle bool) (*process, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	args, err := s.command(s, start{port: port, workload: w, idle: idle, carrier: b.carrier, dir: b.programs.dir})
	if err != nil {
		return nil, err
	}
	args = append(b.serverPrefix(), args...)
	p := &process{name: s.name, port: port, done: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, args[0], args[1:]...)
	p.cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(b.procs))
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = stopTimeout
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.cmd.Wait()
		close(p.done)
	}()
	if err := p.waitForPort(ctx); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// Ports of servers are below the range from which connections get theirs. Each
// run of this program begins elsewhere in it, and no port is given out twice.
const (
	portMin = 18000
	ports   = 12000
)

var portsGiven atomic.Uint32

// freePort returns a port that nobody has at the moment.
func freePort() (int, error) {
	for range ports {
		port := portMin + (os.Getpid()*64+int(portsGiven.Add(1)))%ports
		l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("no free port")
}

func (p *process) addr() string { return fmt.Sprintf("127.0.0.1:%d", p.port) }

func (p *process) waitForPort(ctx context.Context) error {
	for until := time.Now().Add(startTimeout); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("tcp4", p.addr())
		if err == nil {
			return c.Close()
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s has ended: %s", p.name, p.log.Bytes())
		case <-ctx.Done():
			return ctx.Err()
		default:
		}
	}
	return fmt.Errorf("%s does not listen", p.name)
}

// stop ends the server, politely at first, so that it ends its children.
func (p *process) stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(stopTimeout):
		p.cmd.Process.Kill()
		<-p.done
	}
}

// check asks as the load generator will, with a whole batch on one connection,
// and returns the bytes of the last answer.
func (p *process) check(w workload) ([]byte, error) {
	c, err := net.Dial("tcp4", p.addr())
	if err != nil {
		return nil, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(answerTimeout))
	go c.Write(bytes.Repeat(w.request(p.port), w.depth)) // an error shows when reading

	var raw bytes.Buffer
	r := bufio.NewReader(io.TeeReader(c, &raw))
	before := 0
	for i := range w.depth {
		before = raw.Len() - r.Buffered()
		if err := checkAnswer(r, w); err != nil {
			return nil, fmt.Errorf("%s, %s, answer %d: %w", p.name, w.name, i+1, err)
		}
	}
	if w.newConn {
		if rest, err := r.Peek(1); err != io.EOF {
			return nil, fmt.Errorf("%s, %s: not closed after the answer: %q %v", p.name, w.name, rest, err)
		}
	}
	return raw.Bytes()[before : raw.Len()-r.Buffered()], nil
}

func checkAnswer(r *bufio.Reader, w workload) error {
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", res.Status)
	}
	if !bytes.Equal(body, w.wants) {
		return fmt.Errorf("a body of %d bytes, %.40q, want %d, %.40q", len(body), body, len(w.wants), w.wants)
	}
	if res.Close != w.newConn {
		return fmt.Errorf("closes: %v, want %v", res.Close, w.newConn)
	}
	return nil
}

// pids returns the process and all that it has started.
func (p *process) pids() []int {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		parent, _ := strconv.Atoi(fields[1])
		children[parent] = append(children[parent], pid)
	}
	pids := []int{p.cmd.Process.Pid}
	for i := 0; i < len(pids); i++ {
		pids = append(pids, children[pids[i]]...)
	}
	return pids
}

// rss returns the bytes of memory that its processes have.
func (p *process) rss() (sum int64, err error) {
	for _, pid := range p.pids() {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return 0, err
		}
		_, after, _ := strings.Cut(string(status), "VmRSS:")
		fields := strings.Fields(after)
		if len(fields) == 0 {
			return 0, fmt.Errorf("process %d has no VmRSS", pid)
		}
		kib, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil {
			return 0, err
		}
		sum += kib << 10
	}
	return sum, nil
}
