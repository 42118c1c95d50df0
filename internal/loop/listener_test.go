//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package loop

import (
	"math"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cork-go/cork/internal/netpoll/faulty"
)

// TestAcceptErrors: a listener outlives whatever its Accept returns, and takes
// the connections that come after.
func TestAcceptErrors(t *testing.T) {
	tests := []struct {
		name    string
		faults  []faulty.Fault
		refused int  // connections that are closed at once
		paused  bool // at least once
	}{
		{"EAGAIN", []faulty.Fault{{Call: "Accept", N: 1, Times: 3, Err: syscall.EAGAIN}}, 0, false},
		{"ECONNABORTED", []faulty.Fault{{Call: "Accept", N: 1, Times: 3, Err: syscall.ECONNABORTED}}, 0, false},
		{"EMFILE", []faulty.Fault{{Call: "Accept", N: 1, Err: syscall.EMFILE}}, 1, false},
		{"EMFILE for the reserve too", []faulty.Fault{{Call: "Accept", N: 1, Times: 2, Err: syscall.EMFILE}}, 0, true},
		{"ENFILE", []faulty.Fault{{Call: "Accept", N: 1, Err: syscall.ENFILE}}, 1, false},
		{"EMFILE, and the reserve is lost", []faulty.Fault{
			{Call: "Accept", N: 1, Err: syscall.EMFILE}, {Call: "OpenReserve", N: 2, Times: 2, Err: syscall.EMFILE},
			{Call: "Accept", N: 3, Times: 2, Err: syscall.EMFILE}}, 1, true},
		{"EMFILE without a reserve", []faulty.Fault{
			{Call: "OpenReserve", N: 1, Err: syscall.EMFILE}, {Call: "Accept", N: 1, Err: syscall.EMFILE}}, 0, true},
		{"ENOMEM", []faulty.Fault{{Call: "Accept", N: 1, Err: syscall.ENOMEM}}, 0, true},
		{"ENOBUFS twice", []faulty.Fault{{Call: "Accept", N: 1, Times: 2, Err: syscall.ENOBUFS}}, 0, true},
		{"EINVAL", []faulty.Fault{{Call: "Accept", N: 1, Err: syscall.EINVAL}}, 0, true},
		{"something else, always", []faulty.Fault{{Call: "Accept", N: 1, Times: acceptsMax, Err: syscall.EOPNOTSUPP}}, 0, true},
		{"watching fails after a pause", []faulty.Fault{
			{Call: "Accept", N: 1, Err: syscall.ENOMEM}, {Call: "PollAdd", N: 3, Times: 3, Err: syscall.ENOSPC}}, 0, true},
		{"no room for the connection", []faulty.Fault{{Call: "PollAdd", N: 3, Err: syscall.ENOSPC}}, 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := start(t, 2, "tcp", plain, tt.faults...)
			refused := 0
			for range 4 + tt.refused {
				c := e.dial()
				if _, err := c.Write([]byte("x")); err != nil {
					refused++
					continue
				}
				if _, err := c.Read(make([]byte, 1)); err != nil {
					refused++
				}
			}
			if refused != tt.refused {
				t.Errorf("%d connections were refused, want %d", refused, tt.refused)
			}
			if e.sys.Struck() == 0 {
				t.Error("no fault has struck")
			}
			pauses := 0
			for _, err := range e.failures() {
				if strings.Contains(err.Error(), "pause of") {
					pauses++
				}
			}
			if paused := pauses > 0; paused != tt.paused {
				t.Errorf("pauses: %d, want some: %v; %v", pauses, tt.paused, e.failures())
			}
			e.echo(e.dial(), pattern(1000))
		})
	}
}

// TestNobodyInLine: the kernel says that there is no descriptor also where there is
// no connection that would need it. That is nothing to tell of.
func TestNobodyInLine(t *testing.T) {
	e := start(t, 1, "tcp", plain, faulty.Fault{Call: "Accept", N: 2, Err: syscall.EMFILE})
	e.echo(e.dial(), pattern(10))
	if !eventually(func() bool { return e.sys.Calls("Accept") >= 3 }) {
		t.Fatal("Accept is not called again")
	}
	e.echo(e.dial(), pattern(10))
	if n := e.sys.Calls("Accept"); n > 5 || len(e.failures()) > 0 {
		t.Errorf("%d calls of Accept for two connections; %v", n, e.failures())
	}
}

// TestCloseWhilePaused: a pause ends with the listener.
func TestCloseWhilePaused(t *testing.T) {
	e := start(t, 2, "tcp", plain, faulty.Fault{Call: "Accept", N: 1, Err: syscall.ENOMEM})
	c := e.dial()
	if !eventually(func() bool { return e.sys.Struck() > 0 }) {
		t.Fatal("no fault has struck")
	}
	e.ln.Close()
	if _, err := c.Read(make([]byte, 1)); !isEnd(err) {
		t.Errorf("Read: %v, want the end of a connection that was in line", err)
	}
	time.Sleep(2 * acceptPause)
}

// TestCloseFromOnError: whoever is told of an error may close everything.
func TestCloseFromOnError(t *testing.T) {
	e := start(t, 2, "tcp", plain, faulty.Fault{Call: "Accept", N: 1, Err: syscall.ENOMEM})
	e.mu.Lock()
	e.then = e.g.Close
	e.mu.Unlock()
	if c, err := net.Dial(e.network, e.addr); err == nil { // or reset already
		defer c.Close()
	}
	if !eventually(func() bool { return e.g.running.Load() == 0 }) {
		t.Error("the loops do not end")
	}
}

func TestListenFails(t *testing.T) {
	e := start(t, 2, "tcp", plain)
	e.sys.Inject(faulty.Fault{Call: "PollAdd", N: e.sys.Calls("PollAdd") + 2, Err: syscall.ENOSPC})
	before := len(e.sys.Open())
	fd, err := e.sys.Dup(e.ln.fd)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.g.Listen(fd, e.onAccept); err != syscall.ENOSPC {
		t.Errorf("Listen: %v, want ENOSPC", err)
	}
	if after := len(e.sys.Open()); after != before {
		t.Errorf("%d descriptors are open, before there were %d", after, before)
	}
	e.echo(e.dial(), pattern(10)) // the other listener goes on
}

func TestNewGroupWithoutReserve(t *testing.T) {
	e := start(t, 2, "tcp", plain, faulty.Fault{Call: "OpenReserve", N: 1, Err: syscall.EMFILE})
	e.echo(e.dial(), pattern(10))
}

func TestPlace(t *testing.T) {
	e := startBare(t, 3)
	e.g.nextUp.Store(math.MaxUint32 - 1) // the counter wraps around, and is negative as an int of 32 bits
	counts := map[*Loop]int{}
	for range 6 {
		counts[e.g.place()]++
	}
	if len(counts) != 3 {
		t.Errorf("equal loops are chosen %v times", counts)
	}
	e.g.Loops()[0].count.Add(2)
	e.g.Loops()[2].count.Add(1)
	for range 3 {
		if l := e.g.place(); l != e.g.Loops()[1] {
			t.Error("not the loop with the fewest connections")
		}
	}
	e.g.Loops()[0].count.Add(-2)
	e.g.Loops()[2].count.Add(-1)
}

// TestAdopt: a connection that somebody else has accepted is like the others.
func TestAdopt(t *testing.T) {
	e := startBare(t, 2)
	e.sessions = plain
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	e.addr, e.network = l.Addr().String(), "tcp"
	c := e.dial()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := server.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Control(func(own uintptr) {
		fd, err := e.sys.Dup(int(own))
		if err != nil {
			t.Error(err)
		}
		e.g.Adopt(fd, netip.AddrPort{}, e.onAccept)
	})
	server.Close()
	if err != nil {
		t.Fatal(err)
	}
	e.echo(c, pattern(100000))
}

// TestTwoListeners: the listeners of a group are apart. Closing one, while
// connections come in for both, refuses what is new there, and leaves alone the
// other, the connections of either, and the loops: also if somebody else has the
// closed one's socket too (a program that is to take over), and keeps it in epoll.
func TestTwoListeners(t *testing.T) {
	e := start(t, 2, "tcp", plain)
	first, firstAddr := e.ln, e.addr
	kept, err := e.sys.Dup(first.fd)
	if err != nil {
		t.Fatal(err)
	}
	e.network = "tcp"
	e.listen() // the second is e.ln and e.addr now
	for _, addr := range []string{firstAddr, e.addr} {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		e.echo(c, pattern(1000))
		defer func() { e.echo(c, pattern(1000)) }()
	}
	first.Close()
	first.Close()
	in, err := net.Dial("tcp", firstAddr) // in the line of who has the socket still
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	time.Sleep(5 * time.Millisecond)
	polls := e.sys.Calls("Poll")
	time.Sleep(30 * time.Millisecond)
	if n := e.sys.Calls("Poll") - polls; n > 20 {
		t.Errorf("the loops spin: %d calls in 30 ms", n)
	}
	accepted, _, err := e.sys.Accept(kept)
	if err != nil {
		t.Errorf("Accept by who has the socket still: %v", err)
	} else {
		_ = e.sys.Close(accepted)
	}
	_ = e.sys.Close(kept)
	if c, err := net.Dial("tcp", firstAddr); err == nil {
		c.Close()
		t.Error("the closed listener takes connections")
	}
	e.echo(e.dial(), pattern(1000))
}
