// Package netpoll is where cork meets the kernel: which descriptors are ready,
// and the system calls on them. No other package makes system calls on sockets.
//
//	poller, err := netpoll.NewPoller(netpoll.OS)
//	err = netpoll.OS.PollAdd(poller.FD(), conn, netpoll.ReadEdge)
//	var events [128]netpoll.Event
//	for {
//		n, err := poller.Wait(events[:], -1)
//		for _, e := range events[:n] {
//			…
//		}
//	}
//
// It is epoll on Linux and kqueue on the BSDs and Darwin. Elsewhere Supported is
// false, every call fails, and callers use package net. The rules that bite:
//
//   - A descriptor is a plain number. Whoever has it may use it until Close and
//     not afterwards, since the kernel hands out the number again; this package
//     keeps no books. The events of one Poll may be about a descriptor that was
//     closed while the earlier ones were handled.
//   - Every descriptor is non-blocking and closed on exec.
//   - Edge-triggered means: an event comes when something changes, and whoever
//     does not take all that is there waits for ever. A descriptor is written until
//     a write is short, or EAGAIN. It is read until a read is short, or EAGAIN;
//     but once HangUp has been seen, until the end or an error: the end does not
//     make reads shorter, and it may have come before the event did, together
//     with the last bytes, so that no other event will tell.
//   - Errors are syscall.Errno values, bare, to be compared with ==. EINTR is
//     never one of them.
//   - Happens-before: what one goroutine did before it wrote to a socket, the one
//     that reads those bytes here can rely on, as with package net. The race
//     detector knows.
package netpoll

import (
	"net/netip"
	"time"
)

// Event says that a descriptor may be ready. It may turn out not to be.
type Event struct {
	FD    int32
	Flags Flags
}

// Flags are what a descriptor may be ready for.
type Flags uint8

const (
	// Readable: bytes have come, or a connection to accept, or the end.
	Readable Flags = 1 << iota
	// Writable: there is room again in the socket's buffer.
	Writable
	// HangUp: the peer has closed its sending side, behind whatever there is to
	// read yet, or the connection is gone. In the latter case Readable and Writable
	// are set too, and the next call tells the error.
	HangUp
)

// Mode is what a poller watches a descriptor for.
type Mode uint8

const (
	// ReadEdge: Readable and HangUp, once per change. For connections.
	ReadEdge Mode = iota
	// ReadWriteEdge: Writable too. For connections that wait for room.
	ReadWriteEdge
	// ReadLevel: Readable as long as there is something. For listeners.
	ReadLevel
	// ReadLevelExclusive is ReadLevel for a listener that several pollers watch: of
	// those that are blocked in the kernel, few are woken for a connection (Linux).
	// It makes no difference to pollers whose goroutines are parked, see Wait: all of
	// them are woken, and all but one find nothing. Nor does it on other systems.
	// PollMod does not take it, and not what was added with it.
	//
	// In any mode, Linux refuses to watch a descriptor with more than 100 Pollers:
	// EINVAL. More loops than that need listeners of their own, see ReusePort.
	ReadLevelExclusive
)

// Sys is the system calls of an event loop. OS is the real one; that of a test
// may fail. Its methods may be called by any goroutine; those that name a
// descriptor need it to be open until they return. None of them waits, but for
// Close, Listen… and OpenReserve as far as the kernel makes them. None of them
// keeps a slice, and Poll, Read, Write, Writev and Accept allocate nothing on
// Linux, unless for the zone of a link-local peer.
type Sys interface {
	// Poll stores what is ready now, in the kernel's order, and returns how many
	// events that are, at most len(events) and perhaps fewer than there are.
	// events must not be empty.
	Poll(poll int, events []Event) (n int, err error)
	// PollAdd begins to watch fd. What is ready at the time makes the first event.
	PollAdd(poll, fd int, mode Mode) error
	// PollMod changes what fd is watched for. What is ready at the time makes an
	// event again.
	PollMod(poll, fd int, mode Mode) error
	// PollDel ends watching. Close does that too.
	PollDel(poll, fd int) error

	// Read reads from a connected socket, TCP or Unix, into p, which must not be
	// empty. 0 and nil is the end of the peer's bytes; EAGAIN says that there are
	// none now.
	Read(fd int, p []byte) (int, error)
	// Write writes to a connected socket. It may take less than all of p; EAGAIN
	// says that there is no room at all. n is 0 with any error. It raises no
	// SIGPIPE.
	Write(fd int, p []byte) (int, error)
	// Writev writes the bytes of all bufs as if they were one, or of the first 16
	// that are not empty. It is like Write in all other ways.
	Writev(fd int, bufs [][]byte) (int, error)
	// SendFile is Write for up to n bytes of a regular file, from its offset on,
	// which it moves. 0 and nil is the file's end. ENOTSUP, ENOSYS or EINVAL: it
	// cannot be done with this file, or not on this system.
	SendFile(fd, file, n int) (int, error)

	// Accept takes a connection that has come in. peer is the zero AddrPort for
	// Unix sockets, and plain IPv4 for such a peer of an IPv6 listener.
	//
	// EAGAIN: there is none. ECONNABORTED, and on Linux the errors of the network
	// that accept(2) lists: that connection is gone, call again. EMFILE, ENFILE,
	// ENOBUFS, ENOMEM: it stays in line.
	Accept(listener int) (fd int, peer netip.AddrPort, err error)
	// CloseWrite ends what is sent: shutdown(2), SHUT_WR.
	CloseWrite(fd int) error
	// Close gives the descriptor back, in any case, with and without an error.
	Close(fd int) error

	// SetNoDelay switches Nagle's algorithm off, or on again. Not for Unix sockets.
	SetNoDelay(fd int, on bool) error
	// SetKeepAlive switches TCP's keep-alive probes on. Not for Unix sockets.
	SetKeepAlive(fd int, config KeepAlive) error
	// Unacked is how many of the bytes that were written the peer's system has not
	// acknowledged. It fails where there is no telling, or nothing to wait for since
	// the connection is gone.
	Unacked(fd int) (int, error)
	// SetLinger0 makes Close reset the connection and drop what was not sent.
	SetLinger0(fd int) error
	// LocalAddr is the zero AddrPort for Unix sockets.
	LocalAddr(fd int) (netip.AddrPort, error)
	// PeerAddr is the zero AddrPort for Unix sockets, ENOTCONN if there is none any
	// more.
	PeerAddr(fd int) (netip.AddrPort, error)

	// Dup returns another descriptor of the same open file, closed on exec. fd may be
	// somebody else's, as long as that one keeps it open.
	Dup(fd int) (int, error)

	// OpenReserve opens something that does nothing. A loop holds it in reserve: at
	// EMFILE it closes it, and can accept and close the connection that would else
	// stay in line for ever.
	OpenReserve() (fd int, err error)

	// ListenTCP makes a listener. The unspecified address of IPv6 listens for both
	// unless IPv6Only is set. With port 0 the kernel chooses one, see LocalAddr.
	ListenTCP(addr netip.AddrPort, opts ListenOptions) (fd int, err error)
	// ListenUnix makes a listener at a path; a leading @ means Linux's abstract
	// names. A file that is there already is EADDRINUSE, whether somebody listens
	// there or not, and the new one is the caller's to remove.
	ListenUnix(path string, opts ListenOptions) (fd int, err error)
}

// KeepAlive says how TCP probes a silent peer. Zero fields leave what the system
// has set. Times are rounded up to seconds. OpenBSD has no such settings for one
// socket and ignores them.
type KeepAlive struct {
	Idle     time.Duration // silence until the first probe
	Interval time.Duration // between probes
	Count    int           // unanswered probes until the connection counts as dead
}

// BacklogDefault is how many connections wait to be accepted unless ListenOptions
// say otherwise. It is Node's.
const BacklogDefault = 511

// ListenOptions are for ListenTCP and ListenUnix. The zero value is good.
type ListenOptions struct {
	// Backlog is how many connections may wait to be accepted; the kernel has a
	// bound of its own. 0 means BacklogDefault.
	Backlog int
	// ReusePort lets several listeners have the same address; the kernel spreads
	// connections over them. On systems that do not spread, the last one gets all.
	ReusePort bool
	// IPv6Only keeps a listener at an IPv6 address from taking IPv4 connections.
	IPv6Only bool
}
