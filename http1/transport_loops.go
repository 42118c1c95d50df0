package http1

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"

	"github.com/cork-go/cork/internal/loop"
)

// loops carries a server's connections on event loops.
type loops struct {
	server *Server
	group  *loop.Group
}

func newLoops(s *Server) (*loops, error) {
	group, err := loop.NewGroup(loop.Config{
		Loops:   s.Loops,
		Epoch:   s.epoch,
		Now:     s.now,
		Sys:     s.sys,
		OnError: s.failed,
	})
	if err != nil {
		return nil, err
	}
	habits := newHabits(s.wary)
	for _, l := range group.Loops() {
		pools := newPools(s)
		pools.habits = habits
		l.Data = pools
	}
	return &loops{server: s, group: group}, nil
}

// acceptAt returns onAccept for the connections of a listener.
func (ls *loops) acceptAt(at *site) func(home *loop.Loop, fd int, peer netip.AddrPort) {
	return func(home *loop.Loop, fd int, peer netip.AddrPort) { ls.onAccept(home, fd, peer, at) }
}

// onAccept is Node's connectionListener: it begins a connection.
func (ls *loops) onAccept(home *loop.Loop, fd int, peer netip.AddrPort, at *site) {
	if ls.server.full() {
		ls.drop(home, fd, peer)
		return
	}
	lc := new(loopConn)
	t := &lc.transport
	t.conn, t.peer = &lc.conn, peer
	lc.conn.init(ls.server, t, home.Data.(*pools))
	lc.conn.site = at
	lc.conn.mu.Lock()
	defer lc.conn.mu.Unlock()
	if err := home.Add(&t.socket, fd, t); err != nil {
		lc.conn.shut()
		if err != syscall.ECANCELED { // the server is closed
			go ls.server.failed(fmt.Errorf("accept: %w", err)) // the listener's lock is held
		}
		return
	}
	if lc.conn.greet(); lc.conn.work != nil {
		t.post()
	}
	t.arm()
}

// drop closes a connection for which there is no room.
func (ls *loops) drop(home *loop.Loop, fd int, peer netip.AddrPort) {
	sys := ls.group.Sys()
	local, _ := sys.LocalAddr(fd)
	_ = sys.Close(fd)
	if ls.server.OnDrop != nil {
		home.Post(&hookTask{func() { ls.server.dropped(addrOf(local), addrOf(peer)) }})
	}
}

// hookTask calls a hook that belongs to no connection on an event loop.
type hookTask struct {
	call func()
}

// Run implements loop.Task.
func (h *hookTask) Run(turn *loop.Turn) {
	turn.Enter(h)
	h.call()
	turn.Leave()
}

// OnRead, OnReady, OnTimeout, OnPush, OnHandOver and OnGoexit implement loop.Handler: there is
// nothing to do.
func (h *hookTask) OnRead(*loop.Turn, []byte) int        { return 0 }
func (h *hookTask) OnReady(*loop.Turn, bool, bool, bool) {}
func (h *hookTask) OnTimeout(*loop.Turn)                 {}
func (h *hookTask) OnHandOver() bool                     { return false }
func (h *hookTask) OnPush(*loop.Turn)                    {}
func (h *hookTask) OnGoexit()                            {}

// listen moves a listener that nobody else has to the loops.
func (ls *loops) listen(l net.Listener, at *site) (net.Listener, error) {
	fd, err := ls.dup(l)
	if err != nil {
		return nil, err
	}
	ls.setInherited(l, fd)
	taken := &loopListener{addr: l.Addr(), closed: make(chan struct{})}
	if taken.listener, err = ls.group.Listen(fd, ls.acceptAt(at)); err != nil {
		return nil, err
	}
	_ = l.Close() // the loops have another descriptor of it
	return taken, nil
}

// setInherited sets on a listener what its connections take over.
func (ls *loops) setInherited(l net.Listener, fd int) {
	if _, tcp := l.(*net.TCPListener); !tcp {
		return
	}
	sys := ls.group.Sys()
	_ = sys.SetNoDelay(fd, !ls.server.Nagle)
	if config := ls.server.KeepAliveConfig; config.Enable {
		_ = sys.SetKeepAlive(fd, keepAliveOf(config))
	}
}

// adopt moves a connection that was accepted elsewhere to the loops.
func (ls *loops) adopt(socket net.Conn, at *site) error {
	defer socket.Close()
	fd, err := ls.dup(socket)
	if err != nil {
		return err
	}
	var peer netip.AddrPort
	if a, ok := socket.RemoteAddr().(*net.TCPAddr); ok {
		peer = netip.AddrPortFrom(a.AddrPort().Addr().Unmap(), a.AddrPort().Port())
	}
	ls.group.Adopt(fd, peer, ls.acceptAt(at))
	return nil
}

// dup returns another descriptor of a socket.
func (ls *loops) dup(of any) (fd int, err error) {
	raw, err := of.(syscall.Conn).SyscallConn()
	if err != nil {
		return 0, err
	}
	ctlErr := raw.Control(func(own uintptr) {
		fd, err = ls.group.Sys().Dup(int(own))
		err = os.NewSyscallError("dup", err)
	})
	if ctlErr != nil {
		return 0, ctlErr
	}
	return fd, err
}

// connections returns those there are.
func (ls *loops) connections() (all []*conn) {
	for _, h := range ls.group.Handlers() {
		all = append(all, h.(*loopTransport).conn)
	}
	return all
}

func (ls *loops) close() { ls.group.Close() }

// loopListener is a listener of the loops, seen from Serve.
type loopListener struct {
	listener *loop.Listener
	addr     net.Addr
	once     sync.Once
	closed   chan struct{}
}

// Accept implements net.Listener: the loops accept, this waits for the end.
func (l *loopListener) Accept() (net.Conn, error) {
	<-l.closed
	return nil, net.ErrClosed
}

// Close implements net.Listener.
func (l *loopListener) Close() error {
	l.once.Do(func() {
		l.listener.Close()
		close(l.closed)
	})
	return nil
}

// Addr implements net.Listener.
func (l *loopListener) Addr() net.Addr { return l.addr }
