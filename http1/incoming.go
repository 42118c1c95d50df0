package http1

import (
	"net"
	"sync/atomic"

	"github.com/cork-go/cork/internal/fieldname"
	"github.com/cork-go/cork/internal/httpparse"
)

// IncomingMessage is a request. It is valid as long as its ServerResponse; the
// strings it returns are valid for ever. They are slices of one immutable
// string that holds the request's whole head, made when somebody asks for the
// first of them: whoever keeps one keeps the head. (A target that has come often
// may be at hand already.)
type IncomingMessage struct {
	ex   *exchange
	conn *conn

	// The head, set before the handler runs and never changed.
	method httpparse.Method
	minor  uint8
	target httpparse.Span
	url    string // target, if it was at hand when the head came in
	known  fieldname.Set
	fields []httpparse.Field

	// head is the head's bytes in a buffer that is somebody else's. It is read
	// under conn.mu, while the handler runs, and nil when text has been made.
	head  []byte
	text  string
	ready atomic.Bool // text may be read

	// Built by the user's goroutine when first asked for.
	headers  map[string]string
	distinct map[string][]string

	// Guarded by conn.mu.
	length      bodyLength
	expect      expectation
	trailers    []httpparse.Field
	trailerText string
	complete    bool
	aborted     bool
	last        bool // the client sends no other request behind it
	keepAlive   bool // another one may be read
	body        body
	hooks       *requestHooks // nil until the first is set
}

// Method returns the request's method, as sent: "GET". The string is a constant.
func (req *IncomingMessage) Method() string { return req.method.String() }

// URL returns the request target exactly as sent: "/a?b=c", an absolute URL, "*".
// The host of an absolute one (http or https) counts, not what the client has
// sent as Host (RFC 9112 section 3.2.2): the Host field reads as that host.
func (req *IncomingMessage) URL() string {
	if req.url != "" {
		return req.url
	}
	return req.string(req.target)
}

// HTTPVersion returns "1.1" or "1.0", and with ValidationInsecure up to "1.9".
func (req *IncomingMessage) HTTPVersion() string {
	const versions = "1.01.11.21.31.41.51.61.71.81.9"
	return versions[3*req.minor : 3*req.minor+3]
}

// Upgrade reports whether the request was handed to OnUpgrade or OnConnect.
func (req *IncomingMessage) Upgrade() bool { return req.ex.task == taskTunnel }

// Socket returns the request's connection.
func (req *IncomingMessage) Socket() Socket { return Socket{req.conn} }

// HTTPVersionMajor returns 1.
func (req *IncomingMessage) HTTPVersionMajor() int { return 1 }

// HTTPVersionMinor returns 1 or 0, and with ValidationInsecure up to 9.
func (req *IncomingMessage) HTTPVersionMinor() int { return int(req.minor) }

// Complete reports whether the whole request, with its body, has been read from
// the connection.
func (req *IncomingMessage) Complete() bool {
	req.conn.mu.Lock()
	defer req.conn.unlock()
	return req.complete
}

// Aborted reports whether the connection went away before the request had been
// read to its end. OnAborted tells when, and ServerResponse.OnClose that the
// answer cannot be finished.
func (req *IncomingMessage) Aborted() bool {
	req.conn.mu.Lock()
	defer req.conn.unlock()
	return req.aborted
}

// RemoteAddr returns the address of the peer, as the connection reports it.
func (req *IncomingMessage) RemoteAddr() net.Addr { return req.conn.t.remoteAddr() }

// string returns the piece of the head as a slice of the message's string.
func (req *IncomingMessage) string(s httpparse.Span) string {
	return req.headText()[s.Off : s.Off+s.Len]
}

// headText returns the head as a string, made at the first call.
func (req *IncomingMessage) headText() string {
	if !req.ready.Load() {
		req.conn.mu.Lock()
		req.materialise()
		req.conn.unlock()
	}
	return req.text
}

// materialise copies the head out of the buffer. conn.mu is held.
func (req *IncomingMessage) materialise() {
	if req.ready.Load() {
		return
	}
	req.text = string(req.head)
	req.head = nil
	req.ready.Store(true)
}

// reset makes the message ready for another request.
func (req *IncomingMessage) reset() {
	req.fields = req.fields[:0]
	if cap(req.fields) > fieldsKept {
		req.fields = nil
	}
	req.conn, req.head, req.url = nil, nil, ""
	if req.ready.Load() {
		req.text = ""
		req.ready.Store(false)
	}
	req.complete, req.aborted = false, false
	if req.headers != nil || req.distinct != nil || req.hooks != nil || req.trailers != nil {
		req.headers, req.distinct, req.hooks = nil, nil, nil
		req.trailers, req.trailerText = nil, ""
	}
	req.body.reset()
}

func (b *body) reset() {
	b.flow = flowUnasked
	b.received, b.dumped, b.counted, b.patience = 0, 0, 0, patience{}
	b.paused, b.ended, b.out, b.patient = false, false, false, false
	if b.piece != nil || b.onData != nil || b.onEnd != nil {
		b.piece, b.onData, b.onEnd = nil, nil, nil
	}
}
