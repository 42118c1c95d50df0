package http1

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cork-go/cork/internal/netpoll"
)

// fuzzServer is a server on event loops whose handler does something else for
// each first letter of the path. It serves many inputs, one after the other.
type fuzzServer struct {
	*loopServer
	blocks atomic.Int32 // how often handlers may still block, for this input

	mu    sync.Mutex
	count map[Socket]int // requests, by connection
}

// fuzzBlocks bounds the time that an input takes.
const fuzzBlocks = 4

func (f *fuzzServer) reset() {
	f.blocks.Store(fuzzBlocks)
	f.mu.Lock()
	f.count = map[Socket]int{}
	f.mu.Unlock()
}

// block waits, a few times.
func (f *fuzzServer) block(d time.Duration) {
	if f.blocks.Add(-1) >= 0 {
		time.Sleep(d)
	}
}

// number counts the requests of a connection, whose handlers run one after the
// other.
func (f *fuzzServer) number(s Socket) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count[s]++
	return f.count[s]
}

// serve is the handler. Each answer says whose it is.
func (f *fuzzServer) serve(req *IncomingMessage, res *ServerResponse) {
	n := f.number(req.Socket())
	url := req.URL()
	res.SetHeader("X-Number", strconv.Itoa(n))
	res.SetHeader("X-Method", req.Method())
	own := fmt.Sprint("answer ", n)
	var what byte
	if len(url) > 1 {
		what = url[1]
	}
	switch what % 16 {
	case 0:
		res.End(own)
	case 1:
		data, _ := io.ReadAll(req.Body())
		res.EndBytes(data)
	case 2:
		var all []byte
		req.OnData(func(p []byte) { all = append(all, p...) })
		req.OnEnd(func() { res.EndBytes(all) })
	case 3:
		req.OnData(func(p []byte) {
			f.block(1500 * time.Microsecond)
			res.Write(p)
		})
		req.OnEnd(func() { res.End() })
		f.block(1500 * time.Microsecond)
	case 4:
		panic("as planned")
	case 5: // some of the body
		io.ReadFull(req.Body(), make([]byte, 2))
		res.SetHeader("Connection", "close")
		res.End(own)
	case 6:
		res.OnFinish(func() { f.block(time.Millisecond) })
		res.OnClose(func() {})
		res.WriteHead(204)
		res.End()
	case 7:
		go func() {
			f.block(100 * time.Microsecond)
			res.End(own)
		}()
	case 8:
		f.block(1500 * time.Microsecond)
		res.End(own)
	case 9: // more than a socket's buffer, in pieces, and at the end of time from elsewhere
		for range 3 {
			res.Write(big()[:100<<10])
		}
		go res.End()
	case 10: // read by another goroutine
		go func() {
			data, _ := io.ReadAll(req.Body())
			res.EndBytes(data)
		}()
	case 11:
		f.block(1500 * time.Microsecond)
		runtime.Goexit()
	case 12: // until the client has gone, or for a while
		closed := make(chan bool)
		res.OnClose(func() { close(closed) })
		select {
		case <-closed:
		case <-time.After(time.Millisecond):
			res.End(own)
		}
	case 13:
		res.WriteString("begun ")
		res.FlushHeaders()
		io.Copy(res, req.Body())
		res.End()
	case 14:
		res.Cork()
		res.WriteString(own[:3])
		res.WriteString(own[3:])
		res.End()
	case 15:
		res.EndBytes(big()[:250<<10])
	}
}

// newFuzzServer starts a server for the whole of a fuzz target.
func newFuzzServer(f *testing.F, s *Server) *fuzzServer {
	fs := &fuzzServer{}
	s.OnRequest = fs.serve
	s.OnUpgrade = func(_ *IncomingMessage, socket net.Conn, head []byte) {
		defer socket.Close()
		io.WriteString(socket, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
		socket.Write(head)
	}
	s.MaxHeaderBytes, s.WriteTimeout = 1024, 10*time.Second
	s.sys, s.Logger, s.Carrier = newBooks(), quietLogger, CarrierLoop
	dir, err := os.MkdirTemp("", "cork")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		f.Fatal(err)
	}
	if err := s.prepare(); err != nil {
		f.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	taken, err := s.onLoops(l)
	if err != nil {
		f.Fatal(err)
	}
	fs.loopServer = &loopServer{Server: s, sys: s.sys.(*books), network: "unix", addr: l.Addr().String(), served: make(chan error, 1)}
	go func() { fs.served <- s.Serve(taken) }()
	f.Cleanup(func() { s.Close() })
	return fs
}

// fuzzClient sends in in pieces and returns what came back, whole or not.
func (f *fuzzServer) fuzzClient(t testing.TB, in []byte, random *rand.Rand) []byte {
	c, err := net.Dial(f.network, f.addr)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	how := random.IntN(8)
	var out bytes.Buffer
	var wg sync.WaitGroup
	reads := how != 7 // the last one goes without having read
	if reads {
		late := how == 6
		wg.Go(func() {
			if late {
				time.Sleep(time.Millisecond)
			}
			if _, err := out.ReadFrom(c); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("the server does not close; in %q, out %.2000q", in, out.Bytes())
			}
		})
	}
	for rest := in; len(rest) > 0; {
		n := 1 + random.IntN(min(len(rest), 1<<random.IntN(13)))
		if _, err := c.Write(rest[:n]); err != nil {
			break
		}
		rest = rest[n:]
		switch random.IntN(12) {
		case 0:
			runtime.Gosched()
		case 1:
			time.Sleep(time.Duration(random.IntN(300)) * time.Microsecond)
		case 2:
			if how == 5 { // in the middle
				c.Close()
			}
		}
	}
	if how != 5 || random.IntN(2) == 0 {
		_ = c.(*net.UnixConn).CloseWrite()
	}
	if how == 5 {
		time.Sleep(time.Duration(random.IntN(500)) * time.Microsecond)
		c.Close()
	}
	wg.Wait()
	return out.Bytes()
}

// fuzzInputs reach all that serve does.
var fuzzInputs = []string{
	"GET /P HTTP/1.1\nHost: a\n\nGET /W HTTP/1.1\nHost: a\n\nGET /X HTTP/1.1\nHost: a\n\nGET /P HTTP/1.1\nHost: a\n\n",
	"POST /Q HTTP/1.1\nHost: a\nContent-Length: 5\n\nhelloGET /P HTTP/1.1\nHost: a\n\n",
	"POST /R HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n3\nabc\n2;x=\"y\"\nde\n0\nX-T: 1\n\nHEAD /P HTTP/1.1\nHost: b\n\n",
	"POST /S HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n3\nabc\n3\ndef\n3\nghi\n0\n\nGET /P HTTP/1.1\nHost: b\n\n",
	"GET /T HTTP/1.1\nHost: a\n\nGET /P HTTP/1.1\nHost: a\n\n", "POST /U HTTP/1.1\nHost: a\nContent-Length: 5\n\nhello",
	"GET /V HTTP/1.1\nHost: a\n\nGET /Y HTTP/1.1\nHost: a\n\nGET /_ HTTP/1.1\nHost: a\n\n",
	"POST /Z HTTP/1.1\nHost: a\nContent-Length: 11\n\nhello worldGET /P HTTP/1.1\nHost: a\n\n",
	"GET /[ HTTP/1.1\nHost: a\n\n", "GET /P HTTP/1.1\nHost: a\n\nGET /[ HTTP/1.1\nHost: a\n\nGET /P HTTP/1.1\nHost: a\n\n",
	"GET /\\ HTTP/1.1\nHost: a\n\nGET /P HTTP/1.1\nHost: a\n\n", "GET /l HTTP/1.1\nHost: a\n\nGET /P HTTP/1.1\nHost: a\n\n",
	"POST /m HTTP/1.1\nHost: a\nExpect: 100-continue\nContent-Length: 3\n\nabcGET /n HTTP/1.0\nConnection: keep-alive\n\nHEAD /_ HTTP/1.1\nHost: a\n\n",
	"GET /P HTTP/1.1\nHost: a\n\nGET / HTTP/1.1\nHost: a\nUpgrade: x\nConnection: upgrade\n\nhead", "CONNECT a:1 HTTP/1.1\nHost: a\n\n",
	"POST /R HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n3\nabc\nzz", "GET /g HTTP/1.1\nHost: a\n\nnonsense\n\n",
}

// FuzzLoopConn: whatever clients send to event loops, however it is cut up and
// when, and whatever handlers do with it: nothing panics or is left behind, and
// answers are well-formed and in order, as far as they go.
func FuzzLoopConn(f *testing.F) {
	if !netpoll.Supported {
		f.Skip("no event loops")
	}
	for _, in := range fuzzInputs {
		for seed := range uint64(4) {
			f.Add([]byte(lines(in)), seed)
		}
	}
	servers := []*fuzzServer{
		newFuzzServer(f, &Server{Loops: 1}),
		newFuzzServer(f, &Server{Loops: 2, AllowHalfOpen: true}),
	}
	for _, fs := range servers {
		fs.reset()
	}
	f.Fuzz(func(t *testing.T, in []byte, seed uint64) {
		if len(in) > 4096 || bytes.Count(in, []byte("/")) > 60 {
			return
		}
		random := rand.New(rand.NewPCG(seed, 2))
		fs := servers[random.IntN(len(servers))]
		fs.reset()
		fs.before = goroutines()
		outs := make([][]byte, 1+random.IntN(3))
		var wg sync.WaitGroup
		for i := range outs {
			own := rand.New(rand.NewPCG(seed, uint64(3+i)))
			wg.Go(func() { outs[i] = fs.fuzzClient(t, in, own) })
		}
		wg.Wait()
		for _, out := range outs {
			checkNumbered(t, in, out)
		}
		what := ""
		if !soon(func() bool { what = fs.leftOpen(); return what == "" }) {
			buf := make([]byte, 1<<14)
			t.Fatalf("in %q: left behind: %s\n%s", in, what, buf[:runtime.Stack(buf, true)])
		}
	})
}

// leftOpen is left for a server that goes on.
func (ls *loopServer) leftOpen() (what string) {
	what = lent(ls.Server)
	if n := ls.alive.Load(); n != 0 {
		what += fmt.Sprint(n, " connections ")
	}
	if n := ls.loops.group.Chunks(); n != 0 {
		what += fmt.Sprint(n, " chunks ")
	}
	if n := runtime.NumGoroutine(); n > ls.before {
		what += fmt.Sprint(n-ls.before, " goroutines ")
	}
	return what
}

// checkNumbered reads answers strictly: those of the handler are in order, and
// not somebody else's.
func checkNumbered(t testing.TB, in, out []byte) {
	t.Helper()
	r := newStrictReader(out)
	last := 0
	for !r.done() {
		rest := r.rest
		if prefix := "HTTP/1.1 "; !bytes.HasPrefix(rest, []byte(prefix)[:min(len(prefix), len(rest))]) {
			t.Fatalf("in %q: no answer at byte %d of %.3000q", in, len(out)-len(rest), out)
		}
		head, err := r.answer(true)
		if err != nil || head.status == 101 {
			return // cut off
		}
		if head.status < 200 {
			continue
		}
		number, method := head.get("X-Number"), head.get("X-Method")
		if len(number) == 0 && (head.status != 400 || len(head.get("Connection")) == 0) {
			return // the server's own, to who knows which method
		}
		r.rest = rest
		a, err := r.answer(len(method) == 1 && method[0] == "HEAD")
		if err != nil {
			return
		}
		if len(number) == 0 {
			continue
		}
		n, err := strconv.Atoi(number[0])
		if err != nil || n <= last {
			t.Fatalf("in %q: answer %q comes behind answer %d", in, number[0], last)
		}
		last = n
		if body := string(a.body); strings.HasPrefix(body, "answer ") && !a.close && body != fmt.Sprint("answer ", n) && !bytes.Contains(in, []byte("answer")) {
			t.Fatalf("in %q: answer %d is %q", in, n, body)
		}
	}
}
