//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package netpoll

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func closeLater(t testing.TB, fd int) {
	t.Cleanup(func() { _ = OS.Close(fd) })
}

func listenTCP(t testing.TB, addr string, opts ListenOptions) (fd int, bound netip.AddrPort) {
	t.Helper()
	fd, err := OS.ListenTCP(netip.MustParseAddrPort(addr), opts)
	if err != nil {
		if strings.HasPrefix(addr, "[") {
			t.Skipf("no IPv6 here: %v", err)
		}
		t.Fatalf("ListenTCP(%s): %v", addr, err)
	}
	closeLater(t, fd)
	bound, err = OS.LocalAddr(fd)
	if err != nil || bound.Port() == 0 {
		t.Fatalf("LocalAddr of a listener = %v, %v", bound, err)
	}
	return fd, bound
}

// accepted waits for a connection.
func accepted(t testing.TB, listener int) (fd int, peer netip.AddrPort) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
		fd, peer, err := OS.Accept(listener)
		if err == unix.EAGAIN {
			time.Sleep(time.Millisecond)
			continue
		}
		if err != nil {
			t.Fatalf("Accept: %v", err)
		}
		closeLater(t, fd)
		return fd, peer
	}
	t.Fatal("no connection came in")
	return
}

// tcpPair is a connection whose one end is ours.
func tcpPair(t testing.TB) (ours int, theirs *net.TCPConn) {
	t.Helper()
	l, addr := listenTCP(t, "127.0.0.1:0", ListenOptions{})
	c, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	fd, _ := accepted(t, l)
	return fd, c.(*net.TCPConn)
}

// readSoon reads what is on its way already.
func readSoon(t testing.TB, fd int, p []byte) (int, error) {
	t.Helper()
	for range 5000 {
		if n, err := OS.Read(fd, p); err != unix.EAGAIN {
			return n, err
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("nothing came")
	return 0, nil
}

func TestTCPAddresses(t *testing.T) {
	tests := []struct{ listen, dial, network string }{
		{"127.0.0.1:0", "127.0.0.1", "tcp4"},
		{"0.0.0.0:0", "127.0.0.1", "tcp4"},
		{"[::ffff:127.0.0.1]:0", "127.0.0.1", "tcp4"},
		{"[::1]:0", "::1", "tcp6"},
		{"[::]:0", "::1", "tcp6"},
		{"[::]:0", "127.0.0.1", "tcp4"}, // both
	}
	for _, tt := range tests {
		t.Run(tt.listen+" from "+tt.dial, func(t *testing.T) {
			l, addr := listenTCP(t, tt.listen, ListenOptions{})
			c, err := net.Dial(tt.network, netip.AddrPortFrom(netip.MustParseAddr(tt.dial), addr.Port()).String())
			if err != nil {
				if tt.network == "tcp6" || runtime.GOOS == "openbsd" {
					t.Skip(err)
				}
				t.Fatal(err)
			}
			defer c.Close()
			fd, peer := accepted(t, l)
			unmapped := func(a net.Addr) netip.AddrPort {
				ap := a.(*net.TCPAddr).AddrPort()
				return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
			}
			if want := unmapped(c.LocalAddr()); peer != want {
				t.Errorf("Accept says the peer is %v, want %v", peer, want)
			}
			if got, err := OS.PeerAddr(fd); got != peer || err != nil {
				t.Errorf("PeerAddr = %v, %v, want %v", got, err, peer)
			}
			if got, err := OS.LocalAddr(fd); got != unmapped(c.RemoteAddr()) || err != nil {
				t.Errorf("LocalAddr = %v, %v, want %v", got, err, c.RemoteAddr())
			}
		})
	}
}

func TestListenRefuses(t *testing.T) {
	_, taken := listenTCP(t, "127.0.0.1:0", ListenOptions{})
	tests := []struct {
		name string
		addr netip.AddrPort
		want error
	}{
		{"no address", netip.AddrPort{}, unix.EINVAL},
		{"taken", taken, unix.EADDRINUSE},
		{"not ours", netip.MustParseAddrPort("192.0.2.1:0"), unix.EADDRNOTAVAIL},
		{"no such interface", netip.MustParseAddrPort("[fe80::1%nosuchif0]:0"), unix.ENODEV},
	}
	for _, tt := range tests {
		before := lowestFree(t)
		if fd, err := OS.ListenTCP(tt.addr, ListenOptions{}); err != tt.want || fd != -1 {
			t.Errorf("%s: ListenTCP = %d, %v, want -1, %v", tt.name, fd, err, tt.want)
		}
		if after := lowestFree(t); after != before {
			t.Errorf("%s: a failed ListenTCP leaves a descriptor behind", tt.name)
		}
	}
}

// lowestFree is the number that the next descriptor gets.
func lowestFree(t *testing.T) int {
	t.Helper()
	fd, err := OS.OpenReserve()
	if err != nil {
		t.Fatal(err)
	}
	if err := OS.Close(fd); err != nil {
		t.Fatal(err)
	}
	return fd
}

func TestIPv6Only(t *testing.T) {
	_, addr := listenTCP(t, "[::]:0", ListenOptions{IPv6Only: true})
	// The same port for IPv4 is free, or else the listener has it too.
	fd, err := OS.ListenTCP(netip.AddrPortFrom(netip.IPv4Unspecified(), addr.Port()), ListenOptions{})
	if err != nil {
		t.Fatalf("a listener for IPv6 only keeps IPv4 from listening: %v", err)
	}
	_ = OS.Close(fd)
}

func TestReusePort(t *testing.T) {
	_, addr := listenTCP(t, "127.0.0.1:0", ListenOptions{ReusePort: true})
	fd, err := OS.ListenTCP(addr, ListenOptions{ReusePort: true})
	if err != nil {
		t.Fatalf("the second listener: %v", err)
	}
	_ = OS.Close(fd)
}

func TestListenUnix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := OS.ListenUnix(path, ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fd, peer := accepted(t, l)
	if peer != (netip.AddrPort{}) {
		t.Errorf("the peer of a Unix socket is %v, want none", peer)
	}
	for name, f := range map[string]func(int) (netip.AddrPort, error){"LocalAddr": OS.LocalAddr, "PeerAddr": OS.PeerAddr} {
		if got, err := f(fd); got != (netip.AddrPort{}) || err != nil {
			t.Errorf("%s of a Unix socket = %v, %v, want none", name, got, err)
		}
	}
	write(t, fd, "hello")
	var buf [10]byte
	if n, _ := c.Read(buf[:]); string(buf[:n]) != "hello" {
		t.Errorf("the peer read %q", buf[:n])
	}
	if _, err := OS.ListenUnix(path, ListenOptions{}); err != unix.EADDRINUSE {
		t.Errorf("a second listener: %v, want EADDRINUSE", err)
	}
	if err := OS.Close(l); err != nil {
		t.Error(err)
	}
	if _, err := OS.ListenUnix(path, ListenOptions{}); err != unix.EADDRINUSE {
		t.Errorf("with a file that nobody listens at: %v, want EADDRINUSE", err)
	}
	if err := os.Remove(path); err != nil {
		t.Errorf("the file was removed already: %v", err)
	}
	for _, path := range []string{"", "/" + strings.Repeat("x", 200)} {
		if _, err := OS.ListenUnix(path, ListenOptions{}); err != unix.EINVAL {
			t.Errorf("path of %d bytes: %v, want EINVAL", len(path), err)
		}
	}
}

func TestDescriptorsAreNonBlockingAndClosedOnExec(t *testing.T) {
	l, addr := listenTCP(t, "127.0.0.1:0", ListenOptions{})
	c, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fd, _ := accepted(t, l)
	dup, err := OS.Dup(fd)
	if err != nil {
		t.Fatal(err)
	}
	closeLater(t, dup)
	p := newPoller(t)
	for name, fd := range map[string]int{"listener": l, "connection": fd, "its copy": dup, "poller": p.FD()} {
		if got, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); got&unix.FD_CLOEXEC == 0 {
			t.Errorf("%s: not closed on exec (%v)", name, err)
		}
		if name == "poller" {
			continue
		}
		if got, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); got&unix.O_NONBLOCK == 0 {
			t.Errorf("%s: blocks (%v)", name, err)
		}
	}
}

func TestAcceptWithoutConnection(t *testing.T) {
	l, _ := listenTCP(t, "127.0.0.1:0", ListenOptions{})
	if fd, peer, err := OS.Accept(l); fd != -1 || peer.IsValid() || err != unix.EAGAIN {
		t.Errorf("Accept = %d, %v, %v, want EAGAIN", fd, peer, err)
	}
}

func TestRead(t *testing.T) {
	fd, c := tcpPair(t)
	buf := make([]byte, 10)
	if n, err := OS.Read(fd, buf); n != 0 || err != unix.EAGAIN {
		t.Errorf("Read of nothing = %d, %v, want 0, EAGAIN", n, err)
	}
	if _, err := c.Write([]byte("0123456789ab")); err != nil {
		t.Fatal(err)
	}
	if n, err := readSoon(t, fd, buf); string(buf[:n]) != "0123456789" || err != nil {
		t.Errorf("Read = %q, %v", buf[:n], err)
	}
	if n, err := readSoon(t, fd, buf); string(buf[:n]) != "ab" || err != nil {
		t.Errorf("Read of the rest = %q, %v", buf[:n], err)
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if n, err := readSoon(t, fd, buf); n != 0 || err != nil {
			t.Errorf("Read at the end = %d, %v, want 0, nil", n, err)
		}
	}
}

func TestWriteUntilFull(t *testing.T) {
	a, b := pair(t)
	p := newPoller(t)
	add(t, p, a, ReadEdge)
	chunk := make([]byte, 64<<10)
	sum := 0
	for {
		n, err := OS.Write(a, chunk)
		sum += n
		if err == unix.EAGAIN && n == 0 {
			break
		}
		if err != nil || n == 0 {
			t.Fatalf("Write = %d, %v", n, err)
		}
	}
	if n, err := OS.Writev(a, [][]byte{chunk, chunk}); n != 0 || err != unix.EAGAIN {
		t.Errorf("Writev into a full socket = %d, %v, want EAGAIN", n, err)
	}
	if err := OS.PollMod(p.FD(), a, ReadWriteEdge); err != nil {
		t.Fatal(err)
	}
	var events [4]Event
	if n, err := p.Poll(events[:]); n != 0 || err != nil {
		t.Errorf("Poll of a full socket = %+v, %v, want nothing", events[:n], err)
	}
	for sum > 0 {
		n, err := OS.Read(b, chunk)
		if err != nil {
			t.Fatal(err)
		}
		sum -= n
	}
	if n, err := p.Wait(events[:], time.Second); n != 1 || err != nil || events[0] != (Event{int32(a), Writable}) {
		t.Errorf("Wait when there is room again = %+v, %v, want writable", events[:n], err)
	}
}

func TestWritev(t *testing.T) {
	var many [][]byte
	for i := range 20 {
		many = append(many, []byte{byte('a' + i)}, nil)
	}
	tests := []struct {
		name string
		bufs [][]byte
		want string
	}{
		{"nothing", nil, ""},
		{"only empty ones", [][]byte{nil, {}}, ""},
		{"one", [][]byte{[]byte("abc")}, "abc"},
		{"some are empty", [][]byte{nil, []byte("ab"), {}, []byte("c"), nil}, "abc"},
		{"more than it takes", many, "abcdefghijklmnop"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := pair(t)
			n, err := OS.Writev(a, tt.bufs)
			if err != nil || n > len(tt.want) || n < len(tt.want) && !raceEnabled {
				t.Fatalf("Writev = %d, %v, want %d", n, err, len(tt.want))
			}
			if n == 0 {
				return
			}
			buf := make([]byte, 100)
			if n, _ := OS.Read(b, buf); string(buf[:n]) != tt.want[:n] {
				t.Errorf("the peer read %q, want %q", buf[:n], tt.want)
			}
		})
	}
}

// A long answer through sockets that take a part of it each time.
func TestWritevShort(t *testing.T) {
	fd, c := tcpPair(t)
	want := make([]byte, 8<<20)
	for i := range want {
		want[i] = byte(i ^ i>>8 ^ i>>16)
	}
	got := make(chan []byte, 1)
	go func() {
		all, _ := io.ReadAll(c)
		got <- all
	}()
	rest := slices.Collect(slices.Chunk(want, 100_000))
	for len(rest) > 0 {
		n, err := OS.Writev(fd, rest)
		if err == unix.EAGAIN {
			time.Sleep(time.Millisecond)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for n > 0 && n >= len(rest[0]) {
			n -= len(rest[0])
			rest = rest[1:]
		}
		if n > 0 {
			rest[0] = rest[0][n:]
		}
	}
	if err := OS.CloseWrite(fd); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(<-got, want) {
		t.Error("other bytes arrived")
	}
}

// A peer that is gone is an error and not a signal.
func TestWriteToNobody(t *testing.T) {
	a, b := pair(t)
	if err := OS.Close(b); err != nil {
		t.Fatal(err)
	}
	if n, err := OS.Write(a, []byte("x")); n != 0 || err != unix.EPIPE {
		t.Errorf("Write = %d, %v, want EPIPE", n, err)
	}
	if n, err := OS.Writev(a, [][]byte{[]byte("x")}); n != 0 || err != unix.EPIPE {
		t.Errorf("Writev = %d, %v, want EPIPE", n, err)
	}
}

func TestLinger0Resets(t *testing.T) {
	fd, c := tcpPair(t)
	if err := OS.SetLinger0(fd); err != nil {
		t.Fatal(err)
	}
	if err := OS.Close(fd); err != nil {
		t.Fatal(err)
	}
	var buf [1]byte
	if _, err := c.Read(buf[:]); !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("the peer got %v, want a reset", err)
	}
}

func TestOptions(t *testing.T) {
	fd, _ := tcpPair(t)
	get := func(level, option int) int {
		t.Helper()
		v, err := unix.GetsockoptInt(fd, level, option)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, on := range []bool{true, false, true} {
		if err := OS.SetNoDelay(fd, on); err != nil {
			t.Fatal(err)
		}
		if got := get(unix.IPPROTO_TCP, unix.TCP_NODELAY) != 0; got != on {
			t.Errorf("SetNoDelay(%v) makes it %v", on, got)
		}
	}
	if err := OS.SetKeepAlive(fd, KeepAlive{Idle: 12*time.Second + 1, Interval: time.Millisecond, Count: 7}); err != nil {
		t.Fatal(err)
	}
	if get(unix.SOL_SOCKET, unix.SO_KEEPALIVE) == 0 {
		t.Error("SetKeepAlive does not switch it on")
	}
	for _, tt := range []struct {
		name         string
		option, want int
	}{
		{"idle", tcpKeepIdle, int(13 * time.Second / tcpKeepUnit)},
		{"interval", tcpKeepInterval, int(time.Second / tcpKeepUnit)},
		{"count", tcpKeepCount, 7},
	} {
		if tt.option == 0 {
			continue
		}
		if got := get(unix.IPPROTO_TCP, tt.option); got != tt.want {
			t.Errorf("keep-alive %s = %d, want %d", tt.name, got, tt.want)
		}
	}
	if err := OS.SetKeepAlive(fd, KeepAlive{}); err != nil {
		t.Errorf("SetKeepAlive that leaves all as it is: %v", err)
	}
}

func TestErrorsAreBare(t *testing.T) {
	l, _ := listenTCP(t, "127.0.0.1:0", ListenOptions{})
	const bad = 1 << 30
	var events [1]Event
	var buf [1]byte
	calls := map[string]func(fd int) error{
		"Poll":         func(fd int) error { _, err := OS.Poll(fd, events[:]); return err },
		"PollAdd":      func(fd int) error { return OS.PollAdd(fd, l, ReadEdge) },
		"PollMod":      func(fd int) error { return OS.PollMod(fd, l, ReadEdge) },
		"PollDel":      func(fd int) error { return OS.PollDel(fd, l) },
		"Read":         func(fd int) error { _, err := OS.Read(fd, buf[:]); return err },
		"Write":        func(fd int) error { _, err := OS.Write(fd, buf[:]); return err },
		"Writev":       func(fd int) error { _, err := OS.Writev(fd, [][]byte{buf[:]}); return err },
		"Accept":       func(fd int) error { _, _, err := OS.Accept(fd); return err },
		"CloseWrite":   OS.CloseWrite,
		"Close":        OS.Close,
		"SetNoDelay":   func(fd int) error { return OS.SetNoDelay(fd, true) },
		"SetKeepAlive": func(fd int) error { return OS.SetKeepAlive(fd, KeepAlive{}) },
		"SetLinger0":   OS.SetLinger0,
		"LocalAddr":    func(fd int) error { _, err := OS.LocalAddr(fd); return err },
		"PeerAddr":     func(fd int) error { _, err := OS.PeerAddr(fd); return err },
	}
	for name, f := range calls {
		if err := f(bad); err != unix.EBADF {
			t.Errorf("%s of a bad descriptor: %v, want EBADF", name, err)
		}
	}
	if _, err := OS.PeerAddr(l); err != unix.ENOTCONN {
		t.Errorf("PeerAddr of a listener: %v, want ENOTCONN", err)
	}
}

func TestModes(t *testing.T) {
	tests := []struct {
		name string
		mode Mode
		want []Flags // of the Polls after a byte has come that nobody reads
	}{
		{"ReadEdge", ReadEdge, []Flags{Readable, 0}},
		{"ReadLevel", ReadLevel, []Flags{Readable, Readable, Readable}},
		{"ReadLevelExclusive", ReadLevelExclusive, []Flags{Readable, Readable}},
		{"ReadWriteEdge", ReadWriteEdge, []Flags{Readable | Writable, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPoller(t)
			a, b := pair(t)
			write(t, b, "x")
			add(t, p, a, tt.mode)
			for i, want := range tt.want {
				if got := polled(t, p, a); got != want {
					t.Errorf("Poll %d: flags %b, want %b", i, got, want)
				}
			}
			if tt.mode != ReadLevelExclusive {
				if err := OS.PollMod(p.FD(), a, ReadEdge); err != nil {
					t.Fatal(err)
				}
				if got := polled(t, p, a); got != Readable {
					t.Errorf("after PollMod: flags %b, want readable again", got)
				}
			}
			if err := OS.PollDel(p.FD(), a); err != nil {
				t.Fatal(err)
			}
			write(t, b, "x")
			if got := polled(t, p, a); got != 0 {
				t.Errorf("after PollDel: flags %b", got)
			}
		})
	}
}

// polled is what a Poll says about fd, in one event or two.
func polled(t *testing.T, p *Poller, fd int) (f Flags) {
	t.Helper()
	var events [4]Event
	n, err := p.Poll(events[:])
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events[:n] {
		if e.FD != int32(fd) {
			t.Errorf("event of %d, which is not watched", e.FD)
		}
		f |= e.Flags
	}
	return f
}

func TestHangUp(t *testing.T) {
	wait := func(t *testing.T, p *Poller) Flags {
		t.Helper()
		var events [4]Event
		n, err := p.Wait(events[:], 5*time.Second)
		if err != nil || n == 0 {
			t.Fatalf("Wait = %d, %v", n, err)
		}
		return events[0].Flags
	}
	t.Run("peer sends no more", func(t *testing.T) {
		fd, c := tcpPair(t)
		p := newPoller(t)
		add(t, p, fd, ReadEdge)
		_, _ = c.Write([]byte("last words"))
		time.Sleep(10 * time.Millisecond)
		if got := polled(t, p, fd); got != Readable {
			t.Fatalf("flags %b before the end, want readable", got)
		}
		_ = c.CloseWrite()
		if got := wait(t, p); got != Readable|HangUp {
			t.Errorf("flags %b, want readable and hung up", got)
		}
		write(t, fd, "still writable")
	})
	t.Run("reset", func(t *testing.T) {
		fd, c := tcpPair(t)
		p := newPoller(t)
		add(t, p, fd, ReadEdge)
		_ = c.SetLinger(0)
		_ = c.Close()
		if got := wait(t, p); got != Readable|Writable|HangUp {
			t.Errorf("flags %b, want all", got)
		}
		var buf [1]byte
		if _, err := OS.Read(fd, buf[:]); err != unix.ECONNRESET {
			t.Errorf("Read: %v, want ECONNRESET", err)
		}
	})
}

// What one side did before it wrote, the other may rely on. Without the race
// detector there is nothing to see.
func TestRaceDetectorKnowsSockets(t *testing.T) {
	fd, c := tcpPair(t)
	shared := 0
	done := make(chan struct{})
	go func() {
		defer close(done)
		var buf [1]byte
		_, _ = c.Read(buf[:])
		shared++
		_, _ = c.Write(buf[:])
		_, _ = c.Read(buf[:])
		shared++
		_, _ = c.Write(buf[:])
	}()
	var buf [1]byte
	shared++
	write(t, fd, "x")
	_, _ = readSoon(t, fd, buf[:])
	shared++
	if _, err := OS.Writev(fd, [][]byte{buf[:]}); err != nil {
		t.Fatal(err)
	}
	_, _ = readSoon(t, fd, buf[:])
	shared++
	if shared != 5 {
		t.Errorf("shared = %d, want 5", shared)
	}
	<-done
}

// TestUnacked: what the peer's system has taken is not counted, what it has no room
// for is, and a connection that is gone is an error.
func TestUnacked(t *testing.T) {
	l, addr := listenTCP(t, "127.0.0.1:0", ListenOptions{})
	c, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.(*net.TCPConn).SetReadBuffer(4 << 10)
	fd, _ := accepted(t, l)
	if n, err := OS.Unacked(fd); errors.Is(err, unix.ENOTSUP) {
		t.Skip("this system does not tell")
	} else if n != 0 || err != nil {
		t.Errorf("nothing was written: %d, %v", n, err)
	}
	if _, err := OS.Write(fd, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	unacked := func(want func(int, error) bool) (n int, err error) {
		for range 500 {
			if n, err = OS.Unacked(fd); want(n, err) {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		return n, err
	}
	if n, err := unacked(func(n int, err error) bool { return n == 0 }); n != 0 || err != nil {
		t.Errorf("5 bytes that fit: %d, %v", n, err)
	}
	written := 5
	for {
		n, err := OS.Write(fd, make([]byte, 64<<10))
		if written += n; err != nil {
			break
		}
	}
	if n, err := unacked(func(n int, err error) bool { return n > 0 }); n <= 0 || n > written || err != nil {
		t.Errorf("%d bytes that do not fit: %d, %v", written, n, err)
	}
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
	if n, err := unacked(func(n int, err error) bool { return err != nil }); err == nil {
		t.Errorf("gone: %d, %v", n, err)
	}
}
