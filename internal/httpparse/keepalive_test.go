package httpparse

import "testing"

// lastHead is a Handler that keeps what the last head said.
type lastHead struct {
	handlerOnly
	p         *Parser
	keepAlive bool
	needsEOF  bool
}

func (h *lastHead) OnHeadersComplete([]byte, []Field) Verdict {
	h.keepAlive, h.needsEOF = h.p.ShouldKeepAlive(), h.p.NeedsEOF()
	return Proceed
}

// TestKeepAlive is RFC 9112 section 9.3: close ends the connection in every
// version; without it 1.1 persists, and 1.0 with keep-alive.
func TestKeepAlive(t *testing.T) {
	for _, c := range []struct {
		head string
		kind Type
		want bool
	}{
		{"GET / HTTP/1.1\r\n\r\n", Request, true},
		{"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", Request, false},
		{"GET / HTTP/1.1\r\nConnection: keep-alive, close\r\n\r\n", Request, false},
		{"GET / HTTP/1.1\r\nConnection: x, close, y\r\n\r\n", Request, false},
		{"GET / HTTP/1.1\r\nProxy-Connection: close\r\n\r\n", Request, false},
		{"GET / HTTP/1.0\r\n\r\n", Request, false},
		{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", Request, true},
		{"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", Request, false},
		{"GET / HTTP/1.0\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n", Request, false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Response, true},
		{"HTTP/1.1 204 OK\r\n\r\n", Response, true},
		{"HTTP/1.1 200 OK\r\n\r\n", Response, false},
		{"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive, close\r\n\r\n", Response, false},
	} {
		for _, o := range []Options{{}, {Tracer: silentTracer{}}} {
			h := &lastHead{p: new(Parser)}
			h.p.Init(c.kind, h, o)
			if _, code := h.p.Execute([]byte(c.head)); code != OK || h.keepAlive != c.want {
				t.Errorf("%q: %v, %v, want %v", c.head, code, h.keepAlive, c.want)
			}
		}
	}
}

// TestStatusZero: a response whose status is 000 lasts until the end as every
// other without a length, RFC 9112 section 6.3 rule 8.
func TestStatusZero(t *testing.T) {
	for _, status := range []string{"000", "200", "600"} {
		h := &lastHead{p: new(Parser)}
		h.p.Init(Response, h, Options{})
		_, code := h.p.Execute([]byte("HTTP/1.1 " + status + " x\r\n\r\nbody"))
		if code != OK || !h.needsEOF || h.keepAlive || h.p.Idle() {
			t.Errorf("%s: %v, until the end: %v, keep alive: %v", status, code, h.needsEOF, h.keepAlive)
		}
	}
}
