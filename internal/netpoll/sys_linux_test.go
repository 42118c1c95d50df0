package netpoll

import (
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector's builds have other calls")
	}
	p := newPoller(t)
	a, b := pair(t)
	add(t, p, a, ReadEdge)
	dead, other := pair(t)
	_ = OS.Close(other)
	l, addr := listenTCP(t, "127.0.0.1:0", ListenOptions{})
	rsa := &unix.SockaddrInet4{Addr: addr.Addr().As4(), Port: int(addr.Port())}
	var events [4]Event
	buf := make([]byte, 100)
	bufs := [][]byte{buf[:10], buf[10:20]}
	sys := OS
	tests := []struct {
		name string
		f    func()
	}{
		{"Write, Poll, Read", func() {
			_, _ = sys.Write(b, buf[:10])
			_, _ = p.Poll(events[:])
			_, _ = sys.Read(a, buf)
		}},
		{"Writev", func() {
			_, _ = sys.Writev(b, bufs)
			_, _ = sys.Read(a, buf)
		}},
		{"Read: EAGAIN", func() { _, _ = sys.Read(a, buf) }},
		{"Write: EPIPE", func() { _, _ = sys.Write(dead, buf) }},
		{"Accept: EAGAIN", func() { _, _, _ = sys.Accept(l) }},
		{"PollMod", func() { _ = sys.PollMod(p.FD(), a, ReadEdge) }},
		{"Wake, Wait", func() { _ = p.Wake(); _, _ = p.Wait(events[:], -1) }},
		{"Wake, Wait with a timeout", func() { _ = p.Wake(); _, _ = p.Wait(events[:], time.Hour) }},
		{"Wait until timeout", func() { _, _ = p.Wait(events[:], time.Millisecond) }},
	}
	for _, tt := range tests {
		if got := testing.AllocsPerRun(200, tt.f); got != 0 {
			t.Errorf("%s: %v allocations, want 0", tt.name, got)
		}
	}
	// Accept of connections that are there already.
	const n = 50
	for range n + 1 {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		closeLater(t, fd)
		if err := unix.Connect(fd, rsa); err != nil {
			t.Fatal(err)
		}
	}
	if got := testing.AllocsPerRun(n, func() {
		fd, _, err := sys.Accept(l)
		if err != nil {
			t.Fatal(err)
		}
		_ = sys.Close(fd)
	}); got != 0 {
		t.Errorf("Accept and Close: %v allocations, want 0", got)
	}
}

// Options of a listener hold for what it accepts: a server sets them once.
func TestOptionsAreInherited(t *testing.T) {
	l, addr := listenTCP(t, "127.0.0.1:0", ListenOptions{})
	if err := OS.SetNoDelay(l, true); err != nil {
		t.Fatal(err)
	}
	if err := OS.SetKeepAlive(l, KeepAlive{Idle: 21 * time.Second}); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fd, _ := accepted(t, l)
	for _, tt := range []struct {
		name                string
		level, option, want int
	}{
		{"TCP_NODELAY", unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
		{"SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{"TCP_KEEPIDLE", unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 21},
	} {
		if got, err := unix.GetsockoptInt(fd, tt.level, tt.option); got != tt.want {
			t.Errorf("%s of an accepted connection = %d, %v, want %d", tt.name, got, err, tt.want)
		}
	}
}

// With one P and a goroutine in Wait, others run: Wait must not hold the thread's
// P, as a blocking raw call would.
func TestWaitLeavesThePToOthers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	p := newPoller(t)
	done := parked(p, -1)
	start := time.Now()
	var n atomic.Int32
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() { runtime.Gosched(); n.Add(1) })
	}
	wg.Wait()
	if took := time.Since(start); took > time.Second || n.Load() != 100 {
		t.Errorf("%d goroutines ran in %v beside a Wait", n.Load(), took)
	}
	_ = p.Wake()
	expect(t, done, 0, nil)
}

// A signal in the middle of a call is none of the caller's business.
func TestSignalsAreNotErrors(t *testing.T) {
	p := newPoller(t)
	a, b := pair(t)
	add(t, p, a, ReadEdge)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_ = syscall.Kill(syscall.Getpid(), syscall.SIGURG) // which the runtime ignores
			}
		}
	})
	var events [4]Event
	var buf [8]byte
	for range 5000 {
		write(t, b, "x")
		if n, err := p.Wait(events[:], -1); n != 1 || err != nil {
			t.Fatalf("Wait = %d, %v", n, err)
		}
		if n, err := OS.Read(a, buf[:]); n != 1 || err != nil {
			t.Fatalf("Read = %d, %v", n, err)
		}
	}
	close(stop)
	wg.Wait()
}

// The same bytes with and without the scheduler's hooks.
func BenchmarkWriteRead(b *testing.B) {
	x, y := pair(b)
	buf := make([]byte, 128)
	sys := OS
	b.Run("netpoll", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = sys.Write(x, buf)
			_, _ = sys.Read(y, buf)
		}
	})
	b.Run("syscall", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = syscall.Write(x, buf)
			_, _ = syscall.Read(y, buf)
		}
	})
	b.Run("writev", func(b *testing.B) {
		b.ReportAllocs()
		bufs := [][]byte{buf[:64], buf[64:]}
		for b.Loop() {
			_, _ = sys.Writev(x, bufs)
			_, _ = sys.Read(y, buf)
		}
	})
}

func BenchmarkReadNothing(b *testing.B) {
	x, _ := pair(b)
	buf := make([]byte, 128)
	b.Run("netpoll", func(b *testing.B) {
		for b.Loop() {
			_, _ = OS.Read(x, buf)
		}
	})
	b.Run("syscall", func(b *testing.B) {
		for b.Loop() {
			_, _ = syscall.Read(x, buf)
		}
	})
}

func BenchmarkPoll(b *testing.B) {
	p := newPoller(b)
	x, y := pair(b)
	add(b, p, x, ReadLevel)
	var events [pollMax]Event
	run := func(b *testing.B) {
		for b.Loop() {
			_, _ = p.Poll(events[:])
		}
	}
	b.Run("nothing", run)
	_, _ = OS.Write(y, []byte("x"))
	b.Run("one", run)
	b.Run("one, without Poller", func(b *testing.B) {
		for b.Loop() {
			_, _ = OS.Poll(p.FD(), events[:])
		}
	})
	b.Run("one, syscall", func(b *testing.B) {
		var ready [pollMax]syscall.EpollEvent
		for b.Loop() {
			_, _ = syscall.EpollWait(p.FD(), ready[:], 0)
		}
	})
}

// A loop that always finds events, beside a thread that idles in the runtime's
// poller since some goroutine sleeps. CPU is that of the whole process.
func BenchmarkBusy(b *testing.B) {
	cpu := func() time.Duration {
		var r syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
		return time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	run := func(b *testing.B, poll int, wait func(events []Event) (int, error)) {
		x, y := pair(b)
		if err := OS.PollAdd(poll, x, ReadEdge); err != nil {
			b.Fatal(err)
		}
		sleeper := time.AfterFunc(time.Hour, func() {})
		defer sleeper.Stop()
		var events [8]Event
		buf := make([]byte, 128)
		before := cpu()
		for b.Loop() {
			_, _ = OS.Write(y, buf)
			if n, err := wait(events[:]); n != 1 || err != nil {
				b.Fatal(n, err)
			}
			_, _ = OS.Read(x, buf)
		}
		b.ReportMetric(float64(cpu()-before)/float64(b.N), "cpu-ns/op")
	}
	b.Run("epoll alone", func(b *testing.B) {
		poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
		if err != nil {
			b.Fatal(err)
		}
		defer unix.Close(poll)
		run(b, poll, func(events []Event) (int, error) { return OS.Poll(poll, events) })
	})
	b.Run("Poll", func(b *testing.B) { p := newPoller(b); run(b, p.FD(), p.Poll) })
	b.Run("Wait", func(b *testing.B) {
		p := newPoller(b)
		run(b, p.FD(), func(events []Event) (int, error) { return p.Wait(events, -1) })
	})
}

func BenchmarkWakeWait(b *testing.B) {
	p := newPoller(b)
	var events [4]Event
	b.Run("not parked", func(b *testing.B) {
		for b.Loop() {
			_ = p.Wake()
			_, _ = p.Wait(events[:], -1)
		}
	})
	b.Run("not parked, timeout", func(b *testing.B) {
		for b.Loop() {
			_ = p.Wake()
			_, _ = p.Wait(events[:], time.Minute)
		}
	})
}

func BenchmarkPollMod(b *testing.B) {
	p := newPoller(b)
	x, _ := pair(b)
	add(b, p, x, ReadEdge)
	for b.Loop() {
		_ = OS.PollMod(p.FD(), x, ReadEdge)
	}
}

// A system without descriptors to spare: NewPoller says so and leaves none behind.
func TestNewPollerWithoutDescriptors(t *testing.T) {
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	_ = newPoller(t) // the runtime has made its own by now
	before := lowestFree(t)
	defer func() { _ = unix.Setrlimit(unix.RLIMIT_NOFILE, &old) }()
	failed := 0
	for spare := range 4 {
		limit := unix.Rlimit{Cur: uint64(before + spare), Max: old.Max}
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Skip(err)
		}
		p, err := NewPoller(OS)
		if err == nil {
			_ = p.Close()
		} else if failed++; err != unix.EMFILE {
			t.Errorf("with %d to spare: %v, want EMFILE", spare, err)
		}
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &old)
		if after := lowestFree(t); after != before {
			t.Errorf("with %d to spare: the next descriptor would be %d, want %d as before", spare, after, before)
		}
	}
	if failed != 3 {
		t.Errorf("%d of 4 failed, want those with 0, 1 and 2 to spare", failed)
	}
}

// The kernel counts the ways from a descriptor to those who wait for it.
func TestHundredPollersShareAListener(t *testing.T) {
	l, _ := listenTCP(t, "127.0.0.1:0", ListenOptions{})
	for range 100 {
		add(t, newPoller(t), l, ReadLevelExclusive)
	}
	if err := OS.PollAdd(newPoller(t).FD(), l, ReadLevelExclusive); err != unix.EINVAL {
		t.Errorf("one more: %v, and the documentation says EINVAL", err)
	}
}
