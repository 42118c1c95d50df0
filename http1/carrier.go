package http1

import (
	"fmt"

	"github.com/cork-go/cork/internal/netpoll"
)

// Carrier is what carries a server's connections.
type Carrier uint8

const (
	// CarrierAuto is CarrierLoop where there is one and CarrierNet elsewhere.
	CarrierAuto Carrier = iota
	// CarrierLoop is event loops over the system's own readiness calls: Linux,
	// Darwin and the BSDs. Connections that a listener of another kind makes, which
	// are neither *net.TCPConn nor *net.UnixConn, are carried as by CarrierNet.
	CarrierLoop
	// CarrierNet is package net, with a goroutine for each connection.
	CarrierNet
)

// String returns "auto", "loop" or "net".
func (c Carrier) String() string {
	switch c {
	case CarrierAuto:
		return "auto"
	case CarrierLoop:
		return "loop"
	case CarrierNet:
		return "net"
	}
	return fmt.Sprintf("Carrier(%d)", uint8(c))
}

// usesLoops reports whether sockets of the system are carried by event loops.
func (s *Server) usesLoops() bool {
	return s.Carrier == CarrierLoop || s.Carrier == CarrierAuto && netpoll.Supported
}
