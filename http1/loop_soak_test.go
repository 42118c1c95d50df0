package http1

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cork-go/cork/internal/netpoll/faulty"
)

var soakTime = flag.Duration("soak", 20*time.Second, "how long TestSoak takes")

// soak is a server under everything at once.
type soak struct {
	*fuzzServer
	t        *testing.T
	stop     atomic.Bool
	done     [5]atomic.Int64 // by kind of client
	suffered atomic.Int64
	struck   atomic.Int64
}

// TestSoak mixes all kinds of requests, handlers, clients that go away or are
// slow, and system calls that fail, and looks whether anything is left when the
// clients have gone, and whether the server is well.
func TestSoak(t *testing.T) {
	needLoops(t)
	if testing.Short() {
		t.Skip("takes a while")
	}
	before := goroutines()
	s := newSoak(t)
	idle := goroutines()
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() { s.client(rand.New(rand.NewPCG(uint64(i), 1))) })
	}
	wg.Go(s.harm)
	time.Sleep(*soakTime)
	s.stop.Store(true)
	wg.Wait()
	s.sys.Heal()
	s.before = idle
	what := ""
	if !soon(func() bool { what = s.leftOpen(); return what == "" }) {
		buf := make([]byte, 1<<16)
		t.Errorf("left behind: %s\n%s", what, buf[:runtime.Stack(buf, true)])
	}
	if failed := s.session(t, "afterwards"); len(failed) > 0 {
		t.Errorf("afterwards: %q", failed)
	}
	s.before = before
	s.endSession(t, "afterwards")
	t.Logf("clients: %d in session, %d random, %d too slow, %d gone, %d pipelined; %d suffered from %d faults",
		s.done[0].Load(), s.done[1].Load(), s.done[2].Load(), s.done[3].Load(), s.done[4].Load(), s.suffered.Load(), s.struck.Load())
}

// newSoak starts a server on two loops and a Unix socket, whose handler is that of
// sessions, and that of the fuzz target for host f.
func newSoak(t *testing.T) *soak {
	sys := newBooks()
	server := sessionServer()
	server.Loops = 2
	server.ReadHeaderTimeout = 300 * time.Millisecond
	server.ReadTimeout = 2 * time.Second
	server.WriteTimeout = 2 * time.Second
	inSession := server.OnRequest
	s := &soak{t: t, fuzzServer: &fuzzServer{}}
	s.reset()
	s.blocks.Store(1 << 30)
	server.OnRequest = func(req *IncomingMessage, res *ServerResponse) {
		if req.Header("Host") == "f" {
			s.serve(req, res)
		} else {
			inSession(req, res)
		}
	}
	server.OnConnection = func(socket Socket) {
		s.mu.Lock()
		if len(s.count) > 1<<16 {
			clear(s.count) // they are closed
		}
		s.mu.Unlock()
	}
	ls, err := listenServer(t, "unix", server, sys)
	if err != nil {
		t.Fatal(err)
	}
	s.loopServer = ls
	return s
}

// client is one after the other until the test ends.
func (s *soak) client(random *rand.Rand) {
	for !s.stop.Load() {
		kind := random.IntN(len(s.done))
		if kind == 2 && random.IntN(50) > 0 { // these wait
			continue
		}
		var err error
		switch kind {
		case 0:
			err = s.step(sessionSteps[random.IntN(len(sessionSteps))])
		case 1:
			in := []byte(strings.ReplaceAll(lines(fuzzInputs[random.IntN(len(fuzzInputs))]), "Host: a", "Host: f"))
			if random.IntN(4) == 0 {
				in[random.IntN(len(in))] = byte(random.Uint32())
			}
			checkNumbered(s.t, in, s.fuzzClient(s.t, in, random))
		case 2:
			err = s.tooSlow(random)
		case 3:
			err = s.gone(random)
		case 4:
			err = s.pipelined(1 + random.IntN(200))
		}
		if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, errWrong) {
			s.t.Errorf("client of kind %d: %v", kind, err)
		}
		if err != nil {
			s.suffered.Add(1)
		}
		s.done[kind].Add(1)
	}
}

func (s *soak) connect() (*net.UnixConn, error) {
	c, err := net.Dial(s.network, s.addr)
	if err != nil {
		return nil, err
	}
	return c.(*net.UnixConn), c.SetDeadline(time.Now().Add(2 * sessionTime))
}

// tooSlow does not come to an end with a head or a body, or takes nothing of an
// answer, and is thrown out.
func (s *soak) tooSlow(random *rand.Rand) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	in := []string{"GET / HTTP/1.1\r\nHo", "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
		"GET /big HTTP/1.1\r\nHost: a\r\n\r\n"}[random.IntN(3)]
	if _, err := io.WriteString(c, in); err != nil {
		return err
	}
	if strings.Contains(in, "/big") {
		time.Sleep(2500 * time.Millisecond)
	}
	_, err = io.Copy(io.Discard, c)
	return err
}

// gone goes away in the middle of something.
func (s *soak) gone(random *rand.Rand) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	path := []string{"/big", "/pieces", "/later", "/block", "/1"}[random.IntN(5)]
	in := strings.Repeat(fmt.Sprintf("GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path), 1+random.IntN(3))
	if _, err = io.WriteString(c, in[:1+random.IntN(len(in))]); err != nil {
		return err
	}
	if random.IntN(2) == 0 {
		time.Sleep(time.Duration(random.IntN(3000)) * time.Microsecond)
		_, _ = c.Read(make([]byte, 1+random.IntN(100)))
	}
	return nil
}

// pipelined asks n times at once.
func (s *soak) pipelined(n int) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	var in bytes.Buffer
	for i := range n {
		fmt.Fprintf(&in, "GET /x%d HTTP/1.1\r\nHost: a\r\n\r\n", i)
	}
	go c.Write(in.Bytes()) // ends with the connection
	r := bufio.NewReader(c)
	for i := range n {
		if err := expectBody(r, fmt.Sprint("/x", i)); err != nil {
			return err
		}
	}
	return nil
}

// harm lets system calls fail now and then.
func (s *soak) harm() {
	kinds := slices.DeleteFunc(slices.Clone(faultKinds), func(k faultKind) bool { return k.call == "Dup" || k.call == "OpenReserve" })
	for !s.stop.Load() {
		kind := kinds[rand.IntN(len(kinds))]
		before := s.sys.Struck()
		s.sys.Inject(faulty.Fault{Call: kind.call, N: s.sys.Calls(kind.call) + 1 + rand.IntN(30), Times: kind.times, Err: kind.err, Max: kind.max})
		time.Sleep(5 * time.Millisecond)
		s.sys.Heal()
		s.struck.Add(int64(s.sys.Struck() - before))
	}
}
