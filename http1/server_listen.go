package http1

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/cork-go/cork/internal/netpoll"
)

// Listen listens on a TCP port of all addresses, calls the callback if there is
// one, and serves until the server is closed. Port 0 takes any free one, see
// Address. It always returns an error: http.ErrServerClosed after Close or
// Shutdown, the one of an option, or the network's.
func (s *Server) Listen(port int, listening ...func()) error {
	if port < 0 || port > 65535 {
		return fmt.Errorf("http1: port is %d; allowed are 0 to 65535", port)
	}
	return s.listenAndServe(":"+strconv.Itoa(port), listening)
}

// ListenAndServe is Listen at Addr.
func (s *Server) ListenAndServe() error { return s.listenAndServe(cmp.Or(s.Addr, ":http"), nil) }

func (s *Server) listenAndServe(addr string, listening []func()) error {
	if err := s.prepare(); err != nil {
		return err
	}
	if s.closing.Load() {
		return http.ErrServerClosed
	}
	config := net.ListenConfig{KeepAlive: -1, KeepAliveConfig: s.KeepAliveConfig}
	if s.ReusePort {
		config.Control = reusePort
	}
	config.SetMultipathTCP(false) // or its connections would not take over the listener's options
	l, err := config.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return err
	}
	if s.usesLoops() {
		taken, err := s.onLoops(l)
		if err != nil {
			l.Close()
			if s.closing.Load() {
				return http.ErrServerClosed
			}
			return err
		}
		l = taken
	}
	return s.serve(l, listening)
}

// reusePort is net.ListenConfig.Control.
func reusePort(_, _ string, socket syscall.RawConn) (err error) {
	if e := socket.Control(func(fd uintptr) { err = netpoll.SetReusePort(int(fd)) }); e != nil {
		return e
	}
	return os.NewSyscallError("setsockopt", err)
}

// onLoops moves a listener of the server's own to the event loops.
func (s *Server) onLoops(l net.Listener) (net.Listener, error) {
	loops, err := s.startLoops()
	if err != nil {
		return nil, err
	}
	return loops.listen(l, s.siteOf(l))
}

// Serve serves the connections of a listener until it or the server is closed,
// and closes it. A *net.TCPConn or *net.UnixConn is carried by the event loops,
// any other connection by a goroutine; see Carrier. Errors as Listen.
func (s *Server) Serve(l net.Listener) error { return s.serve(l, nil) }

func (s *Server) serve(l net.Listener, listening []func()) error {
	defer l.Close()
	if err := s.prepare(); err != nil {
		return err
	}
	if err := s.addListener(l); err != nil {
		return err
	}
	defer s.removeListener(l)
	at := s.home
	if _, taken := l.(*loopListener); !taken {
		at = s.siteOf(l)
	}
	if s.OnListening != nil {
		s.OnListening()
	}
	for _, call := range listening {
		if call != nil {
			call()
		}
	}
	var delay time.Duration
	for {
		err := s.accept(l, at)
		if err == nil {
			delay = 0
			continue
		}
		if s.closing.Load() {
			return http.ErrServerClosed
		}
		if e, ok := err.(interface{ Temporary() bool }); !ok || !e.Temporary() {
			return err
		}
		delay = min(max(2*delay, acceptDelayMin), acceptDelayMax)
		s.failed(fmt.Errorf("accept: %w; pause of %v", err, delay))
		time.Sleep(delay)
	}
}

// accept takes in one connection of l.
func (s *Server) accept(l net.Listener, at *site) error {
	socket, err := l.Accept()
	if err != nil {
		return err
	}
	if s.full() {
		s.dropped(socket.LocalAddr(), socket.RemoteAddr())
		_ = socket.Close()
		return nil
	}
	s.setOptions(socket)
	switch socket.(type) {
	case *net.TCPConn, *net.UnixConn:
		if !s.usesLoops() {
			break
		}
		loops, err := s.startLoops()
		if err != nil {
			socket.Close()
			return err
		}
		if err := loops.adopt(socket, at); err != nil {
			s.failed(fmt.Errorf("accept: %w", err))
		}
		return nil
	}
	s.connectionListener(socket, at)
	return nil
}

// startLoops starts the event loops unless they run.
func (s *Server) startLoops() (*loops, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		return nil, http.ErrServerClosed
	}
	if s.loops == nil {
		loops, err := newLoops(s)
		if err != nil {
			return nil, err
		}
		s.loops = loops
	}
	return s.loops, nil
}

// connectionListener starts a connection over a net.Conn: Node's word for the
// http module's listener to the socket server's connection event.
func (s *Server) connectionListener(socket net.Conn, at *site) {
	t := newNetTransport(s, socket)
	t.conn.site = at
	if !s.addConnection(t) {
		t.conn.mu.Lock()
		t.conn.shut()
		t.conn.mu.Unlock()
		return
	}
	t.conn.greet()
	go t.serve() // ends when the connection does: Close closes the socket
}
