package loop

import (
	"fmt"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/cork-go/cork/internal/netpoll"
)

const (
	// acceptsMax is how many connections are accepted before the loop looks after
	// the others again.
	acceptsMax = 64

	// acceptPause is how long a listener rests when the system has no memory, or no
	// descriptor even for the reserve.
	acceptPause = 20 * time.Millisecond

	// watchersMax is how many loops watch a listener: each of those that are parked
	// wakes for each connection, and one or two can accept what many serve.
	watchersMax = 4
)

// OnAccept is told a new connection, which it adds to home (Loop.Add) or closes.
// It is called by the goroutine that leads some loop, home or another.
type OnAccept func(home *Loop, fd int, peer netip.AddrPort)

// Listener is a listening socket that the loops of a group watch.
type Listener struct {
	group    *Group
	fd       int
	onAccept OnAccept

	mu     sync.Mutex
	closed bool
}

// Listen accepts connections from fd, a non-blocking listening socket, which is
// the group's from now on.
func (g *Group) Listen(fd int, onAccept OnAccept) (*Listener, error) {
	ln := &Listener{group: g, fd: fd, onAccept: onAccept}
	ln.mu.Lock() // Group.Close has to wait until all is set up
	defer ln.mu.Unlock()
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		_ = g.sys.Close(fd)
		return nil, syscall.ECANCELED
	}
	g.listeners[ln] = struct{}{}
	g.mu.Unlock()
	for _, l := range g.loops {
		l.mu.Lock()
		l.listeners[int32(fd)] = ln
		l.mu.Unlock()
	}
	if err := ln.watch(); err != nil {
		ln.close()
		return nil, err
	}
	return ln, nil
}

// watchers are the loops that watch the listener.
func (ln *Listener) watchers() []*Loop {
	return ln.group.loops[:min(len(ln.group.loops), watchersMax)]
}

// watch has the loops tell of connections.
func (ln *Listener) watch() error {
	for _, l := range ln.watchers() {
		if err := l.watch(ln.fd, netpoll.ReadLevelExclusive, false); err != nil {
			return err
		}
	}
	return nil
}

// Close stops listening. Connections that were not accepted are refused.
func (ln *Listener) Close() {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	if !ln.closed {
		ln.close()
	}
}

// close is Close of an open listener. mu is held.
func (ln *Listener) close() {
	ln.closed = true
	g := ln.group
	g.mu.Lock()
	delete(g.listeners, ln)
	g.mu.Unlock()
	for _, l := range g.loops {
		l.mu.Lock()
		delete(l.listeners, int32(ln.fd))
		l.mu.Unlock()
	}
	for _, l := range ln.watchers() {
		l.unwatch(ln.fd) // the end of the descriptor is not that of a socket that has others
	}
	_ = g.sys.Close(ln.fd)
}

// accept takes connections in. mu is held, so that the descriptor stays what it
// is; another loop that is told of the same connections does not wait for it.
func (ln *Listener) accept() {
	if !ln.mu.TryLock() {
		return
	}
	defer ln.mu.Unlock()
	gone, refused := 0, 0
	var why error
	defer func() {
		if refused > 0 { // told once: there may be very many
			ln.group.fail(fmt.Errorf("loop: connections refused: %d: %w", refused, why))
		}
	}()
	for i := 0; i < acceptsMax && !ln.closed; i++ {
		fd, peer, err := ln.group.sys.Accept(ln.fd)
		switch err {
		case nil:
			ln.onAccept(ln.group.place(), fd, peer)
		case syscall.EAGAIN:
			return
		case syscall.EMFILE, syscall.ENFILE:
			if !ln.refuse(err) {
				return
			}
			refused, why = refused+1, err
		case syscall.ENOBUFS, syscall.ENOMEM, syscall.EINVAL, syscall.EBADF:
			ln.pause(err)
			return
		default: // ECONNABORTED and its like: the connection is gone, but perhaps it is not that
			if gone++; gone == acceptsMax {
				ln.pause(err)
			}
		}
	}
}

// refuse ends a connection for which there is no descriptor, with the one that
// is kept for this: else it would stay in line and the loop would spin. It
// reports whether there was one. The kernel says that there is no descriptor
// before it looks whether there is a connection.
func (ln *Listener) refuse(why error) bool {
	g := ln.group
	switch g.reserve.spend(g.sys, ln.fd) {
	case nil:
		return true
	case syscall.EAGAIN:
	default:
		ln.pause(why)
	}
	return false
}

// pause stops watching for a while. ln.mu is held.
func (ln *Listener) pause(why error) {
	g := ln.group
	g.fail(fmt.Errorf("loop: accept: %w; pause of %v", why, acceptPause))
	for _, l := range ln.watchers() {
		l.unwatch(ln.fd)
	}
	time.AfterFunc(acceptPause, func() {
		ln.mu.Lock()
		defer ln.mu.Unlock()
		if ln.closed {
			return
		}
		if err := ln.watch(); err != nil {
			ln.pause(err)
		}
	})
}

// Adopt adds a connection that somebody else has accepted, as accept would.
func (g *Group) Adopt(fd int, peer netip.AddrPort, onAccept OnAccept) {
	onAccept(g.place(), fd, peer)
}

// reserve is a descriptor that is open for the time when there are no others.
type reserve struct {
	mu sync.Mutex
	fd int
	ok bool
}

func (r *reserve) open(sys netpoll.Sys) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reopen(sys)
}

func (r *reserve) reopen(sys netpoll.Sys) {
	fd, err := sys.OpenReserve()
	r.fd, r.ok = fd, err == nil
}

// spend accepts a connection with the reserve, closes it and takes the reserve
// back. EAGAIN: there is no connection.
func (r *reserve) spend(sys netpoll.Sys, listener int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ok {
		r.reopen(sys)
		return syscall.EMFILE
	}
	_ = sys.Close(r.fd)
	r.ok = false
	fd, _, err := sys.Accept(listener)
	if err == nil {
		_ = sys.Close(fd)
	}
	r.reopen(sys)
	return err
}

func (r *reserve) close(sys netpoll.Sys) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ok {
		_ = sys.Close(r.fd)
		r.ok = false
	}
}
