//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package netpoll

import (
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pair makes two connected Unix sockets, as Accept makes them.
func pair(t testing.TB) (a, b int) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if err := unix.SetNonblock(fd, true); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Close(fd) })
	}
	return fds[0], fds[1]
}

func newPoller(t testing.TB) *Poller {
	t.Helper()
	p, err := NewPoller(OS)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func add(t testing.TB, p *Poller, fd int, mode Mode) {
	t.Helper()
	if err := OS.PollAdd(p.FD(), fd, mode); err != nil {
		t.Fatalf("PollAdd: %v", err)
	}
}

func write(t testing.TB, fd int, s string) {
	t.Helper()
	if n, err := OS.Write(fd, []byte(s)); n != len(s) || err != nil {
		t.Fatalf("Write = %d, %v", n, err)
	}
}

// results of a Wait that runs in a goroutine of its own.
type result2 struct {
	events []Event
	err    error
	took   time.Duration
}

// parked starts a Wait and gives it the time to park.
func parked(p *Poller, timeout time.Duration) <-chan result2 {
	done := make(chan result2, 1)
	go func() {
		var events [8]Event
		start := time.Now()
		n, err := p.Wait(events[:], timeout)
		done <- result2{events[:n], err, time.Since(start)}
	}()
	time.Sleep(20 * time.Millisecond)
	return done
}

func expect(t *testing.T, done <-chan result2, n int, err error) result2 {
	t.Helper()
	select {
	case r := <-done:
		if len(r.events) != n || r.err != err {
			t.Fatalf("Wait = %v, %v, want %d events and error %v", r.events, r.err, n, err)
		}
		return r
	case <-time.After(10 * time.Second):
		t.Fatal("Wait was not woken")
		panic("unreachable")
	}
}

func TestWaitIsWokenByMember(t *testing.T) {
	p := newPoller(t)
	a, b := pair(t)
	add(t, p, a, ReadEdge)
	for range 3 {
		done := parked(p, -1)
		write(t, b, "x")
		r := expect(t, done, 1, nil)
		if got := r.events[0]; got != (Event{int32(a), Readable}) {
			t.Errorf("event %+v, want %d readable", got, a)
		}
		// Not read: the next byte is an edge all the same.
	}
}

func TestWaitIsWokenByWake(t *testing.T) {
	p := newPoller(t)
	for range 3 {
		done := parked(p, -1)
		if err := p.Wake(); err != nil {
			t.Fatal(err)
		}
		expect(t, done, 0, nil)
	}
}

func TestWakeBeforeWaitCounts(t *testing.T) {
	for _, tt := range []struct {
		name  string
		polls int
	}{{"at once", 0}, {"after a Poll", 1}, {"after two", 2}} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPoller(t)
			for range 5 { // several count as one
				if err := p.Wake(); err != nil {
					t.Fatal(err)
				}
			}
			var events [8]Event
			for range tt.polls {
				if n, err := p.Poll(events[:]); n != 0 || err != nil {
					t.Fatalf("Poll after Wake = %d, %v: the wake-up is no event", n, err)
				}
			}
			expect(t, parked(p, -1), 0, nil)
			if r := expect(t, parked(p, 50*time.Millisecond), 0, nil); r.took < 50*time.Millisecond {
				t.Errorf("one wake-up woke two Waits")
			}
		})
	}
}

func TestWakeAmongEvents(t *testing.T) {
	p := newPoller(t)
	a, b := pair(t)
	c, d := pair(t)
	add(t, p, a, ReadEdge)
	add(t, p, c, ReadEdge)
	write(t, b, "x")
	if err := p.Wake(); err != nil {
		t.Fatal(err)
	}
	write(t, d, "x")
	var events [8]Event
	n, err := p.Wait(events[:], -1)
	if n != 2 || err != nil || events[0].FD != int32(a) || events[1].FD != int32(c) {
		t.Errorf("Wait = %v, %v, want events of %d and %d", events[:n], err, a, c)
	}
}

// With room for one event, nothing is lost.
func TestOneEventAtATime(t *testing.T) {
	p := newPoller(t)
	want := map[int32]bool{}
	for range 5 {
		a, b := pair(t)
		add(t, p, a, ReadEdge)
		write(t, b, "x")
		want[int32(a)] = true
	}
	if err := p.Wake(); err != nil {
		t.Fatal(err)
	}
	var events [1]Event
	for range 7 {
		n, err := p.Wait(events[:], time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if n == 1 {
			delete(want, events[0].FD)
		}
		if len(want) == 0 {
			return
		}
	}
	t.Errorf("no events for %v", want)
}

func TestWaitTimesOut(t *testing.T) {
	p := newPoller(t)
	a, b := pair(t)
	add(t, p, a, ReadEdge)
	// Longer ones after shorter ones and the other way round, and none between.
	for i, ms := range []int{30, 10, 0, 40, 20, 60} {
		timeout := time.Duration(ms) * time.Millisecond
		r := expect(t, parked(p, timeout), 0, nil)
		if r.took < timeout || r.took > timeout+5*time.Second {
			t.Errorf("wait %d: %v for a timeout of %v", i, r.took, timeout)
		}
		// An event long before the timeout leaves a deadline behind.
		done := parked(p, 150*time.Millisecond)
		write(t, b, "x")
		expect(t, done, 1, nil)
		if i%2 == 0 {
			done := parked(p, -1) // which has passed before this ends
			time.Sleep(200 * time.Millisecond)
			write(t, b, "x")
			expect(t, done, 1, nil)
		}
	}
}

func TestTimeoutForEver(t *testing.T) {
	p := newPoller(t)
	done := parked(p, time.Duration(1<<63-1))
	_ = p.Wake()
	expect(t, done, 0, nil)
}

func TestWaitWithoutTimeDoesNotWait(t *testing.T) {
	p := newPoller(t)
	a, b := pair(t)
	add(t, p, a, ReadEdge)
	var events [8]Event
	if n, err := p.Wait(events[:], 0); n != 0 || err != nil {
		t.Errorf("Wait = %d, %v, want nothing", n, err)
	}
	write(t, b, "x")
	if n, err := p.Wait(events[:], 0); n != 1 || err != nil {
		t.Errorf("Wait = %d, %v, want one event", n, err)
	}
}

func TestCloseWakesWait(t *testing.T) {
	for _, timeout := range []time.Duration{-1, time.Hour} {
		p := newPoller(t)
		done := parked(p, timeout)
		if err := p.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		expect(t, done, 0, os.ErrClosed)
	}
}

func TestAfterClose(t *testing.T) {
	p := newPoller(t)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	var events [8]Event
	calls := map[string]func() error{
		"Poll":        func() error { _, err := p.Poll(events[:]); return err },
		"Wait":        func() error { _, err := p.Wait(events[:], -1); return err },
		"Wait 0":      func() error { _, err := p.Wait(events[:], 0); return err },
		"Wait 1 hour": func() error { _, err := p.Wait(events[:], time.Hour); return err },
		"Wake":        p.Wake,
		"Close":       p.Close,
	}
	for name, f := range calls {
		if err := f(); err != os.ErrClosed {
			t.Errorf("%s after Close: %v, want os.ErrClosed", name, err)
		}
	}
}

// Wake and Close come from anywhere.
func TestWakeDuringClose(t *testing.T) {
	for range 100 {
		p := newPoller(t)
		var wg sync.WaitGroup
		wg.Go(func() {
			for p.Wake() == nil {
				runtime.Gosched()
			}
		})
		wg.Go(func() {
			var events [8]Event
			for {
				if _, err := p.Wait(events[:], -1); err != nil {
					return
				}
			}
		})
		runtime.Gosched()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	}
}

// Two loops that answer each other: a lost wake-up ends the game.
func TestNoWakeUpIsLost(t *testing.T) {
	rounds := 100_000
	if testing.Short() {
		rounds = 5_000
	}
	a, b := pair(t)
	play := func(fd int, timeout time.Duration) error {
		p := newPoller(t)
		add(t, p, fd, ReadEdge)
		var events [8]Event
		var buf [16]byte
		for got := 0; got < rounds; {
			n, err := p.Wait(events[:], timeout)
			if err != nil {
				return err
			}
			for range n {
				n, err := OS.Read(fd, buf[:])
				if err != nil && err != unix.EAGAIN {
					return err
				}
				for range n {
					got++
					if _, err := OS.Write(fd, buf[:1]); err != nil {
						return err
					}
				}
			}
		}
		return nil
	}
	errs := make(chan error, 2)
	go func() { errs <- play(a, -1) }()
	go func() { errs <- play(b, time.Hour) }() // a deadline makes a difference in the runtime
	write(t, b, "x")
	for range 2 {
		select {
		case err := <-errs:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(2 * time.Minute):
			t.Fatal("both wait: a wake-up was lost")
		}
	}
}

// The same with Wake, between a loop and one who posts to it.
func TestNoWakeIsLost(t *testing.T) {
	rounds := 50_000
	if testing.Short() {
		rounds = 5_000
	}
	p := newPoller(t)
	ack := make(chan struct{})
	go func() {
		var events [8]Event
		for i := range rounds {
			if i%3 == 0 {
				_, _ = p.Poll(events[:]) // may take the wake-up, Wait must return still
			}
			_, _ = p.Wait(events[:], -1)
			ack <- struct{}{}
		}
	}()
	watchdog := time.After(2 * time.Minute)
	for i := range rounds {
		if err := p.Wake(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ack:
		case <-watchdog:
			t.Fatalf("Wake %d was lost", i)
		}
	}
}

// Bytes that come in bursts, so that the loop is now busy and now parked, and all
// that lies between.
func TestNoByteOfABurstIsLost(t *testing.T) {
	rounds := 5000
	if testing.Short() {
		rounds = 500
	}
	p := newPoller(t)
	const n = 4
	var ours, theirs [n]int
	for i := range n {
		ours[i], theirs[i] = pair(t)
		add(t, p, ours[i], ReadEdge)
	}
	acks := make(chan struct{})
	errs := make(chan error, 1)
	go func() { // a loop, as ours is: Poll while there is something, else Wait
		var events [2]Event
		var buf [4]byte
		got, busy := 0, true
		for got < rounds*n {
			var k int
			var err error
			if busy {
				k, err = p.Poll(events[:])
			}
			if k == 0 && err == nil {
				k, err = p.Wait(events[:], []time.Duration{-1, time.Hour, time.Millisecond}[got%3])
			}
			if err != nil {
				errs <- err
				return
			}
			busy = k > 0
			for _, e := range events[:k] {
				for {
					m, err := OS.Read(int(e.FD), buf[:])
					if err != nil && err != unix.EAGAIN {
						errs <- err
						return
					}
					got += m
					if m < len(buf) {
						break
					}
				}
			}
			if got%n == 0 && busy {
				select { // the writer waits for that now and then
				case acks <- struct{}{}:
				default:
				}
			}
		}
		errs <- nil
	}()
	r := rand.New(rand.NewPCG(1, 2))
	for range rounds {
		for i := range n {
			write(t, theirs[i], "x")
			switch r.IntN(8) {
			case 0:
				time.Sleep(time.Duration(r.IntN(50)) * time.Microsecond)
			case 1:
				runtime.Gosched()
			}
		}
		if r.IntN(4) == 0 {
			select {
			case <-acks:
			case <-time.After(time.Duration(r.IntN(2000)) * time.Microsecond):
			}
		}
	}
	select {
	case err := <-errs:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the loop waits, and bytes are there")
	}
}

// No Poller leaves a descriptor behind.
func TestCloseGivesDescriptorsBack(t *testing.T) {
	before := lowestFree(t)
	for range 3 {
		p, err := NewPoller(OS)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	if after := lowestFree(t); after != before {
		t.Errorf("the next descriptor would be %d, want %d as before", after, before)
	}
}
