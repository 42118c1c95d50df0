package http1

import (
	"context"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cork-go/cork/internal/httpparse"
	"github.com/cork-go/cork/internal/netpoll"
)

// Server is an HTTP/1.x server. Its fields are set before it listens; a wrong
// one is an error of Serve, Listen and ListenAndServe. It must not be copied
// after first use.
//
// For all timeouts zero means the default and a negative value means none.
type Server struct {
	// OnRequest is called with each request. It runs on the connection's
	// goroutine: it may block, and requests behind it in the same connection
	// wait while it does. It may return before it has answered. Required, unless
	// there is a Handler.
	OnRequest func(req *IncomingMessage, res *ServerResponse)

	// Handler serves requests as it would under net/http's Server, in place of
	// OnRequest. Unlike there it must not be nil if OnRequest is: http.DefaultServeMux
	// is used by who names it. With a Handler a client may close its side and
	// wait for the answer (AllowHalfOpen), and ReadTimeout, IdleTimeout and
	// MaxHeaderBytes have other defaults. docs/net-http.md has what else there is
	// to know.
	Handler http.Handler

	// Addr is where ListenAndServe listens, as in net.Listen: "localhost:8080",
	// ":0". Empty means ":http".
	Addr string

	// DisableGeneralOptionsHandler gives OPTIONS * to the Handler. Otherwise the
	// server answers it with 200 by itself.
	DisableGeneralOptionsHandler bool

	// BaseContext returns the context that those of a listener's requests are
	// derived from. Nil: context.Background(). It is called by Serve, before the
	// first connection is accepted. For Handler.
	BaseContext func(net.Listener) context.Context

	// ConnContext returns the context of a connection's requests, derived from ctx.
	// It is called before the first of them. c is the connection itself over
	// CarrierNet; on an event loop it has addresses and Close, and nothing else.
	// For Handler.
	ConnContext func(ctx context.Context, c net.Conn) context.Context

	// ConnState is told what a connection is doing: new, active while a Handler
	// runs, idle, hijacked, closed. c as in ConnContext, the same each time. It runs
	// on the connection's goroutine or on one of its own. For Handler, except that
	// new and closed are told always.
	ConnState func(c net.Conn, state http.ConnState)

	// OnUpgrade is called with an HTTP/1.1 request that has an Upgrade field,
	// Connection: upgrade and no body, when the earlier requests of its
	// connection have been answered. The connection is the hook's from then on: it answers, and it
	// closes. head is what came in behind the request, the hook's too. No
	// timeouts of the server apply any more and Close does not touch it. It
	// runs on the connection's goroutine. Nil: Upgrade is ignored and the
	// request is an ordinary one (RFC 9110 section 7.8).
	OnUpgrade func(req *IncomingMessage, socket net.Conn, head []byte)

	// OnConnect is the same for CONNECT. Nil: 501 and the end of the connection.
	OnConnect func(req *IncomingMessage, socket net.Conn, head []byte)

	// OnClientError is told when a request is refused because it is malformed,
	// too large or too slow, before err.Answer is sent, which it may change. The
	// connection is closed after it in any case. It runs on the connection's
	// goroutine and must not keep err.
	OnClientError func(err *ClientError)

	// ShouldUpgrade says whether a request with an Upgrade field, as above, leaves
	// HTTP. It is called when its head has come in, on the connection's
	// goroutine. Nil: all do if there is an OnUpgrade.
	ShouldUpgrade func(req *IncomingMessage) bool

	// OnCheckContinue is called in place of OnRequest with a request that expects
	// 100-continue. It calls WriteContinue or answers without: then the
	// connection is closed after the answer. Nil: 100 Continue, and OnRequest.
	OnCheckContinue func(req *IncomingMessage, res *ServerResponse)

	// OnCheckExpectation is called in place of OnRequest with an HTTP/1.1 request
	// that expects something else. Nil: 417.
	OnCheckExpectation func(req *IncomingMessage, res *ServerResponse)

	// OnDropRequest is told of each request beyond MaxRequestsPerSocket, before it
	// is answered with 503. It runs on the connection's goroutine.
	OnDropRequest func(req *IncomingMessage, socket Socket)

	// OnConnection is told of each connection before anything is read from it. It
	// runs on the connection's goroutine.
	OnConnection func(socket Socket)

	// OnDrop is told of each connection that is closed at once, since there are
	// MaxConnections already. It runs on an event loop or the goroutine of Serve.
	OnDrop func(drop Drop)

	// OnListening is called when the server has begun to listen, before the
	// callbacks of Listen, on the goroutine of Serve or Listen.
	OnListening func()

	// OnError is told of errors that nobody else gets: a listener that has to
	// pause, an event loop that fails. They are logged if it is nil. It may be
	// called by any goroutine and must not block.
	OnError func(err error)

	// OnClose is called once, when the server is closed and its last connection
	// is gone: at the end of Close, or of Shutdown.
	OnClose func()

	// OnTimeout is called with a connection that was quiet for longer than Timeout
	// or Socket.SetTimeout say, or without a request for longer than
	// IdleTimeout, in place of closing it: that is the hook's business, if it
	// wants to. It runs on the connection's goroutine or on one of its own.
	OnTimeout func(socket Socket)

	// ReadHeaderTimeout is for a request's head, from its first byte, or from
	// the beginning of the connection for its first request. Default 60 s, or
	// ReadTimeout if that is less.
	ReadHeaderTimeout time.Duration

	// ReadTimeout is for a whole request, from its first byte to the end of its
	// body. Default 300 s.
	ReadTimeout time.Duration

	// MinBodyRate is how fast a body has to come in, in bytes a second, after five
	// seconds and on average over the time in which the server waits for it: not
	// while the application does something else. It may stand still for a minute
	// at most. A client that is slower gets 408. Up to 2^30, 0 for the default,
	// 240; negative for none.
	MinBodyRate int

	// WriteTimeout is how long the client may take for 256 KiB of an answer, on
	// average over the time in which output waits for it, and for how long it
	// may take nothing at all. Unlike net/http's it is not for the whole answer,
	// which may be long or last for ever. A client that is slower is cut off by
	// a reset. Default 60 s.
	WriteTimeout time.Duration

	// IdleTimeout is how long a connection without requests is kept, in whole
	// seconds told in the Keep-Alive field; it gets a second more than it is
	// told (KeepAliveTimeoutBuffer). Default 5 s.
	IdleTimeout time.Duration

	// KeepAliveTimeoutBuffer is what a connection without requests gets on top of
	// the IdleTimeout that it was told, so that a request sent in the last moment
	// is served. Default 1 s.
	KeepAliveTimeoutBuffer time.Duration

	// Timeout is how long a connection may be quiet, with neither input nor
	// output, while it has requests or before its first one. Then OnTimeout is
	// called, or the connection closed without an answer. Default and negative:
	// for ever.
	Timeout time.Duration

	// MaxConnections bounds the connections; those beyond are closed as soon as
	// they are accepted, see OnDrop. 0 for the default: as many as the process may
	// have open files, but for 5 %, which are for other things; negative for none.
	MaxConnections int

	// MaxRequestsPerSocket bounds the HTTP/1.1 requests of a connection. The last
	// answer says so (Connection: close), and the connection is left to the
	// client; what it sends on it nevertheless is answered with 503, as in Node.
	// 0 is no bound.
	MaxRequestsPerSocket int

	// HighWaterMark is how many bytes of answers may wait in a connection, for
	// their turn or for the client, before Write waits and the connection is not
	// read any more. 1 to 64 MiB, 0 for the default, 64 KiB.
	HighWaterMark int

	// MaxHeaderBytes bounds target, names and values of a head together, and
	// again of the trailers: as in Node they must stay below it, else 431, or 414
	// for the target alone. 1 to 64 MiB, 0 for the default, 16384.
	MaxHeaderBytes int

	// MaxHeadersCount bounds the fields of a head, and again of the trailers:
	// 431 beyond. 1 to 65535, 0 for the default, 1000.
	MaxHeadersCount int

	// MaxIdleHTTPParsers bounds the free list of parsers. At least 1, 0 for the
	// default, 1000.
	MaxIdleHTTPParsers int

	// ReusePort lets several programs, or several servers of one, listen at the same
	// address; the system spreads connections over them (SO_REUSEPORT). It is for
	// Listen and ListenAndServe, on systems that have it. Without it, a port that is
	// used is an error.
	ReusePort bool

	// Nagle lets the system wait for more before it sends a small packet. By
	// default it does not (TCP_NODELAY), as in Node and in Go.
	Nagle bool

	// KeepAliveConfig is for the probes that TCP sends to silent peers, as in
	// net.ListenConfig. The default is none, since ReadTimeout, WriteTimeout and
	// IdleTimeout find silent peers; a listener given to Serve has its own.
	KeepAliveConfig net.KeepAliveConfig

	// AllowHalfOpen lets a client that has closed its sending side wait for its
	// answers (Node's httpAllowHalfOpen). Otherwise it gets what has been
	// written by then, and requests without an answer are aborted.
	AllowHalfOpen bool

	// Carrier is what carries the connections. The default is CarrierAuto.
	Carrier Carrier

	// Loops is how many event loops there are; 0 for one per P (GOMAXPROCS).
	Loops int

	// AllowMissingHost takes HTTP/1.1 requests without a Host field, which are
	// answered with 400 otherwise (RFC 9112 section 3.2).
	AllowMissingHost bool

	// JoinDuplicateHeaders joins request fields that must not be repeated with
	// ", " if they are, see IncomingMessage.Headers. Otherwise the first counts.
	JoinDuplicateHeaders bool

	// HTTPValidation says which characters may stand in field values, and how
	// closely requests have to keep to the grammar. Default ValidationStrict.
	HTTPValidation Validation

	// RejectNonStandardBodyWrites makes Write and End return
	// http.ErrBodyNotAllowed for a body where there can be none (HEAD, 204, 304).
	// Otherwise it is taken and not sent.
	RejectNonStandardBodyWrites bool

	// UniqueHeaders names the response fields, and trailers, of which several
	// values are sent as one line, joined with "; ", as Cookie always is. Without
	// it each value has its line.
	UniqueHeaders []string

	// Logger gets panics of handlers and errors of accept. Default slog.Default().
	Logger *slog.Logger

	// ErrorLog gets what Logger would, if that is nil.
	ErrorLog *log.Logger

	// Filled once from the fields above by prepare.
	once          sync.Once
	fault         error
	timeouts      timeouts
	mark          int // HighWaterMark
	keepAliveLine string
	onRequest     func(*IncomingMessage, *ServerResponse) // OnRequest, or what calls Handler
	halfOpen      bool                                    // AllowHalfOpen
	shadow        *http.Server
	home          *site // of connections whose listener has none of its own
	parserOptions httpparse.Options
	now           func() time.Time
	epoch         time.Time   // instants count from here
	sys           netpoll.Sys // a test's; nil for the real one
	wary          bool        // a test's: what is asked for the first time is taken to block

	loops     *loops // nil before the first connection that needs them; guarded by mu
	netPools  *pools // of the connections over net.Conns
	exchanges sync.Pool
	date      dateCache

	connectionsMax int64
	alive          atomic.Int64 // connections
	orphans        atomic.Int64 // closed ones, with code of the application at work

	closed  sync.Once   // OnClose has been called
	closing atomic.Bool // Close or Shutdown has been called
	parting atomic.Bool // each answer is its connection's last: closing, or SetKeepAlivesEnabled
	stopped atomic.Bool // Close has been called

	mu          sync.Mutex
	listeners   map[net.Listener]struct{}
	connections map[*netTransport]struct{}
	onShutdown  []func()
}

// CreateServer returns a Server with the default options.
func CreateServer(onRequest func(req *IncomingMessage, res *ServerResponse)) *Server {
	return &Server{OnRequest: onRequest}
}

// Close stops listening and closes all connections but those handed over,
// whatever they are doing. It does not wait for handlers nor for callbacks. Serve and Listen return
// http.ErrServerClosed. A closed server cannot be used again.
func (s *Server) Close() error {
	s.closing.Store(true)
	s.parting.Store(true)
	s.stopped.Store(true)
	s.mu.Lock()
	err := s.closeListeners()
	s.mu.Unlock()
	s.CloseAllConnections()
	s.closeLoops()
	s.ended()
	return err
}

// Shutdown stops listening, closes idle connections, and waits until the others
// have been answered or ctx is done; then it returns the listeners' error or
// ctx's. A handler whose client has gone is waited for too. Connections that were
// handed over are not.
func (s *Server) Shutdown(ctx context.Context) error {
	s.closing.Store(true)
	s.parting.Store(true)
	s.mu.Lock()
	err := s.closeListeners()
	for _, call := range s.onShutdown {
		go call() // ends when the application likes
	}
	s.mu.Unlock()
	poll := time.NewTicker(shutdownPoll)
	defer poll.Stop()
	for !s.closeIdle() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-poll.C:
		}
	}
	s.closeLoops()
	s.ended()
	return err
}

// closeIdle closes the connections that have nothing to do and reports whether
// there are no others. If Close has been called there is nothing to wait for.
func (s *Server) closeIdle() bool {
	open := s.open()
	for _, c := range open {
		c.closeIdle(acceptDelayMax)
	}
	return len(open) == 0 && s.orphans.Load() == 0 || s.stopped.Load()
}

// open returns the connections, as a new slice.
func (s *Server) open() (all []*conn) {
	s.mu.Lock()
	loops := s.loops
	for _, t := range s.overNet() {
		all = append(all, t.conn)
	}
	s.mu.Unlock()
	if loops != nil {
		all = append(all, loops.connections()...)
	}
	return all
}

// overNet returns those over net.Conns. s.mu is held.
func (s *Server) overNet() (all []*netTransport) {
	for t := range s.connections {
		all = append(all, t)
	}
	return all
}

// closeLoops ends the event loops, when no connection is left.
func (s *Server) closeLoops() {
	s.mu.Lock()
	loops := s.loops
	s.mu.Unlock()
	if loops == nil {
		return
	}
	loops.close()
	for _, c := range loops.connections() {
		c.abort() // was accepted meanwhile
	}
}

func (s *Server) closeListeners() (err error) {
	for l := range s.listeners {
		if e := l.Close(); e != nil && err == nil {
			err = e
		}
		delete(s.listeners, l)
	}
	return err
}

// Address returns the address of a listener, the server's only one as a rule,
// or nil if it does not listen.
func (s *Server) Address() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.listeners {
		return l.Addr()
	}
	return nil
}

func (s *Server) addListener(l net.Listener) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		return http.ErrServerClosed
	}
	if s.listeners == nil {
		s.listeners = make(map[net.Listener]struct{})
	}
	s.listeners[l] = struct{}{}
	return nil
}

func (s *Server) removeListener(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
}

// addConnection reports whether the server still takes connections.
func (s *Server) addConnection(t *netTransport) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		return false
	}
	if s.connections == nil {
		s.connections = make(map[*netTransport]struct{})
	}
	s.connections[t] = struct{}{}
	return true
}

func (s *Server) removeConnection(t *netTransport) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.connections, t)
}
