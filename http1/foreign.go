package http1

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cork-go/cork/internal/httpparse"
)

// ToHTTP returns an http.Handler that has a native handler answer, for foreign
// servers, net/http's middleware and httptest.ResponseRecorder. Each request gets a
// connection of its own, without a network, and the URL that the handlers before have
// left: messages, events and their order are
// those of a Server with OnRequest. Framing, time limits and keeping connections are
// the foreign server's; of the native handler's Connection and Keep-Alive fields it
// hears nothing. ServeHTTP returns when the response has ended; it panics with
// http.ErrAbortHandler if it never will.
func ToHTTP(onRequest func(req *IncomingMessage, res *ServerResponse)) http.Handler {
	s := &Server{
		OnRequest: onRequest, AllowMissingHost: true, MaxHeaderBytes: headerBytesMaxMax, MaxHeadersCount: 1<<16 - 1,
		MaxConnections: -1, MinBodyRate: -1, ReadTimeout: -1, ReadHeaderTimeout: -1, WriteTimeout: -1, IdleTimeout: -1,
	}
	return &foreign{server: s, fault: s.prepare()}
}

// foreign is the http.Handler of ToHTTP.
type foreign struct {
	server *Server
	fault  error
}

// ServeHTTP implements http.Handler.
func (f *foreign) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.fault != nil {
		slog.Default().Error(f.fault.Error())
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	head, ok := foreignHead(r)
	if !ok {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	_ = http.NewResponseController(w).EnableFullDuplex() // as here; who cannot need not
	c := newForeignConn(w, r, head)
	defer c.Close() // also if the handler ends the goroutine: another one goes on, without w
	newNetTransport(f.server, c).serve()
	if !c.whole() {
		panic(http.ErrAbortHandler)
	}
}

// foreignHead writes a request's head. It reports false if that cannot be done,
// which no server does, but what somebody has made up may.
func foreignHead(r *http.Request) (head []byte, ok bool) {
	target := foreignTarget(r)
	ok = validName(r.Method) && target != "" && !strings.ContainsAny(target, " \t") && validValue(target)
	head = append(append(append(head, r.Method...), ' '), target...)
	if r.ProtoAtLeast(1, 1) {
		head = append(head, " HTTP/1.1\r\n"...)
	} else {
		head = append(head, " HTTP/1.0\r\n"...)
	}
	line := func(name, value string) {
		ok = ok && validName(name) && validRelaxed(value)
		head = appendLine(head, name, value)
	}
	if r.Host != "" {
		line("Host", r.Host)
	}
	for name, values := range r.Header {
		switch http.CanonicalHeaderKey(name) {
		case "Host", "Content-Length", "Transfer-Encoding", "Trailer", "Connection", "Expect":
			continue // said below, or the foreign server's
		}
		for _, value := range values {
			line(name, value)
		}
	}
	switch {
	case hasNoBody(r):
	case r.ContentLength > 0:
		line("Content-Length", strconv.FormatInt(r.ContentLength, 10))
	default:
		line("Transfer-Encoding", "chunked")
		for name := range r.Trailer {
			line("Trailer", name)
		}
	}
	return append(head, crlf...), ok
}

// foreignTarget returns the target as it was sent, unless a middleware has changed
// the URL: then what is left of it.
func foreignTarget(r *http.Request) string {
	if r.Method == http.MethodConnect {
		return r.RequestURI
	}
	if sent, err := url.ParseRequestURI(r.RequestURI); err == nil && *sent == *r.URL {
		return r.RequestURI
	}
	return r.URL.RequestURI()
}

func hasNoBody(r *http.Request) bool {
	return r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0
}

// foreignConn is the connection that a native handler believes in: what is read of
// it is the foreign request, what is written to it goes to the foreign writer. Read
// is called by one goroutine at a time, Write too.
type foreignConn struct {
	w http.ResponseWriter
	r *http.Request

	// Of Read.
	in      []byte // has been made and not read
	ended   bool   // so has the end of the body
	chunked bool

	// Of Write.
	parser  httpparse.Parser
	pending []byte // the parser is not done with it
	final   bool   // the head of the answer has come, and not one of a 1xx
	dirty   bool   // something was written behind the last Flush
	stream  bool   // the answer's length is not known

	once   sync.Once
	closed chan struct{}
	answer sync.Once
	done   chan struct{} // the answer is whole

	mu       sync.Mutex
	deadline time.Time     // of Read
	moved    chan struct{} // closed when deadline changes
}

func newForeignConn(w http.ResponseWriter, r *http.Request, head []byte) *foreignConn {
	c := &foreignConn{w: w, r: r, in: head, ended: hasNoBody(r), chunked: r.ContentLength < 0,
		closed: make(chan struct{}), done: make(chan struct{}), moved: make(chan struct{})}
	c.parser.Init(httpparse.Response, c, httpparse.Options{Limits: httpparse.Limits{
		HeadBytesMax: headerBytesMaxMax, TrailerBytesMax: headerBytesMaxMax, FieldsMax: 1<<16 - 1, TargetBytesMax: headerBytesMaxMax,
	}})
	return c
}

// whole reports whether the answer is.
func (c *foreignConn) whole() bool {
	select {
	case <-c.done:
		return true
	default:
		return c.final && c.parser.Finish() == httpparse.OK // its end is the connection's
	}
}

// Read implements net.Conn: head, body, and then nothing until the answer is whole or
// the client has gone. The body is read when the native side wants it.
func (c *foreignConn) Read(p []byte) (int, error) {
	for {
		select {
		case <-c.closed:
			return 0, net.ErrClosed
		case <-c.done:
			return 0, io.EOF
		default:
		}
		switch {
		case len(c.in) > 0:
			n := copy(p, c.in)
			c.in = c.in[n:]
			return n, nil
		case c.ended:
			return 0, c.quiet()
		}
		if n, err := c.readBody(p); n > 0 || err != nil {
			return n, err
		}
	}
}

// readBody reads a piece of the body, and says how long it is if the native side is
// to be told.
func (c *foreignConn) readBody(p []byte) (int, error) {
	if !c.chunked {
		n, err := c.r.Body.Read(p)
		if err == io.EOF {
			c.ended, err = true, nil
		}
		return n, err
	}
	piece := make([]byte, len(p))
	n, err := c.r.Body.Read(piece)
	if n > 0 {
		c.in = append(append(appendChunkHead(c.in, n), piece[:n]...), crlf...)
	}
	if err == io.EOF {
		c.ended, err = true, nil
		c.in = append(c.in, "0\r\n"...)
		for name, values := range c.r.Trailer {
			for _, value := range values {
				if validName(name) && validValue(value) {
					c.in = appendLine(c.in, name, value)
				}
			}
		}
		c.in = append(c.in, crlf...)
	}
	return 0, err
}

// quiet is a client that waits for its answer.
func (c *foreignConn) quiet() error {
	for {
		c.mu.Lock()
		deadline, moved := c.deadline, c.moved
		c.mu.Unlock()
		var late <-chan time.Time
		if !deadline.IsZero() {
			timer := time.NewTimer(time.Until(deadline))
			defer timer.Stop()
			late = timer.C
		}
		select {
		case <-c.closed:
			return net.ErrClosed
		case <-c.done:
			return io.EOF
		case <-c.r.Context().Done():
			return io.EOF
		case <-late:
			return os.ErrDeadlineExceeded
		case <-moved:
		}
	}
}

// Write implements net.Conn.
func (c *foreignConn) Write(p []byte) (int, error) {
	if err := c.r.Context().Err(); err != nil {
		return 0, err
	}
	select {
	case <-c.closed:
		return 0, net.ErrClosed
	default:
	}
	c.pending = append(c.pending, p...)
	n, code := c.parser.Execute(c.pending)
	c.pending = append(c.pending[:0], c.pending[n:]...)
	if code != httpparse.OK {
		return 0, ErrConnectionClosed // by its writer, as noted in OnBody, or nonsense of Socket.Write
	}
	if c.dirty && c.stream {
		c.flush()
	}
	return len(p), nil
}

func (c *foreignConn) flush() {
	c.dirty = false
	_ = http.NewResponseController(c.w).Flush() // who cannot need not
}

// Close implements net.Conn.
func (c *foreignConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

// SetReadDeadline implements net.Conn. A Read of the body itself does not know of it.
func (c *foreignConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	c.deadline = t
	close(c.moved)
	c.moved = make(chan struct{})
	c.mu.Unlock()
	return nil
}

// SetDeadline and SetWriteDeadline implement net.Conn.
func (c *foreignConn) SetDeadline(t time.Time) error    { return c.SetReadDeadline(t) }
func (c *foreignConn) SetWriteDeadline(time.Time) error { return nil }

// LocalAddr and RemoteAddr implement net.Conn.
func (c *foreignConn) LocalAddr() net.Addr {
	if a, ok := c.r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		return a
	}
	return &net.TCPAddr{}
}

func (c *foreignConn) RemoteAddr() net.Addr {
	if a, err := netip.ParseAddrPort(c.r.RemoteAddr); err == nil {
		return net.TCPAddrFromAddrPort(a)
	}
	return &net.UnixAddr{Name: c.r.RemoteAddr, Net: "unix"}
}

// The parser's events, of the answer.

// OnMessageBegin implements httpparse.Handler.
func (c *foreignConn) OnMessageBegin() httpparse.Code { return httpparse.OK }

// OnHeaders implements httpparse.Handler.
func (c *foreignConn) OnHeaders(head []byte, fields []httpparse.Field) httpparse.Code {
	h := c.w.Header()
	for i := range fields {
		name := http.CanonicalHeaderKey(string(fields[i].Name(head)))
		switch name {
		case "Connection", "Keep-Alive", "Transfer-Encoding":
			continue
		}
		h[name] = append(h[name], string(fields[i].Value(head)))
	}
	return httpparse.OK
}

// OnHeadersComplete implements httpparse.Handler.
func (c *foreignConn) OnHeadersComplete(head []byte, fields []httpparse.Field) httpparse.Verdict {
	status := int(c.parser.Status)
	if status == 100 { // the foreign server sends it when the body is read
		return httpparse.SkipBody
	}
	c.OnHeaders(head, fields)
	h := c.w.Header()
	if status < 200 {
		c.w.WriteHeader(status)
		clear(h)
		return httpparse.SkipBody
	}
	c.final = true
	if _, typed := h["Content-Type"]; !typed {
		h["Content-Type"] = nil // nobody is to guess
	}
	c.stream = c.parser.Flags&httpparse.FlagContentLength == 0
	c.w.WriteHeader(status)
	c.dirty = true
	if c.r.Method == http.MethodHead {
		return httpparse.SkipBody
	}
	return httpparse.Proceed
}

// OnBody implements httpparse.Handler.
func (c *foreignConn) OnBody(data []byte) httpparse.Code {
	c.dirty = true
	if _, err := c.w.Write(data); err != nil {
		return httpparse.User
	}
	return httpparse.OK
}

// OnChunkHeader implements httpparse.Handler.
func (c *foreignConn) OnChunkHeader(uint64) httpparse.Code { return httpparse.OK }

// OnTrailers implements httpparse.Handler.
func (c *foreignConn) OnTrailers(block []byte, fields []httpparse.Field) httpparse.Code {
	c.flush() // or the foreign server could find that it needs no chunks, nor trailers
	h := c.w.Header()
	for i := range fields {
		name := http.TrailerPrefix + http.CanonicalHeaderKey(string(fields[i].Name(block)))
		h[name] = append(h[name], string(fields[i].Value(block)))
	}
	return httpparse.OK
}

// OnChunkComplete implements httpparse.Handler.
func (c *foreignConn) OnChunkComplete() httpparse.Code { return httpparse.OK }

// OnMessageComplete implements httpparse.Handler.
func (c *foreignConn) OnMessageComplete() httpparse.Code {
	if c.final {
		c.answer.Do(func() { close(c.done) })
	}
	return httpparse.OK
}
