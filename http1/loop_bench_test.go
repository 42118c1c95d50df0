package http1

import (
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/cork-go/cork/internal/netpoll"
)

// quietSys is a kernel that always has the same request and takes every answer,
// so that what is left of the time is ours.
type quietSys struct {
	netpoll.Sys
	request  []byte
	reads    int // left
	finished chan bool
}

const quietFD = 4000 // far from what is open

func (q *quietSys) PollAdd(poll, fd int, mode netpoll.Mode) error {
	if fd == quietFD {
		return nil
	}
	return q.Sys.PollAdd(poll, fd, mode)
}

func (q *quietSys) Poll(poll int, events []netpoll.Event) (int, error) {
	if q.reads == 0 {
		return q.Sys.Poll(poll, events)
	}
	for i := range 32 {
		events[i] = netpoll.Event{FD: quietFD, Flags: netpoll.Readable}
	}
	return 32, nil
}

func (q *quietSys) Read(_ int, p []byte) (int, error) {
	if q.reads == 0 {
		return 0, syscall.EAGAIN
	}
	if q.reads--; q.reads == 0 {
		q.finished <- true
	}
	return copy(p, q.request), nil
}

func (q *quietSys) Write(_ int, p []byte) (int, error) { return len(p), nil }
func (q *quietSys) Close(fd int) error {
	if fd == quietFD {
		return nil
	}
	return q.Sys.Close(fd)
}

// typedHello does what most handlers do: it looks at the target and says what it
// sends.
func typedHello(req *IncomingMessage, res *ServerResponse) {
	switch req.URL() {
	case "/":
		_ = res.SetHeader("Content-Type", "text/plain; charset=utf-8")
		_ = res.End("Hello, World!")
	default:
		res.StatusCode = 404
		_ = res.End()
	}
}

// BenchmarkLoop is what a request costs besides the kernel.
func BenchmarkLoop(b *testing.B) {
	for _, bench := range []struct {
		name    string
		n       int
		handler func(*IncomingMessage, *ServerResponse)
	}{
		{"bare", 1, hello},
		{"one", 1, typedHello},
		{"pipeline16", 16, typedHello},
	} {
		b.Run(bench.name, func(b *testing.B) {
			q := &quietSys{Sys: netpoll.OS, request: []byte(strings.Repeat("GET / HTTP/1.1\r\nHost: 127.0.0.1:3100\r\n\r\n", bench.n)),
				reads: b.N, finished: make(chan bool, 1)}
			s := &Server{OnRequest: bench.handler, Loops: 1, sys: q}
			if err := s.prepare(); err != nil {
				b.Fatal(err)
			}
			ls, err := newLoops(s)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			ls.group.Adopt(quietFD, netip.AddrPort{}, ls.acceptAt(nil))
			<-q.finished
			b.StopTimer()
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*bench.n), "ns/request")
			for _, c := range ls.connections() {
				c.abort()
			}
			ls.close()
		})
	}
}

// TestConnIsSmall: what an idle connection owns fits the allocator's class of 384
// bytes, on 64 bits. Another field is another 32 bytes for each connection.
func TestConnIsSmall(t *testing.T) {
	const most = 384
	if size := unsafe.Sizeof(loopConn{}); size > most {
		t.Errorf("a connection has %d bytes, want at most %d", size, most)
	}
}
