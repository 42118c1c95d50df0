//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package loop

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cork-go/cork/internal/netpoll"
)

// TestCloseInAllStates: Close ends a group whatever its loops are at. What is left
// is looked at by the harness.
func TestCloseInAllStates(t *testing.T) {
	tests := []struct {
		name string
		do   func(t *testing.T, e *env)
	}{
		{"at once", func(*testing.T, *env) {}},
		{"parked", func(*testing.T, *env) { time.Sleep(5 * time.Millisecond) }},
		{"monitor sleeps", func(_ *testing.T, e *env) { eventually(func() bool { return !e.g.monitoring.Load() }) }},
		{"posts wait", func(_ *testing.T, e *env) {
			for _, l := range e.g.Loops() {
				for range 100 {
					l.Post(taskFunc(func(*Turn) { time.Sleep(10 * time.Microsecond) }))
				}
			}
		}},
		{"timers wait", func(_ *testing.T, e *env) {
			for i, s := range e.connect(10) {
				s.setTimer(time.Duration(i) * time.Hour)
			}
		}},
		{"input waits", func(_ *testing.T, e *env) {
			for range 10 {
				_, _ = e.dial().Write(pattern(1 << 16))
			}
		}},
		{"output waits", func(_ *testing.T, e *env) {
			c := e.dial()
			_ = c.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
			_, _ = c.Write(make([]byte, 32<<20))
			eventually(func() bool { return e.g.Chunks() > 0 })
		}},
		{"connections in line", func(_ *testing.T, e *env) {
			gate := make(chan bool)
			for _, l := range e.g.Loops() {
				l.Post(taskFunc(func(*Turn) { <-gate }))
			}
			for range 5 {
				e.dial()
			}
			time.AfterFunc(10*time.Millisecond, func() { close(gate) })
		}},
		{"listener paused", func(_ *testing.T, e *env) {
			e.ln.mu.Lock()
			e.ln.pause(syscall.ENOMEM)
			e.ln.mu.Unlock()
		}},
		{"from a task", func(_ *testing.T, e *env) {
			done := make(chan bool)
			e.g.Loops()[1].Post(taskFunc(func(*Turn) { e.g.Close(); close(done) }))
			<-done
		}},
		{"twice", func(_ *testing.T, e *env) {
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(e.g.Close)
			}
			wg.Wait()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := start(t, 2, "tcp", plain)
			tt.do(t, e)
		})
	}
}

// TestCloseWhileBlocked: a loop ends though its leader is inside of code that
// blocks, before Close was called or since. Only the goroutines that block are
// left, until they do not.
func TestCloseWhileBlocked(t *testing.T) {
	for _, late := range []bool{false, true} {
		entered, closed, gate := make(chan bool), make(chan bool), make(chan bool)
		e := startBare(t, 2)
		e.sessions = plain
		e.listen()
		for _, l := range e.g.Loops() {
			l.Post(taskFunc(func(turn *Turn) {
				if late {
					entered <- true
					<-closed
				}
				turn.Enter(idler{})
				if !late {
					entered <- true
				}
				<-gate
				turn.Leave()
			}))
			<-entered
		}
		e.g.Close()
		close(closed)
		if !eventually(func() bool { return len(e.sys.Open()) == 0 && e.g.running.Load() == 0 }) {
			t.Errorf("late %v: open: %v, %d loops run", late, e.sys.Open(), e.g.running.Load())
		}
		close(gate)
	}
}

// TestAfterClose: nothing gets into a group that has ended, and nothing leaks.
func TestAfterClose(t *testing.T) {
	e := start(t, 1, "tcp", plain)
	fd, err := e.sys.ListenTCP(netip.MustParseAddrPort("127.0.0.1:0"), netpoll.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	spare, err := e.sys.OpenReserve()
	if err != nil {
		t.Fatal(err)
	}
	e.g.Close()
	if _, err := e.g.Listen(fd, e.onAccept); err != syscall.ECANCELED {
		t.Errorf("Listen: %v, want ECANCELED", err)
	}
	l := e.g.Loops()[0]
	var s session
	if err := l.Add(&s.socket, spare, &s); err != syscall.ECANCELED {
		t.Errorf("Add: %v, want ECANCELED", err)
	}
	l.Post(taskFunc(func(*Turn) { t.Error("a task runs") }))
	s.socket.SetTimer(1)
	s.socket.Close()
	if _, err := s.socket.Read(make([]byte, 1)); err != syscall.ENOTCONN {
		t.Errorf("Read: %v, want ENOTCONN", err)
	}
	if err := s.socket.Write([][]byte{{1}}); err != syscall.EPIPE {
		t.Errorf("Write: %v, want EPIPE", err)
	}
	if err := s.socket.Flush(); err != nil {
		t.Errorf("Flush: %v", err)
	}
}

// TestListenWhileClosing: a listener that is added while the group ends is closed,
// and nobody else's descriptor is watched in its place.
func TestListenWhileClosing(t *testing.T) {
	for range 50 {
		e := startBare(t, 2)
		fd, err := e.sys.ListenTCP(netip.MustParseAddrPort("127.0.0.1:0"), netpoll.ListenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = e.g.Listen(fd, e.onAccept) })
		wg.Go(e.g.Close)
		wg.Wait()
		e.finish()
	}
}

// TestDescriptorsAreReused: a handler closes sockets that have events in the same
// ready list, and their descriptors are taken by new connections at once. Nobody
// gets what is another's.
func TestDescriptorsAreReused(t *testing.T) {
	const n = 30
	for round := range 5 {
		var old []*session
		var once sync.Once
		var e *env
		e = start(t, 1, "tcp", func() *session {
			return &session{work: func(self *session, _ []byte) {
				once.Do(func() { // all others have events behind this one
					for i, s := range old {
						if i%3 != round%3 && s != self {
							s.mu.Lock()
							s.socket.Close()
							s.mu.Unlock()
						}
					}
					e.ln.accept() // the numbers are taken by others
				})
			}}
		})
		var conns []net.Conn
		for range n {
			conns = append(conns, e.dial())
		}
		if !eventually(func() bool { return e.g.Connections() == n }) {
			t.Fatal("not accepted")
		}
		old = e.accepted()
		hold := make(chan bool)
		e.g.Loops()[0].Post(taskFunc(func(*Turn) { hold <- true; <-hold }))
		<-hold
		for _, c := range conns {
			_, _ = c.Write([]byte("old"))
		}
		var fresh []net.Conn
		for range n {
			fresh = append(fresh, e.dial())
		}
		hold <- true
		for _, c := range fresh {
			e.echo(c, []byte("fresh"))
		}
		closed := 0
		for _, c := range conns {
			got, err := make([]byte, 3), error(nil)
			if _, err = io.ReadFull(c, got); err != nil {
				closed++
			} else if string(got) != "old" {
				t.Errorf("%q", got)
			}
		}
		if want := n - n/3; closed != want && closed != want-1 {
			t.Errorf("%d connections were closed, want %d", closed, want)
		}
		e.finish()
	}
}

// TestDetach: a socket that was detached is somebody else's, and its events are
// not told any more.
func TestDetach(t *testing.T) {
	e := start(t, 1, "tcp", plain)
	s := e.connect(1)[0]
	s.mu.Lock()
	fd, ok := s.socket.Detach()
	if _, again := s.socket.Detach(); again {
		t.Error("Detach twice")
	}
	s.socket.Close()
	s.socket.Reset()
	closed := s.socket.Closed()
	s.mu.Unlock()
	if !ok || !closed || e.g.Connections() != 0 {
		t.Errorf("Detach = %v, Closed = %v, %d connections", ok, closed, e.g.Connections())
	}
	if n, err := e.sys.Write(fd, []byte("still open")); n != 10 || err != nil {
		t.Errorf("Write: %d, %v", n, err)
	}
	if err := e.sys.Close(fd); err != nil {
		t.Error(err)
	}
}
