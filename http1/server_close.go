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
