package main

import (
	"net"
	"time"

	"github.com/cork-go/cork/http1"
)

// What a client may take its time for. Short, so that tests of slow clients are.
const (
	headTimeout  = 5 * time.Second
	bodyTimeout  = 10 * time.Second // from the first byte of the head
	writeTimeout = 10 * time.Second
	idleTimeout  = 10 * time.Second
)

// bed is the server on its listener.
type bed struct {
	server   *http1.Server
	listener net.Listener
}

// newServer sets up the server. Everything about connections is decided here,
// everything about answers in routes.go.
func newServer() *http1.Server {
	return &http1.Server{
		OnRequest:         newRoutes().onRequest,
		ReadHeaderTimeout: headTimeout,
		ReadTimeout:       bodyTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
	}
}

// listen takes the address, so that a client that connects from now on is
// served. There is one carrier yet, net; -carrier loop is ahead of its time.
func listen(o options) (*bed, error) {
	l, err := net.Listen("tcp", o.addr)
	if err != nil {
		return nil, err
	}
	return &bed{server: newServer(), listener: l}, nil
}

// serve returns when the server is stopped, or with the listener's error.
func (b *bed) serve() error { return b.server.Serve(b.listener) }

func (b *bed) addr() net.Addr { return b.listener.Addr() }
