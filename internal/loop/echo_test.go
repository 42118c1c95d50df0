//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package loop

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// networks are what most tests run over.
var networks = []string{"tcp", "unix"}

func TestEcho(t *testing.T) {
	for _, network := range networks {
		for _, loops := range []int{1, 3} {
			t.Run(fmt.Sprint(network, loops), func(t *testing.T) {
				e := start(t, loops, network, plain)
				c := e.dial()
				for _, n := range []int{1, 100, readBytes - 1, readBytes, readBytes + 1, 3 << 20} {
					e.echo(c, pattern(n))
				}
			})
		}
	}
}

// TestSlowReader: what the peer does not take waits, and the session is not read
// further meanwhile.
func TestSlowReader(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			e := start(t, 1, network, plain)
			c := e.dial()
			want := pattern(20 << 20)
			go func() { _, _ = c.Write(want) }()
			if !eventually(func() bool { return e.g.Chunks() > 0 }) {
				t.Fatal("nothing waits")
			}
			time.Sleep(20 * time.Millisecond)
			got := make([]byte, len(want))
			for rest := got; len(rest) > 0; {
				n, err := c.Read(rest[:min(len(rest), 1+rand.IntN(200<<10))])
				if err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
			}
			if !slices.Equal(got, want) {
				t.Error("not what was sent")
			}
			if n := e.g.Chunks(); n > 0 {
				t.Errorf("%d chunks wait for a peer that has read all", n)
			}
		})
	}
}

// TestHalfClose: a peer that has ended its side gets the rest.
func TestHalfClose(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			e := start(t, 1, network, plain)
			for _, n := range []int{0, 1, 100, 4 << 20} {
				c := e.dial()
				want := pattern(n)
				go func() {
					_, _ = c.Write(want)
					_ = c.(interface{ CloseWrite() error }).CloseWrite()
				}()
				got, err := io.ReadAll(c)
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("%d bytes, then the end: %d came back, %v", n, len(got), err)
				}
			}
		})
	}
}

func TestManyConnections(t *testing.T) {
	n := 400
	if testing.Short() {
		n = 100
	}
	e := start(t, 2, "tcp", plain)
	var conns []net.Conn
	for range n {
		conns = append(conns, e.dial())
	}
	if !eventually(func() bool { return e.g.Connections() == n }) {
		t.Fatalf("%d connections, want %d", e.g.Connections(), n)
	}
	for i, l := range e.g.Loops() {
		if got := int(l.count.Load()); got < n/2-1 || got > n/2+1 {
			t.Errorf("loop %d has %d connections, want half of %d", i, got, n)
		}
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for k := i; k < n; k += 8 {
				e.echo(conns[k], pattern(1+k*7))
			}
		})
	}
	wg.Wait()
	if got := len(e.g.Handlers()); got != n {
		t.Errorf("Handlers: %d, want %d", got, n)
	}
	for _, c := range conns {
		c.Close()
	}
	if !eventually(func() bool { return e.g.Connections() == 0 }) {
		t.Errorf("%d connections are left of those that were closed", e.g.Connections())
	}
}

// TestResets: peers that go away in the middle.
func TestResets(t *testing.T) {
	e := start(t, 2, "tcp", plain)
	for i := range 100 {
		c := e.dial().(*net.TCPConn)
		_, _ = c.Write(pattern(1 + i*1000))
		if i%3 == 0 {
			_, _ = c.Read(make([]byte, 10))
		}
		if i%2 == 0 {
			_ = c.SetLinger(0)
		}
		c.Close()
	}
	if !eventually(func() bool { return e.g.Connections() == 0 && len(e.accepted()) == 100 }) {
		t.Errorf("%d connections are left of %d", e.g.Connections(), len(e.accepted()))
	}
}

// TestOneDoesNotStarveOthers: a connection that always has input leaves time for
// the others.
func TestOneDoesNotStarveOthers(t *testing.T) {
	e := start(t, 1, "tcp", plain)
	busy := e.dial()
	stop := make(chan bool)
	var wg sync.WaitGroup
	wg.Go(func() {
		p := make([]byte, 1<<20)
		for {
			select {
			case <-stop:
				busy.Close()
				return
			default:
				_, _ = busy.Write(p)
			}
		}
	})
	wg.Go(func() { _, _ = io.Copy(io.Discard, busy) })
	c := e.dial()
	var slow []time.Duration
	for range 200 {
		begin := time.Now()
		e.echo(c, []byte("ping"))
		slow = append(slow, time.Since(begin))
	}
	close(stop)
	busy.Close()
	wg.Wait()
	slices.Sort(slow)
	if median := slow[len(slow)/2]; median > 20*time.Millisecond {
		t.Errorf("beside a busy connection, an echo takes %v (median)", median)
	}
}
