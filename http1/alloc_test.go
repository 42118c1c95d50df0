package http1

import (
	"strings"
	"testing"

	"github.com/cork-go/cork/internal/invariants"
)

// quietTransport gives one request over and over and drops the answers.
type quietTransport struct {
	fakeTransport
	request []byte
}

func (t *quietTransport) write(bufs [][]byte) error { t.writes += len(bufs); return nil }

func (t *quietTransport) fill([]byte) {
	if t.conn.work != nil {
		t.conn.keep()
	}
	t.conn.take(t.request, t.conn.clock())
}

func newQuiet(t testing.TB, request string, handler handlerFunc) *quietTransport {
	f := &quietTransport{fakeTransport: *newFake(t, &Server{OnRequest: handler}), request: []byte(request)}
	f.conn.t = f
	return f
}

func (t *quietTransport) exchange() {
	c := t.conn
	c.mu.Lock()
	if c.run() != stepRead {
		panic("not idle")
	}
	t.fill(nil)
	c.run()
	c.unlock()
}

const browserGet = "GET /index.html HTTP/1.1\r\nHost: example.com\r\nConnection: keep-alive\r\nUser-Agent: Mozilla/5.0\r\n" +
	"Accept: text/html\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: en\r\n\r\n"

// TestAllocations: what is documented to cost nothing.
func TestAllocations(t *testing.T) {
	if invariants.Enabled {
		t.Skip("with invariants messages are not reused")
	}
	for _, test := range []struct {
		name    string
		request string
		handler handlerFunc
		want    float64
	}{
		{"hello", browserGet, hello, 0},
		{"pipeline of 16", strings.Repeat(browserGet, 16), hello, 0},
		{"header absent", browserGet, func(req *IncomingMessage, res *ServerResponse) { _ = req.Header("Cookie"); res.End("x") }, 0},
		{"strings", browserGet, func(req *IncomingMessage, res *ServerResponse) {
			_ = req.Header("Accept")
			_ = req.Header("X-Custom")
			res.End(req.URL())
		}, 1},
		{"headers and chunks", browserGet, func(_ *IncomingMessage, res *ServerResponse) {
			res.SetHeader("Content-Type", "text/plain")
			res.WriteHead(200, "X-A", "b")
			res.WriteString("Hello ")
			res.End("World")
		}, 0},
		{"body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", func(req *IncomingMessage, res *ServerResponse) {
			var p [8]byte
			for {
				if _, err := req.Body().Read(p[:]); err != nil {
					break
				}
			}
			res.End("x")
		}, 1}, // p, which escapes through io.Reader
	} {
		f := newQuiet(t, test.request, test.handler)
		f.exchange()
		if got := testing.AllocsPerRun(200, f.exchange); got > test.want {
			t.Errorf("%s: %v allocations per read, want %v", test.name, got, test.want)
		}
	}
}

func BenchmarkExchange(b *testing.B) {
	for _, bench := range []struct {
		name    string
		request string
		n       int
	}{{"one", browserGet, 1}, {"pipeline16", strings.Repeat(browserGet, 16), 16}} {
		b.Run(bench.name, func(b *testing.B) {
			f := newQuiet(b, bench.request, hello)
			b.ReportAllocs()
			for b.Loop() {
				f.exchange()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*bench.n), "ns/request")
		})
	}
}
