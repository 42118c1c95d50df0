//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package netpoll

import (
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// OS is the system calls of this system. It is never changed.
var OS Sys = new(system)

type system struct{ sockets }

// pollMax is how many events Poll takes at a time; they are on the stack.
const pollMax = 128

func (*system) Poll(poll int, events []Event) (int, error) {
	return kevents(poll, events, new(unix.Timespec))
}

// kevents stores what is ready, and waits for it as long as timeout says; nil
// means for ever. An event of kqueue is about reading or about writing, so a
// descriptor may appear twice.
func kevents(poll int, events []Event, timeout *unix.Timespec) (int, error) {
	var ready [pollMax]unix.Kevent_t
	n, err := unix.Kevent(poll, nil, ready[:min(pollMax, len(events))], timeout)
	if err == unix.EINTR {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for i := range ready[:n] {
		events[i] = Event{FD: int32(ready[i].Ident), Flags: flags(&ready[i])}
	}
	return n, nil
}

// flags translates the kernel's.
func flags(e *unix.Kevent_t) (f Flags) {
	switch e.Filter {
	case unix.EVFILT_READ:
		f = Readable
	case unix.EVFILT_WRITE:
		f = Writable
	}
	if e.Flags&unix.EV_EOF != 0 {
		f |= HangUp
		if e.Fflags != 0 || f&Writable != 0 { // an error, or the peer reads no more
			f |= Readable | Writable
		}
	}
	return f
}

func (*system) PollAdd(poll, fd int, mode Mode) error {
	switch mode {
	case ReadLevel, ReadLevelExclusive:
		return change(poll, fd, unix.EVFILT_READ, unix.EV_ADD)
	case ReadWriteEdge:
		if err := change(poll, fd, unix.EVFILT_WRITE, unix.EV_ADD|unix.EV_CLEAR); err != nil {
			return err
		}
	}
	return change(poll, fd, unix.EVFILT_READ, unix.EV_ADD|unix.EV_CLEAR)
}

// PollMod removes both filters and adds what is wanted: to add one that is there
// makes no event for what is ready.
func (s *system) PollMod(poll, fd int, mode Mode) error {
	if err := s.PollDel(poll, fd); err != nil {
		return err
	}
	return s.PollAdd(poll, fd, mode)
}

func (*system) PollDel(poll, fd int) error {
	err := change(poll, fd, unix.EVFILT_WRITE, unix.EV_DELETE)
	if err != nil && err != unix.ENOENT { // it is not always there
		return err
	}
	return change(poll, fd, unix.EVFILT_READ, unix.EV_DELETE)
}

func change(poll, fd, filter, flags int) error {
	var e [1]unix.Kevent_t
	unix.SetKevent(&e[0], fd, filter, flags)
	for {
		if _, err := unix.Kevent(poll, e[:], nil, nil); err != unix.EINTR {
			return err
		}
	}
}

// Read and Write are package syscall's, which tells the race detector that what
// was done before a write happened before what is done after the read. Go ignores
// SIGPIPE for sockets.

func (*system) Read(fd int, p []byte) (int, error) {
	for {
		n, err := syscall.Read(fd, p)
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}

func (*system) Write(fd int, p []byte) (int, error) {
	for {
		n, err := syscall.Write(fd, p)
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}

// vecMax is how many slices Writev writes at a time.
const vecMax = 16

func (s *system) Writev(fd int, bufs [][]byte) (int, error) {
	// The empty ones do not count.
	var vec [vecMax][]byte
	n := 0
	for _, p := range bufs {
		if n == len(vec) {
			break
		}
		if len(p) > 0 {
			vec[n] = p
			n++
		}
	}
	if n <= 1 {
		return s.Write(fd, vec[0])
	}
	for {
		sent, err := writev(fd, vec[:n])
		if err != unix.EINTR {
			return max(sent, 0), err
		}
	}
}

// Accept sets the flags afterwards, which Darwin has no call for at once. The
// lock keeps a child process that is started meanwhile from getting the
// descriptor.
func (*system) Accept(listener int) (int, netip.AddrPort, error) {
	for {
		syscall.ForkLock.RLock()
		fd, sa, err := unix.Accept(listener)
		if err == nil {
			unix.CloseOnExec(fd)
		}
		syscall.ForkLock.RUnlock()
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return -1, netip.AddrPort{}, err
		}
		if err := unix.SetNonblock(fd, true); err != nil {
			_ = unix.Close(fd)
			return -1, netip.AddrPort{}, err
		}
		return fd, addrPort(sa), nil
	}
}

// socket makes a non-blocking stream socket that is closed on exec.
func socket(family int) (int, error) {
	syscall.ForkLock.RLock()
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func (*system) Unacked(int) (int, error) { return 0, unix.ENOTSUP }

// SendFile: each of these systems has a call of that name and a meaning of its own.
func (*system) SendFile(int, int, int) (int, error) { return 0, unix.ENOTSUP }

func (*system) Close(fd int) error {
	// The descriptor is gone also when a signal interrupts the call. To try again
	// could close somebody else's.
	if err := unix.Close(fd); err != nil && err != unix.EINTR {
		return err
	}
	return nil
}
