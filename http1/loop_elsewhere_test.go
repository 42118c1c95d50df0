//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package http1

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cork-go/cork/internal/httpparse"
	"github.com/cork-go/cork/internal/invariants"
)

// teach has the server know that requests of a kind block.
func (ls *loopServer) teach(method httpparse.Method, target string) {
	h := ls.loops.group.Loops()[0].Data.(*pools).habits
	h.blocked(kindOf(h, method, target))
}

// TestKnownBlockersStartElsewhere: the loop does not wait for them even once, and
// their answers are right, in a pipeline, behind bodies, and when they come in
// pieces.
func TestKnownBlockersStartElsewhere(t *testing.T) {
	gate := make(chan bool)
	ls := startLoops(t, &Server{Loops: 1, OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		if strings.HasPrefix(req.URL(), "/slow") {
			<-gate
		}
		body, err := io.ReadAll(req.Body())
		if err != nil {
			t.Error(err)
		}
		res.End(req.URL(), " ", req.Header("X"), " ", fmt.Sprint(len(body)))
	}})
	ls.teach(httpparse.MethodGet, "/slow")
	ls.teach(httpparse.MethodPost, "/slow")
	slow, fast := ls.dial(t), ls.dial(t)
	slowReader, fastReader := bufio.NewReader(slow), bufio.NewReader(fast)
	for i := range 50 {
		body := bodyOf(1 + i*3000)
		asked := fmt.Sprintf("GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /slow/%d HTTP/1.1\r\nHost: a\r\nX: get\r\n\r\n"+
			"POST /slow HTTP/1.1\r\nHost: a\r\nX: post\r\nContent-Length: %d\r\n\r\n%sGET /last HTTP/1.1\r\nHost: a\r\n\r\n", i, len(body), body)
		go io.WriteString(slow, asked)
		begin := time.Now()
		for range 5 {
			io.WriteString(fast, getA)
			if _, got := readAnswer(t, fastReader); got != "/  0" {
				t.Fatalf("%q", got)
			}
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("five fast requests took %v", took)
		}
		gate <- true
		gate <- true
		for _, want := range []string{"/first  0", fmt.Sprintf("/slow/%d get 0", i), fmt.Sprint("/slow post ", len(body)), "/last  0"} {
			if _, got := readAnswer(t, slowReader); got != want {
				t.Fatalf("%q, want %q", got, want)
			}
		}
	}
}

// TestElsewhereEndings: handlers that started elsewhere and end in any way.
func TestElsewhereEndings(t *testing.T) {
	for name, end := range map[string]func(res *ServerResponse){
		"panic":       func(*ServerResponse) { panic("as planned") },
		"Goexit":      func(*ServerResponse) { runtime.Goexit() },
		"late Goexit": func(*ServerResponse) { time.Sleep(5 * time.Millisecond); runtime.Goexit() },
		"destroy":     func(res *ServerResponse) { res.Destroy() },
		"locked": func(res *ServerResponse) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			time.Sleep(time.Millisecond)
			res.End("x")
		},
		"goroutine": func(res *ServerResponse) { go res.End("x") },
		"nested": func(res *ServerResponse) {
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() { time.Sleep(time.Millisecond) })
			}
			wg.Wait()
			res.End("x")
		},
	} {
		t.Run(name, func(t *testing.T) {
			ls := startLoops(t, &Server{Loops: 1, OnRequest: func(req *IncomingMessage, res *ServerResponse) {
				if req.URL() == "/end" {
					end(res)
				} else {
					res.End(req.URL())
				}
			}})
			ls.teach(httpparse.MethodGet, "/end")
			for range 20 {
				c, other := ls.dial(t), ls.dial(t)
				io.WriteString(c, "GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
				io.WriteString(other, getA)
				if _, body := readAnswer(t, bufio.NewReader(other)); body != "/" {
					t.Fatalf("%q", body)
				}
				_, _ = io.Copy(io.Discard, c) // to its end, whatever that is
				c.Close()
				other.Close()
			}
		})
	}
}

// TestClientLeavesElsewhere: a client goes away while its request is on its way to
// another goroutine, or with it.
func TestClientLeavesElsewhere(t *testing.T) {
	var served atomic.Int32
	ls := startLoops(t, &Server{Loops: 2, OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		closed := make(chan bool)
		res.OnClose(func() { close(closed) })
		<-closed
		served.Add(1)
	}})
	ls.teach(httpparse.MethodGet, "/")
	const n = 200
	for i := range n {
		c := ls.dial(t)
		io.WriteString(c, getA)
		if i%2 == 0 {
			time.Sleep(time.Millisecond)
		}
		if i%3 == 0 {
			c.SetLinger(0)
		}
		c.Close()
	}
	eventually(t, "the handlers' end", func() bool { return served.Load() >= n/2 }) // some were gone before they began
}

// TestMixLearns: one request in ten sleeps, at a path of its own each time. The
// loop is held up a few times and not each time.
func TestMixLearns(t *testing.T) {
	for _, procs := range []int{1, 2, 4} {
		t.Run(fmt.Sprint("procs ", procs), func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			var sleeps atomic.Int32
			ls := startLoops(t, &Server{Loops: procs, OnRequest: func(req *IncomingMessage, res *ServerResponse) {
				if strings.HasPrefix(req.URL(), "/sleep") {
					sleeps.Add(1)
					time.Sleep(20 * time.Millisecond)
				}
				res.End(req.URL())
			}})
			var wg sync.WaitGroup
			for i := range 20 {
				wg.Go(func() {
					c := ls.dial(t)
					r := bufio.NewReader(c)
					for n := range 100 {
						path := "/fast"
						if (n+i)%10 == 0 {
							path = fmt.Sprintf("/sleep%d-%d", i, n)
						}
						fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path)
						if _, body := readAnswer(t, r); body != path {
							t.Errorf("%s: %q", path, body)
						}
					}
				})
			}
			wg.Wait()
			h := ls.loops.group.Loops()[0].Data.(*pools).habits
			if !habit(h.fresh.Load()).blocks() {
				t.Error("200 sleepers, and unknown requests are not known to block")
			}
			// With several Ps a stand-by may mistake a leader that the system has
			// stopped for one that blocks.
			if fast := kindOf(h, httpparse.MethodGet, "/fast"); procs == 1 && !invariants.Enabled && h.blocks(fast) {
				t.Error("fast requests are taken to block")
			}
		})
	}
}

// TestTenThousandBlocked: so many handlers wait at once, for ever as far as the
// server knows, and others are served meanwhile.
func TestTenThousandBlocked(t *testing.T) {
	n := 10_000
	if testing.Short() || invariants.Enabled {
		n = 1000
	}
	n = min(n, (openFilesMax(2*n+300)-300)/2)
	gate := make(chan bool)
	var waiting atomic.Int32
	ls := startLoops(t, &Server{Loops: 2, OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		if req.URL() != "/wait" {
			res.End(req.URL())
			return
		}
		waiting.Add(1)
		<-gate
		res.End("waited")
	}})
	open := sync.OnceFunc(func() { close(gate) })
	defer open()
	var conns []net.Conn
	for range n {
		c := ls.dial(t)
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		io.WriteString(c, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
		conns = append(conns, c)
	}
	eventually(t, "all of them wait", func() bool { return int(waiting.Load()) == n })
	other := ls.dial(t)
	r := bufio.NewReader(other)
	for range 100 {
		io.WriteString(other, getA)
		if _, body := readAnswer(t, r); body != "/" {
			t.Fatalf("%q", body)
		}
	}
	open()
	for _, c := range conns {
		if _, body := readAnswer(t, bufio.NewReader(c)); body != "waited" {
			t.Fatalf("%q", body)
		}
	}
}

// openFilesMax is how many descriptors this process may have: want, if it can be
// had.
func openFilesMax(want int) int {
	limit := syscall.Rlimit{Cur: 1 << 16, Max: 1 << 16}
	if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) == nil { // root may
		return want
	}
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 256
	}
	return int(min(uint64(limit.Max), uint64(want))) // Go has raised Cur to it
}
