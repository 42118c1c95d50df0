package http1

import "math"

// CloseIdleConnections closes the connections between two requests. Those that
// have not sent a request yet are not idle, as in Node.
func (s *Server) CloseIdleConnections() {
	for _, c := range s.open() {
		c.closeIdle(math.MaxInt64)
	}
}

// CloseAllConnections closes all connections but those handed over, whatever
// they are doing. The server goes on listening.
func (s *Server) CloseAllConnections() {
	s.mu.Lock()
	open := s.overNet()
	s.mu.Unlock()
	for _, t := range open {
		_ = t.socket.Close() // who reads or writes stops
	}
	for _, c := range s.open() {
		c.abort()
	}
}

// RegisterOnShutdown has fn called by Shutdown, on a goroutine of its own that
// Shutdown does not wait for. It is how connections that were handed over or
// hijacked, which the server knows nothing of, can be told.
func (s *Server) RegisterOnShutdown(fn func()) {
	s.mu.Lock()
	s.onShutdown = append(s.onShutdown, fn)
	s.mu.Unlock()
}

// SetKeepAlivesEnabled says whether connections are kept for another request. If
// they are not, those that are idle are closed. They are by default.
func (s *Server) SetKeepAlivesEnabled(enabled bool) {
	s.parting.Store(!enabled || s.closing.Load())
	if !enabled {
		s.CloseIdleConnections()
	}
}
