package http1

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"
)

// site is what a connection's requests have in common for an http.Handler. A
// connection begins with its listener's and gets its own with the first request.
type site struct {
	ctx    context.Context
	own    bool
	remote string
	tls    *tls.ConnectionState
	local  net.Addr // made when asked for; guarded by conn.mu
	face   net.Conn // what ConnContext and ConnState are given
}

// newSite returns the site of a listener, or of connections without one.
func (s *Server) newSite(base context.Context) *site {
	return &site{ctx: context.WithValue(base, http.ServerContextKey, s.shadow)}
}

// siteOf returns the site of a listener's connections.
func (s *Server) siteOf(l net.Listener) *site {
	if s.BaseContext == nil {
		return s.home
	}
	base := s.BaseContext(l)
	if base == nil {
		panic("BaseContext returned a nil context")
	}
	return s.newSite(base)
}

// newShadow makes what requests find as http.ServerContextKey: an *http.Server,
// since that is what code expects, that shows the settings and hands Shutdown on.
func (s *Server) newShadow() *http.Server {
	shadow := &http.Server{
		Addr: s.Addr, Handler: s.Handler, DisableGeneralOptionsHandler: s.DisableGeneralOptionsHandler,
		ReadTimeout: s.ReadTimeout, ReadHeaderTimeout: s.ReadHeaderTimeout, WriteTimeout: s.WriteTimeout,
		IdleTimeout: s.IdleTimeout, MaxHeaderBytes: s.MaxHeaderBytes, ConnState: s.ConnState, ErrorLog: s.ErrorLog,
		BaseContext: s.BaseContext, ConnContext: s.ConnContext,
	}
	shadow.RegisterOnShutdown(func() { _ = s.Shutdown(context.Background()) })
	return shadow
}

// ownSite makes sure that the connection has a site of its own. It is called by
// the goroutine that runs the connection, without mu.
func (c *conn) ownSite() *site {
	at := c.site
	if at == nil {
		at = c.server.home
	}
	if at.own {
		return at
	}
	own := &site{ctx: at.ctx, own: true, remote: textOf(c.t.remoteAddr())}
	if t, ok := c.t.(*netTransport); ok {
		own.face = t.socket
		if s, ok := t.socket.(interface{ ConnectionState() tls.ConnectionState }); ok {
			state := s.ConnectionState()
			own.tls = &state
		}
	} else {
		own.face = &loopFace{c}
	}
	if hook := c.server.ConnContext; hook != nil {
		if own.ctx = hook(own.ctx, own.face); own.ctx == nil {
			panic("ConnContext returned nil")
		}
	}
	c.site = own
	return own
}

// localAddr returns the address that the client has connected to.
func (c *conn) localAddr(at *site) net.Addr {
	c.mu.Lock()
	defer c.unlock()
	if at.local == nil {
		at.local = c.t.localAddr()
	}
	return at.local
}

// tellState calls ConnState. mu is not held.
func (s *Server) tellState(c *conn, state http.ConnState) {
	if s.ConnState != nil {
		s.guard(func() { s.ConnState(c.ownSite().face, state) })
	}
}

// stateEvent is tellState later, where callbacks are called.
func (c *conn) stateEvent(state http.ConnState) {
	if c.server.ConnState != nil {
		c.wake()
		c.events = append(c.events, event{call: func() { c.server.tellState(c, state) }})
	}
}

// loopFace is a connection on an event loop as ConnContext and ConnState see it:
// to be told from others and to be closed. Reading and writing are the server's.
type loopFace struct {
	c *conn
}

// errNotYours is what Read and Write of a loopFace return.
var errNotYours = errors.New("http1: the connection is the server's; hijack it to read or write")

func (f *loopFace) Read([]byte) (int, error)         { return 0, errNotYours }
func (f *loopFace) Write([]byte) (int, error)        { return 0, errNotYours }
func (f *loopFace) Close() error                     { f.c.destroy(); return nil }
func (f *loopFace) LocalAddr() net.Addr              { return Socket{f.c}.LocalAddr() }
func (f *loopFace) RemoteAddr() net.Addr             { return f.c.t.remoteAddr() }
func (f *loopFace) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (f *loopFace) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (f *loopFace) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }
