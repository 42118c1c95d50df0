//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package faulty

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cork-go/cork/internal/netpoll"
)

// server is a small one: it reads all that a client sends, echoes it, and closes.
// It is what a fault must not confuse: it leaves nothing open, whatever happens,
// and answers right if it answers to the end.
type server struct {
	sys    *Sys
	poller *netpoll.Poller
	l, fd  int
	buf    [64]byte
	out    []byte
	hungUp bool // the end is behind what there is to read, and makes no event
	ended  bool
}

func listen(t *testing.T, sys *Sys) (l int, addr netip.AddrPort) {
	t.Helper()
	l, err := sys.ListenTCP(netip.MustParseAddrPort("127.0.0.1:0"), netpoll.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	addr, err = sys.LocalAddr(l)
	if err != nil {
		t.Fatal(err)
	}
	return l, addr
}

// run serves one connection and reports why it ended.
func (s *server) run() error {
	defer s.closeAll()
	if err := s.sys.PollAdd(s.poller.FD(), s.l, netpoll.ReadLevel); err != nil {
		return err
	}
	for {
		var events [4]netpoll.Event
		n, err := s.poller.Wait(events[:], 5*time.Second)
		if err != nil {
			return err
		}
		if n == 0 {
			return errors.New("timeout: an event was lost")
		}
		for _, e := range events[:n] {
			if done, err := s.onEvent(e); done || err != nil {
				return err
			}
		}
	}
}

func (s *server) onEvent(e netpoll.Event) (done bool, err error) {
	if int(e.FD) == s.l && s.fd == none {
		return false, s.accept()
	}
	if int(e.FD) == s.fd {
		s.hungUp = s.hungUp || e.Flags&netpoll.HangUp != 0
		return s.echo()
	}
	return false, nil
}

func (s *server) accept() error {
	fd, _, err := s.sys.Accept(s.l)
	if err == syscall.EAGAIN {
		return nil
	}
	if err != nil {
		return err
	}
	s.fd = fd
	return s.sys.PollAdd(s.poller.FD(), fd, netpoll.ReadWriteEdge)
}

func (s *server) echo() (done bool, err error) {
	for !s.ended {
		n, err := s.sys.Read(s.fd, s.buf[:])
		if err == syscall.EAGAIN {
			break
		}
		if err != nil {
			return false, err
		}
		s.ended = n == 0
		s.out = append(s.out, s.buf[:n]...)
		if n < len(s.buf) && !s.hungUp {
			break // that was all; the rest is another edge
		}
	}
	for len(s.out) > 0 {
		half := len(s.out) / 2
		n, err := s.sys.Writev(s.fd, [][]byte{s.out[:half], s.out[half:]})
		if err == syscall.EAGAIN {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		short := n < len(s.out)
		s.out = s.out[n:]
		if short {
			return false, nil // no more room; that makes an event
		}
	}
	return s.ended, nil
}

func (s *server) closeAll() {
	for _, fd := range []int{s.fd, s.l} {
		if fd != none {
			_ = s.sys.Close(fd)
		}
	}
}

// serve runs a server against a client that sends want, and returns what came
// back and why it ended.
func serve(t *testing.T, sys *Sys, want []byte) ([]byte, error) {
	t.Helper()
	poller, err := netpoll.NewPoller(sys)
	if err != nil {
		t.Fatal(err)
	}
	defer poller.Close()
	l, addr := listen(t, sys)
	var got bytes.Buffer
	var wg sync.WaitGroup
	c, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	wg.Go(func() {
		defer c.Close()
		_, _ = c.Write(want)
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = got.ReadFrom(c)
	})
	s := &server{sys: sys, poller: poller, l: l, fd: none}
	err = s.run()
	wg.Wait()
	return got.Bytes(), err
}

func checkBooks(t *testing.T, sys *Sys) {
	t.Helper()
	if open := sys.Open(); len(open) > 0 {
		t.Errorf("open: %v", open)
	}
	if misuse := sys.Misuse(); len(misuse) > 0 {
		t.Errorf("misuse: %v", misuse)
	}
}

var message = bytes.Repeat([]byte("0123456789"), 100)

func TestWithoutFaults(t *testing.T) {
	sys := New(netpoll.OS)
	if got, err := serve(t, sys, message); !bytes.Equal(got, message) || err != nil {
		t.Errorf("%d bytes came back, and %v; want %d", len(got), err, len(message))
	}
	checkBooks(t, sys)
	if sys.Struck() != 0 || sys.Calls("Accept") != 1 || sys.Calls("Close") != 2 || sys.Calls("") < 10 {
		t.Errorf("calls: %v", sys.calls)
	}
}

// What a kernel may do at any time makes no difference.
func TestHarmlessFaults(t *testing.T) {
	tests := []Fault{
		{Call: "Read", Err: syscall.EAGAIN},
		{Call: "Writev", Err: syscall.EAGAIN},
		{Call: "Accept", Err: syscall.EAGAIN},
		{Call: "Read", Max: 1},
		{Call: "Writev", Max: 1},
		{Call: "Read", Max: 3, Times: 50},
		{Call: "Writev", Max: 3, Times: 50},
		{Call: "Read", Max: 1, Times: -1},
		{Call: "Writev", Max: 2, Times: -1},
		{Call: "Poll", Max: 1},
		{Call: "Poll", Max: 1, Times: -1},
		{Call: "Close", Err: syscall.EINTR},
	}
	for _, f := range tests {
		for n := 1; n < 20; n++ {
			f.N = n
			sys := New(netpoll.OS)
			sys.Inject(f)
			if got, err := serve(t, sys, message); !bytes.Equal(got, message) || err != nil {
				t.Fatalf("%+v: %d bytes came back, and %v; want %d", f, len(got), err, len(message))
			}
			checkBooks(t, sys)
			if sys.Struck() == 0 {
				if n == 1 {
					t.Errorf("%+v: never struck", f)
				}
				break
			}
		}
	}
}

// An error at any call is what the server ends with, and nothing stays open.
func TestErrors(t *testing.T) {
	for _, call := range []string{"Poll", "PollAdd", "Accept", "Read", "Writev"} {
		for n := 1; ; n++ {
			sys := New(netpoll.OS)
			sys.Inject(Fault{Call: call, N: n, Err: syscall.ENOMEM})
			_, err := serve(t, sys, message)
			checkBooks(t, sys)
			if sys.Struck() == 0 {
				if n == 1 || err != nil {
					t.Errorf("%s %d: %v without a fault", call, n, err)
				}
				break
			}
			if err != syscall.ENOMEM {
				t.Errorf("%s %d: %v, want ENOMEM", call, n, err)
			}
		}
	}
}

func TestFaultOfAnyCall(t *testing.T) {
	sys := New(netpoll.OS)
	sys.Inject(Fault{N: 2, Times: 2, Err: syscall.EMFILE})
	for n, want := range []error{nil, syscall.EMFILE, syscall.EMFILE, nil} {
		fd, err := sys.OpenReserve()
		if err != want {
			t.Errorf("call %d: %v, want %v", n+1, err, want)
		}
		if err == nil {
			defer sys.Close(fd)
		}
	}
	if sys.Struck() != 2 {
		t.Errorf("Struck() = %d, want 2", sys.Struck())
	}
}

func TestCloseClosesAllTheSame(t *testing.T) {
	sys := New(netpoll.OS)
	sys.Inject(Fault{Call: "Close", N: 1, Err: syscall.EIO})
	fd, err := sys.OpenReserve()
	if err != nil {
		t.Fatal(err)
	}
	if err := sys.Close(fd); err != syscall.EIO {
		t.Errorf("Close: %v, want EIO", err)
	}
	checkBooks(t, sys)
	if err := netpoll.OS.Close(fd); err != syscall.EBADF {
		t.Errorf("the descriptor is open still (%v)", err)
	}
}

func TestBooks(t *testing.T) {
	sys := New(netpoll.OS)
	a, err := sys.OpenReserve()
	if err != nil {
		t.Fatal(err)
	}
	b, err := netpoll.OS.OpenReserve()
	if err != nil {
		t.Fatal(err)
	}
	sys.Track(b, "a test's")
	c, err := sys.Dup(b)
	if err != nil {
		t.Fatal(err)
	}
	defer netpoll.OS.Close(c)
	sys.Forget(c)
	want := []Descriptor{{a, "OpenReserve", 1}, {b, "a test's", 0}}
	if a > b {
		slices.Reverse(want)
	}
	if got := sys.Open(); !slices.Equal(got, want) {
		t.Errorf("Open() = %v, want %v", got, want)
	}
	for _, fd := range []int{a, b} {
		if err := sys.Close(fd); err != nil {
			t.Error(err)
		}
	}
	checkBooks(t, sys)
}

func TestMisuse(t *testing.T) {
	tests := []struct {
		name string
		f    func(sys *Sys, fd int)
	}{
		{"closed twice", func(sys *Sys, fd int) { _ = sys.Close(fd); _ = sys.Close(fd) }},
		{"read after close", func(sys *Sys, fd int) { _ = sys.Close(fd); _, _ = sys.Read(fd, make([]byte, 1)) }},
		{"watched after close", func(sys *Sys, fd int) { _ = sys.Close(fd); _ = sys.PollAdd(0, fd, netpoll.ReadEdge) }},
		{"a stranger's", func(sys *Sys, fd int) { _ = sys.Close(1); _ = sys.Close(fd) }},
		{"closed behind its back", func(sys *Sys, fd int) {
			_ = netpoll.OS.Close(fd)
			again, _ := sys.OpenReserve()
			_ = sys.Close(again)
		}},
	}
	for _, tt := range tests {
		sys := New(netpoll.OS)
		fd, err := sys.OpenReserve()
		if err != nil {
			t.Fatal(err)
		}
		tt.f(sys, fd)
		if got := sys.Misuse(); len(got) != 1 {
			t.Errorf("%s: Misuse() = %q, want one sentence", tt.name, got)
		}
	}
}

func TestInjectRefuses(t *testing.T) {
	for _, f := range []Fault{
		{Call: "Reed", N: 1, Err: syscall.EIO},
		{Call: "Read", Err: syscall.EIO},
		{Call: "Read", N: 1},
		{Call: "Read", N: 1, Err: syscall.EIO, Max: 1},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Inject(%+v) did not panic", f)
				}
			}()
			New(netpoll.OS).Inject(f)
		}()
	}
}
