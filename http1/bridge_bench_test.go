package http1

import (
	"io"
	"net/http"
	"testing"

	"github.com/cork-go/cork/internal/invariants"
)

// helloHandler is what bench/server's net/http program does.
var helloHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, "Hello, World!")
})

// TestBridgeAllocations: what an http.Handler costs the garbage collector beside a
// native handler that looks at nothing: the bridge, the request's text and the map
// of its header; and of the handler's own the other map, its memory and a value.
func TestBridgeAllocations(t *testing.T) {
	if invariants.Enabled {
		t.Skip("nothing is used a second time")
	}
	count := func(s *Server) float64 {
		f := newFake(t, s)
		f.feed(getA)
		return testing.AllocsPerRun(100, func() {
			f.out = f.out[:0]
			f.feed(getA)
		})
	}
	native := count(&Server{OnRequest: func(_ *IncomingMessage, res *ServerResponse) { res.End("Hello, World!") }})
	if got := count(&Server{Handler: helloHandler}) - native; got > 6 {
		t.Errorf("%v allocations, want at most 6", got)
	}
}

func BenchmarkBridge(b *testing.B) {
	f := newFake(b, &Server{Handler: helloHandler})
	b.ReportAllocs()
	for b.Loop() {
		f.out = f.out[:0]
		f.feed(getA)
	}
}
