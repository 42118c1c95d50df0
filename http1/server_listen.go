package http1

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
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

// ListenAndServe is Listen for an address as in net.Listen: "localhost:8080",
// ":0".
func (s *Server) ListenAndServe(addr string) error { return s.listenAndServe(addr, nil) }

func (s *Server) listenAndServe(addr string, listening []func()) error {
	if err := s.prepare(); err != nil {
		return err
	}
	if s.closing.Load() {
		return http.ErrServerClosed
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	return s.serve(l, listening)
}

// Serve serves the connections of a listener, each on a goroutine of its own,
// until it or the server is closed, and closes it. Errors as Listen.
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
	for _, call := range listening {
		if call != nil {
			call()
		}
	}
	var delay time.Duration
	for {
		socket, err := l.Accept()
		if err == nil {
			delay = 0
			s.connectionListener(socket)
			continue
		}
		if s.closing.Load() {
			return http.ErrServerClosed
		}
		if e, ok := err.(interface{ Temporary() bool }); !ok || !e.Temporary() {
			return err
		}
		delay = min(max(2*delay, acceptDelayMin), acceptDelayMax)
		s.logger().Warn("http1: accept", "error", err, "retry", delay)
		time.Sleep(delay)
	}
}

// connectionListener starts a connection: Node's word for the http module's
// listener to the socket server's connection event.
func (s *Server) connectionListener(socket net.Conn) {
	t := newNetTransport(s, socket)
	if !s.addConnection(t) {
		t.conn.mu.Lock()
		t.conn.shut()
		t.conn.mu.Unlock()
		return
	}
	go t.serve() // ends when the connection does: Close closes the socket
}
