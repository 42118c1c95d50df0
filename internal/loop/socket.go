package loop

import (
	"net/netip"
	"syscall"

	"github.com/cork-go/cork/internal/invariants"
	"github.com/cork-go/cork/internal/iobuf"
	"github.com/cork-go/cork/internal/netpoll"
	"github.com/cork-go/cork/internal/timewheel"
)

// Handler is told what happens to a Socket. Its methods are called by the
// goroutine that leads the loop, without any lock.
type Handler interface {
	// OnRead: the socket is readable, and OnReady will say so. The handler may read
	// once, into space, and returns how much of it has to be left alone until
	// OnReady has returned. It calls nobody.
	OnRead(turn *Turn, space []byte) (used int)

	// OnReady: the socket may be read, or written to again; hungUp says that the
	// peer has closed its sending side, behind what there is to read. Readiness is
	// told once: a handler that does not read to the end remembers it.
	OnReady(turn *Turn, readable, writable, hungUp bool)

	// OnTimeout: the time set by SetTimer has come.
	OnTimeout(turn *Turn)

	// OnPush: what was kept is to be sent now: Socket.Push.
	OnPush(turn *Turn)

	// OnHandOver: the goroutine that is inside of this handler's code was left
	// behind. It is called by the new leader, before anything else. The handler
	// moves what it needs out of the loop's buffer and returns false, or returns
	// true to keep the buffer.
	OnHandOver() (keepsBuffer bool)

	// OnGoexit: the goroutine that is inside of this handler's code ends there
	// (runtime.Goexit).
	OnGoexit()
}

// Socket is one connection. It is part of what its Handler is part of, and must
// not be copied. Its methods are called with the handler's lock held.
type Socket struct {
	loop    *Loop
	handler Handler
	timer   timewheel.Timer[Socket]
	out     iobuf.Queue // what the peer has not taken yet
	kept    []byte      // … and what leaves before that, with the output of others: Turn.Keep
	by      int64       // OnTimeout comes by this time; 0 if not armed
	fd      int32
	state   socketState
	watches bool // for Writable
	ending  bool // the output ends behind what waits
}

type socketState uint8

const (
	socketUnused socketState = iota
	socketOpen
	socketClosed // or detached
)

// Add starts to watch fd, a connected non-blocking socket, for handler. Any
// goroutine may call it, with the handler's lock held or before anybody else
// knows the handler. If it fails, fd is closed.
func (l *Loop) Add(s *Socket, fd int, handler Handler) error {
	s.loop, s.handler, s.fd = l, handler, int32(fd)
	s.timer.Owner = s
	s.out.Pool = &l.group.chunks
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		s.state = socketClosed
		_ = l.group.sys.Close(fd)
		return syscall.ECANCELED
	}
	for fd >= len(l.sockets) {
		l.sockets = append(l.sockets, nil)
	}
	if invariants.Enabled {
		invariants.Check(l.sockets[fd] == nil, "loop: a socket's descriptor was closed behind its back")
	}
	l.sockets[fd] = s
	l.mu.Unlock()
	l.count.Add(1)
	s.state = socketOpen
	if err := l.watch(fd, netpoll.ReadEdge, false); err != nil {
		s.Close()
		return err
	}
	return nil
}

// Loop returns the loop that the socket belongs to.
func (s *Socket) Loop() *Loop { return s.loop }

// FD returns the descriptor, for a look at its options.
func (s *Socket) FD() int { return int(s.fd) }

// Closed reports whether Close or Detach has been called.
func (s *Socket) Closed() bool { return s.state != socketOpen }

func (s *Socket) sys() netpoll.Sys { return s.loop.group.sys }

// Read reads what is there. 0 and nil is the end; EAGAIN: nothing for now, and
// OnReady will tell. A short read means the same, unless the peer has hung up.
func (s *Socket) Read(p []byte) (int, error) {
	if s.state != socketOpen {
		return 0, syscall.ENOTCONN
	}
	return s.sys().Read(int(s.fd), p)
}

// Write hands bufs to the kernel, in order and behind what waits already, and
// keeps a copy of what it does not take: Pending. bufs may be changed.
func (s *Socket) Write(bufs [][]byte) error {
	if s.state != socketOpen || s.ending {
		return syscall.EPIPE
	}
	if err := s.Push(); err != nil {
		return err
	}
	if s.out.Len() == 0 {
		var err error
		if bufs, err = s.writeNow(bufs); err != nil || len(bufs) == 0 {
			return err
		}
	}
	for _, b := range bufs {
		s.out.Append(b)
	}
	return s.watchWritable()
}

// writeNow writes until the kernel takes no more, and returns what is left.
func (s *Socket) writeNow(bufs [][]byte) ([][]byte, error) {
	for len(bufs) > 0 {
		if len(bufs[0]) == 0 {
			bufs = bufs[1:]
			continue
		}
		n, whole, err := s.writeSome(bufs)
		if err == syscall.EAGAIN {
			break
		}
		if err != nil {
			return nil, err
		}
		for n > 0 && n >= len(bufs[0]) {
			n -= len(bufs[0])
			bufs = bufs[1:]
		}
		if n > 0 {
			bufs[0] = bufs[0][n:]
		}
		if !whole {
			break // the kernel's buffer is full
		}
	}
	return bufs, nil
}

// writeSome is one system call. whole says that the kernel took all that it was
// given.
func (s *Socket) writeSome(bufs [][]byte) (n int, whole bool, err error) {
	if len(bufs) == 1 {
		n, err = s.sys().Write(int(s.fd), bufs[0])
		return n, n == len(bufs[0]), err
	}
	n, err = s.sys().Writev(int(s.fd), bufs)
	size := 0
	for _, b := range bufs[:min(len(bufs), iobuf.VecMax)] {
		size += len(b)
	}
	return n, n >= size, err
}

// SendFile is Write for up to n bytes of a regular file, and keeps nothing. Nothing
// must be pending. EAGAIN: no room, and OnReady will tell.
func (s *Socket) SendFile(file, n int) (int, error) {
	if s.state != socketOpen || s.ending {
		return 0, syscall.EPIPE
	}
	sent, err := s.sys().SendFile(int(s.fd), file, n)
	if err == syscall.EAGAIN {
		if watchErr := s.watchWritable(); watchErr != nil {
			return 0, watchErr
		}
	}
	return sent, err
}

// watchWritable has OnReady tell when the kernel takes more.
func (s *Socket) watchWritable() error {
	if s.watches {
		return nil
	}
	s.watches = true
	return s.loop.watch(int(s.fd), netpoll.ReadWriteEdge, true)
}

// Push sends what Turn.Keep has kept.
func (s *Socket) Push() error {
	if len(s.kept) == 0 {
		return nil
	}
	p := s.kept
	s.kept = nil
	n, err := s.sys().Write(int(s.fd), p)
	if err == syscall.EAGAIN {
		n, err = 0, nil
	}
	if err != nil || n == len(p) {
		return err
	}
	s.out.Append(p[n:])
	return s.watchWritable()
}

// Pending is how many bytes wait for the peer to take them, or to be pushed.
func (s *Socket) Pending() int { return s.out.Len() + len(s.kept) }

// Untaken is Pending and what the peer's system has not acknowledged, as far as
// that can be told.
func (s *Socket) Untaken() int {
	n, err := 0, error(nil)
	if s.state == socketOpen {
		if n, err = s.sys().Unacked(int(s.fd)); err != nil {
			n = 0
		}
	}
	return n + s.Pending()
}

// Flush writes of what is pending as much as the kernel takes. It is called when
// OnReady has said that the socket is writable.
func (s *Socket) Flush() error {
	if s.state != socketOpen {
		return nil
	}
	if err := s.Push(); err != nil {
		return err
	}
	var vec [iobuf.VecMax][]byte
	for s.out.Len() > 0 {
		n, whole, err := s.writeSome(s.out.Vec(vec[:0]))
		if err == syscall.EAGAIN {
			return nil
		}
		if err != nil {
			return err
		}
		s.out.Consume(n)
		if !whole {
			return nil
		}
	}
	if s.ending {
		return s.sys().CloseWrite(int(s.fd))
	}
	return nil
}

// CloseWrite ends the output, behind what is pending.
func (s *Socket) CloseWrite() error {
	if s.state != socketOpen || s.ending {
		return nil
	}
	if err := s.Push(); err != nil {
		return err
	}
	s.ending = true
	if s.out.Len() > 0 {
		return nil
	}
	return s.sys().CloseWrite(int(s.fd))
}

// SetTimer has OnTimeout called at a time, or earlier: nanoseconds since the
// group's epoch. A time that is later than the one before changes nothing, so to
// move a deadline on costs a comparison; the handler looks whether it is time.
func (s *Socket) SetTimer(when int64) {
	if s.by != 0 && s.by <= when || s.state != socketOpen {
		return
	}
	s.by = when
	l := s.loop
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	l.wheel.Set(&s.timer, when)
	wake := when < l.parkedUntil && l.unpark()
	l.mu.Unlock()
	if wake {
		l.wake()
	}
}

// Expired is called by OnTimeout first of all: the timer is not armed any more.
func (s *Socket) Expired() { s.by = 0 }

// Close closes the descriptor. What is kept is sent, what else is pending is
// lost. It may be called twice.
func (s *Socket) Close() {
	if s.state == socketOpen {
		_ = s.Push()
	}
	if fd, ok := s.forget(); ok {
		_ = s.sys().Close(fd)
	}
}

// Reset is Close by a reset instead of the end of the output: the peer's system
// forgets what it has not read.
func (s *Socket) Reset() {
	if s.state == socketOpen {
		_ = s.sys().SetLinger0(int(s.fd))
		s.kept = nil
		s.Close()
	}
}

// Detach stops watching and returns the descriptor, which is the caller's then;
// ok is false if it is closed already. Nothing must be pending.
func (s *Socket) Detach() (fd int, ok bool) {
	fd, ok = s.forget()
	if ok {
		s.loop.unwatch(fd)
	}
	return fd, ok
}

// forget ends the loop's knowledge of the socket.
func (s *Socket) forget() (fd int, ok bool) {
	if s.state != socketOpen {
		return 0, false
	}
	s.state = socketClosed
	s.out.Reset()
	s.kept = nil
	l := s.loop
	l.mu.Lock()
	if invariants.Enabled {
		invariants.Check(l.sockets[s.fd] == s, "loop: socket in another's place")
	}
	l.sockets[s.fd] = nil
	l.wheel.Cancel(&s.timer)
	l.mu.Unlock()
	l.count.Add(-1)
	return int(s.fd), true
}

// LocalAddr returns the address of this end, the zero one for a Unix socket.
func (s *Socket) LocalAddr() (netip.AddrPort, error) {
	if s.state != socketOpen {
		return netip.AddrPort{}, syscall.ENOTCONN
	}
	return s.sys().LocalAddr(int(s.fd))
}

// SetNoDelay switches Nagle's algorithm off, or on.
func (s *Socket) SetNoDelay(on bool) error {
	if s.state != socketOpen {
		return syscall.ENOTCONN
	}
	return s.sys().SetNoDelay(int(s.fd), on)
}

// SetKeepAlive switches TCP's keep-alive probes on.
func (s *Socket) SetKeepAlive(config netpoll.KeepAlive) error {
	if s.state != socketOpen {
		return syscall.ENOTCONN
	}
	return s.sys().SetKeepAlive(int(s.fd), config)
}
