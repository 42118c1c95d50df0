package http1

import (
	"net"

	"github.com/cork-go/cork/internal/netpoll"
)

// Drop is a connection that was closed as soon as it was accepted.
type Drop struct {
	LocalAddr, RemoteAddr net.Addr // nil if it is not known
}

// full reports whether no further connection is taken.
func (s *Server) full() bool {
	return s.connectionsMax > 0 && s.alive.Load() >= s.connectionsMax
}

// began and gone count the connections that the server has.
func (s *Server) began() { s.alive.Add(1) }
func (s *Server) gone()  { s.alive.Add(-1) }

// dropped tells OnDrop of a connection.
func (s *Server) dropped(local, remote net.Addr) {
	if s.OnDrop != nil {
		s.guard(func() { s.OnDrop(Drop{local, remote}) })
	}
}

// failed tells OnError, or the log.
func (s *Server) failed(err error) {
	if s.OnError == nil {
		s.logger().Warn("http1: " + err.Error())
		return
	}
	s.guard(func() { s.OnError(err) })
}

// ended calls OnClose, once.
func (s *Server) ended() {
	s.closed.Do(func() {
		if s.OnClose != nil {
			s.guard(s.OnClose)
		}
	})
}

// maxConnections reads the field of that name.
func (s *Server) maxConnections() int64 {
	switch {
	case s.MaxConnections > 0:
		return int64(s.MaxConnections)
	case s.MaxConnections < 0:
		return 0
	}
	files := netpoll.FilesMax()
	return files - files/filesSpared
}

// setOptions sets what is set for each socket, where the listener does not hand
// it on.
func (s *Server) setOptions(socket net.Conn) {
	if tcp, ok := socket.(*net.TCPConn); ok && s.Nagle {
		_ = tcp.SetNoDelay(false)
	}
}
