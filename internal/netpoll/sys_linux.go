package netpoll

import (
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/cork-go/cork/internal/invariants"
)

// OS is the system calls of this system. It is never changed.
var OS Sys = new(system)

type system struct{ sockets }

// pollMax is how many events Poll takes at a time. They are on its stack, and
// twice as many take 20 ns longer to clear. A loop with more to do asks again.
const pollMax = 64

// vecMax is how many slices Writev writes at a time. It fits the stack.
const vecMax = 16

// epollET is unix.EPOLLET, which is negative on some processors.
const epollET = 1 << 31

// epollEvents are the kernel's flags for each Mode.
var epollEvents = [...]uint32{
	ReadEdge:           unix.EPOLLIN | unix.EPOLLRDHUP | epollET,
	ReadWriteEdge:      unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLOUT | epollET,
	ReadLevel:          unix.EPOLLIN,
	ReadLevelExclusive: unix.EPOLLIN | unix.EPOLLEXCLUSIVE,
}

func (*system) Poll(poll int, events []Event) (int, error) {
	if invariants.Enabled {
		invariants.Check(len(events) > 0, "netpoll: no room for events")
	}
	var ready [pollMax]unix.EpollEvent
	n, errno := epollWait(poll, ready[:min(pollMax, len(events))])
	if errno != 0 {
		return 0, errnoErr(errno)
	}
	for i := range ready[:n] {
		events[i] = Event{FD: ready[i].Fd, Flags: flags(ready[i].Events)}
	}
	return n, nil
}

// flags translates the kernel's.
func flags(e uint32) (f Flags) {
	if e&unix.EPOLLIN != 0 {
		f |= Readable
	}
	if e&unix.EPOLLOUT != 0 {
		f |= Writable
	}
	if e&unix.EPOLLRDHUP != 0 {
		f |= HangUp
	}
	if e&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		f |= Readable | Writable | HangUp // whoever tries gets the error
	}
	return f
}

func (*system) PollAdd(poll, fd int, mode Mode) error {
	return epollCtl(poll, unix.EPOLL_CTL_ADD, fd, epollEvents[mode])
}

func (*system) PollMod(poll, fd int, mode Mode) error {
	return epollCtl(poll, unix.EPOLL_CTL_MOD, fd, epollEvents[mode])
}

func (*system) PollDel(poll, fd int) error {
	return epollCtl(poll, unix.EPOLL_CTL_DEL, fd, 0)
}

func epollCtl(poll, op, fd int, events uint32) error {
	e := unix.EpollEvent{Events: events, Fd: int32(fd)}
	return unix.EpollCtl(poll, op, fd, &e) // a raw call: it does not wait
}

func (*system) Read(fd int, p []byte) (int, error) {
	if invariants.Enabled {
		invariants.Check(len(p) > 0, "netpoll: Read into nothing, which looks like the end")
	}
	for {
		n, errno := recv(fd, p)
		switch errno {
		case 0:
			return n, nil
		case unix.EINTR:
		default:
			return 0, errnoErr(errno)
		}
	}
}

func (*system) Write(fd int, p []byte) (int, error) {
	for {
		n, errno := send(fd, p)
		switch errno {
		case 0:
			return n, nil
		case unix.EINTR:
		default:
			return 0, errnoErr(errno)
		}
	}
}

func (*system) Writev(fd int, bufs [][]byte) (int, error) {
	for {
		n, errno := sendVec(fd, bufs)
		switch errno {
		case 0:
			return n, nil
		case unix.EINTR:
		default:
			return 0, errnoErr(errno)
		}
	}
}

func (*system) Accept(listener int) (int, netip.AddrPort, error) {
	for {
		fd, peer, errno := accept(listener)
		switch errno {
		case 0:
			return fd, peer, nil
		case unix.EINTR:
		default:
			return -1, netip.AddrPort{}, errnoErr(errno)
		}
	}
}

// errEAGAIN is made once. Other errors are rare, and the runtime has the
// interface values of small numbers ready.
var errEAGAIN error = syscall.EAGAIN

func errnoErr(errno syscall.Errno) error {
	if errno == syscall.EAGAIN {
		return errEAGAIN
	}
	return errno
}

func (*system) SendFile(fd, file, n int) (int, error) {
	for {
		sent, err := unix.Sendfile(fd, file, nil, n)
		if err != unix.EINTR {
			return max(sent, 0), err
		}
	}
}

func (*system) Unacked(fd int) (int, error) {
	n, err := unix.IoctlGetInt(fd, unix.SIOCOUTQ)
	if n > 0 && err == nil { // it counts on when the connection is gone
		const tcpClose = 7
		if info, e := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO); e == nil && info.State == tcpClose {
			return 0, unix.ENOTCONN
		}
	}
	return n, err
}

func (*system) Close(fd int) error {
	// It does not wait: nothing here lingers in the foreground. With the scheduler's
	// hooks each close of a connection cost half as much again, since it takes long
	// enough for the runtime to begin handing its processor to another thread. The
	// descriptor is gone also when a signal interrupts the call; to try again could
	// close somebody else's.
	if _, _, errno := syscall.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0); errno != 0 && errno != unix.EINTR {
		return errno
	}
	return nil
}
