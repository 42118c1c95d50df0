package main

import (
	"errors"
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

// setCarrier reads -carrier. Without the flag it is the loop where there is one.
func (o *options) setCarrier(name string) error {
	switch name {
	case "loop":
		o.carrier = http1.CarrierLoop
	case "net":
		o.carrier = http1.CarrierNet
	default:
		return errors.New("it must be loop or net")
	}
	return nil
}

// headerBytesMax is the default of native servers.
const headerBytesMax = 16 << 10

// setHandler reads -handler.
func (o *options) setHandler(name string) error {
	switch name {
	case "native":
		o.netHTTP = false
	case "nethttp":
		o.netHTTP = true
	default:
		return errors.New("it must be native or nethttp")
	}
	return nil
}

// newServer sets up the server. Everything about connections is decided here,
// everything about answers in routes.go.
func newServer(o options) *http1.Server {
	r := newRoutes()
	s := &http1.Server{
		Addr:              o.addr,
		Carrier:           o.carrier,
		ReadHeaderTimeout: headTimeout,
		ReadTimeout:       bodyTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
	}
	if o.netHTTP {
		s.Handler = r
		s.DisableGeneralOptionsHandler = true // OPTIONS * is a path that there is not
		s.MaxHeaderBytes = headerBytesMax
	} else {
		s.OnRequest, s.OnCheckContinue = r.onRequest, r.onRequest
	}
	return s
}

// bed is a server that listens.
type bed struct {
	server *http1.Server
	addr   net.Addr
	served chan error // why it does not any more
}

// listen returns when clients can connect.
func listen(o options) (*bed, error) {
	b := &bed{server: newServer(o), served: make(chan error, 1)}
	go func() { b.served <- b.server.ListenAndServe() }() // ends with the server
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for b.addr == nil {
		select {
		case err := <-b.served:
			return nil, err
		case <-poll.C:
			b.addr = b.server.Address()
		}
	}
	return b, nil
}
