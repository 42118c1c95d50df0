//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package loop

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cork-go/cork/internal/netpoll"
	"github.com/cork-go/cork/internal/netpoll/faulty"
)

// env is a group under test, with a listener whose connections are sessions.
type env struct {
	t        testing.TB
	sys      *faulty.Sys
	g        *Group
	ln       *Listener
	addr     string
	network  string
	before   int // goroutines
	sessions func() *session

	mu     sync.Mutex
	all    []*session
	errors []error
	then   func() // called by OnError
}

// start makes a group and a listener, on a Unix socket if network says so. When
// the test ends, all is closed and must be gone.
func start(t testing.TB, loops int, network string, sessions func() *session, faults ...faulty.Fault) *env {
	t.Helper()
	e := startBare(t, loops, faults...)
	e.sessions, e.network = sessions, network
	e.listen()
	return e
}

// startBare makes a group without a listener.
func startBare(t testing.TB, loops int, faults ...faulty.Fault) *env {
	t.Helper()
	e := &env{t: t, sys: faulty.New(netpoll.OS), before: runtime.NumGoroutine()}
	e.sys.Inject(faults...)
	g, err := NewGroup(Config{Loops: loops, Sys: e.sys, OnError: e.onError})
	if err != nil {
		t.Fatal(err)
	}
	e.g = g
	t.Cleanup(e.finish)
	return e
}

func (e *env) onError(err error) {
	e.mu.Lock()
	e.errors = append(e.errors, err)
	then := e.then
	e.mu.Unlock()
	if then != nil {
		then()
	}
}

// failures are what OnError has been told.
func (e *env) failures() []error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.errors)
}

func (e *env) listen() {
	e.t.Helper()
	fd, err := -1, error(nil)
	if e.network == "unix" {
		e.addr = filepath.Join(e.t.TempDir(), "s")
		fd, err = e.sys.ListenUnix(e.addr, netpoll.ListenOptions{})
	} else {
		fd, err = e.sys.ListenTCP(netip.MustParseAddrPort("127.0.0.1:0"), netpoll.ListenOptions{})
	}
	if err != nil {
		e.t.Fatal(err)
	}
	if e.network != "unix" {
		addr, err := e.sys.LocalAddr(fd)
		if err != nil {
			e.t.Fatal(err)
		}
		e.addr, e.network = addr.String(), "tcp"
	}
	if e.ln, err = e.g.Listen(fd, e.onAccept); err != nil {
		e.t.Fatal(err)
	}
}

func (e *env) onAccept(home *Loop, fd int, _ netip.AddrPort) {
	s := e.sessions()
	s.env = e
	s.mu.Lock()
	defer s.mu.Unlock()
	e.mu.Lock()
	e.all = append(e.all, s)
	e.mu.Unlock()
	_ = home.Add(&s.socket, fd, s)
}

// accepted returns the sessions there have been.
func (e *env) accepted() []*session {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.all)
}

// dial opens a connection that fails rather than hang.
func (e *env) dial() net.Conn {
	e.t.Helper()
	c, err := net.Dial(e.network, e.addr)
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

// echo sends p and expects it back.
func (e *env) echo(c net.Conn, p []byte) {
	e.t.Helper()
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(p)
		sent <- err
	}()
	got := make([]byte, len(p))
	if n, err := io.ReadFull(c, got); err != nil {
		e.t.Fatalf("%d of %d bytes came back: %v", n, len(p), err)
	}
	if err := <-sent; err != nil {
		e.t.Fatal(err)
	}
	if !slices.Equal(p, got) {
		e.t.Fatalf("%d bytes came back changed", len(p))
	}
}

// finish closes everything and looks what is left.
func (e *env) finish() {
	e.t.Helper()
	if e.ln != nil {
		e.ln.Close()
	}
	for _, s := range e.accepted() {
		s.mu.Lock()
		s.socket.Close()
		s.mu.Unlock()
	}
	e.g.Close()
	what := ""
	if !eventually(func() bool { what = e.left(); return what == "" }) {
		buf := make([]byte, 1<<16)
		e.t.Errorf("left behind: %s\n%s", what, buf[:runtime.Stack(buf, true)])
	}
	if misuse := e.sys.Misuse(); len(misuse) > 0 {
		e.t.Errorf("misuse: %v", misuse)
	}
}

func (e *env) left() (what string) {
	if open := e.sys.Open(); len(open) > 0 {
		what += fmt.Sprint("descriptors ", open)
	}
	if n := e.g.Connections(); n != 0 {
		what += fmt.Sprint(" connections ", n)
	}
	if n := e.g.Chunks(); n != 0 {
		what += fmt.Sprint(" chunks ", n)
	}
	if n := runtime.NumGoroutine(); n > e.before {
		what += fmt.Sprint(" goroutines ", n-e.before)
	}
	return what
}

// eventually waits for ok, ten seconds at most.
func eventually(ok func() bool) bool {
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(200 * time.Microsecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// pattern is n bytes that tell where they belong.
func pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return p
}

// session is a connection that sends back what it gets. What it does with each
// piece before that may block.
type session struct {
	pushing func() // called before a push
	env     *env

	// work is called between Enter and Leave, without mu. data is in the loop's
	// buffer.
	work func(s *session, data []byte)
	// expired is called by OnTimeout, with mu held.
	expired func(s *session, turn *Turn)

	mu       sync.Mutex
	socket   Socket
	turn     *Turn // set while the goroutine that leads drives the session
	running  bool
	readable bool
	hungUp   bool
	ended    bool   // the input
	looked   bool   // OnRead has read what OnReady tells of
	ahead    []byte // what it has read
	posted   bool
	lent     bool // work has bytes of the loop's buffer
	overs    int  // OnHandOver
	goexits  int
	pieces   int
}

// sessionReads is how often a session reads before others have their turn.
const sessionReads = 4

func (s *session) OnRead(_ *Turn, space []byte) (used int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running || s.ahead != nil || s.ended || s.socket.Pending() >= 1<<20 {
		return 0
	}
	n, err := s.socket.Read(space)
	s.looked, s.readable = true, false
	switch {
	case err == syscall.EAGAIN:
	case err != nil || n == 0:
		s.ended = true
	default:
		s.readable = n == len(space)
		s.ahead = space[:n:n]
	}
	return len(s.ahead)
}

func (s *session) OnReady(turn *Turn, readable, writable, hungUp bool) {
	s.mu.Lock()
	s.readable = s.readable || hungUp || readable && !s.looked
	s.hungUp = s.hungUp || hungUp
	s.looked = false
	if writable && s.socket.Pending() > 0 {
		if s.socket.Flush() != nil {
			s.socket.Close()
		}
	}
	if !s.running {
		s.drive(turn)
	}
	s.mu.Unlock()
}

// Run implements Task: drive goes on.
func (s *session) Run(turn *Turn) {
	s.mu.Lock()
	s.posted = false
	if !s.running {
		s.drive(turn)
	}
	s.mu.Unlock()
}

// OnPush sends what was kept.
func (s *session) OnPush(turn *Turn) {
	s.mu.Lock()
	if s.pushing != nil {
		s.pushing()
	}
	if s.socket.Push() != nil {
		s.socket.Close()
	}
	if !s.running {
		s.drive(turn)
	}
	s.mu.Unlock()
}

// drive echoes what there is. mu is held.
func (s *session) drive(turn *Turn) {
	s.running, s.turn = true, turn
	if p := s.ahead; p != nil {
		s.ahead = nil
		s.onData(p)
	}
	var own []byte
	for reads := 0; s.readable && !s.ended && s.socket.Pending() < 1<<20; reads++ {
		if reads == sessionReads {
			s.post()
			break
		}
		buf := own
		if s.turn != nil {
			buf = s.turn.Buffer()
		} else if buf == nil {
			own = make([]byte, 4096)
			buf = own
		}
		n, err := s.socket.Read(buf)
		if err == syscall.EAGAIN {
			s.readable = false
			break
		}
		if err != nil || n == 0 {
			s.ended = true
			break
		}
		s.readable = n == len(buf) || s.hungUp
		s.onData(buf[:n])
	}
	s.running, s.turn = false, nil
	if s.ended && s.socket.Pending() == 0 {
		s.socket.Close()
	}
}

func (s *session) onData(data []byte) {
	s.pieces++
	if s.work != nil {
		turn := s.turn
		if turn != nil {
			turn.Enter(s)
		}
		s.lent = true
		s.mu.Unlock()
		s.work(s, data)
		s.mu.Lock()
		if turn != nil && !turn.Leave() {
			s.turn = nil
		}
		s.lent = false
	}
	if s.turn != nil && s.turn.Keep(&s.socket, [][]byte{data}) {
		return
	}
	if err := s.socket.Write([][]byte{data}); err != nil {
		s.socket.Close()
	}
}

func (s *session) post() {
	if !s.posted {
		s.posted = true
		s.socket.Loop().Post(s)
	}
}

// block is for work that is about to block.
func (s *session) block() {
	s.mu.Lock()
	if s.turn != nil {
		s.turn.HandOver()
	}
	s.mu.Unlock()
}

func (s *session) OnHandOver() (keepsBuffer bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn = nil
	s.overs++
	if s.socket.Push() != nil {
		s.socket.Close()
	}
	return s.lent
}

func (s *session) OnTimeout(turn *Turn) {
	s.mu.Lock()
	s.socket.Expired()
	if s.expired != nil {
		s.expired(s, turn)
	}
	s.mu.Unlock()
}

func (s *session) OnGoexit() {
	s.mu.Lock()
	s.running, s.turn, s.lent = false, nil, false
	s.goexits++
	s.socket.Close()
	s.mu.Unlock()
}

// plain is a session that does nothing but echo.
func plain() *session { return new(session) }

// isEnd reports whether err says that the peer has closed.
func isEnd(err error) bool {
	return err == io.EOF || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
