package netpoll

import (
	"math"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cork-go/cork/internal/invariants"
)

// Supported reports whether this system has an OS and a Poller.
const Supported = true

// Poller is a set of descriptors, and a goroutine that waits for one of them.
// Descriptors are added with PollAdd of the Sys, to FD.
//
// Poll and Wait are for one goroutine at a time, which need not be the same one
// always. Wake and Close may be called by any.
//
// How a goroutine waits without its thread: an epoll descriptor can be polled
// itself, it is readable when it has events. So
//
//  1. NewPoller hands it to the runtime as an os.File in non-blocking mode. The
//     runtime adds it to the epoll descriptor that all of package net waits in.
//  2. Wait calls Read of the file's raw connection, which calls p.ready, which
//     asks the kernel without waiting. With events, that is all.
//  3. Without, Read parks the goroutine, and the thread runs others.
//  4. Something happens to a member: the kernel marks the epoll descriptor as
//     readable, the runtime's poller finds it and makes the goroutine runnable,
//     and Read calls p.ready again.
//
// No event is lost between 2 and 3: Read forgets what it knew before it calls
// p.ready, and the runtime remembers whatever comes after that.
type Poller struct {
	sys  Sys
	file *os.File        // owns the epoll descriptor
	raw  syscall.RawConn // of file
	fd   int
	wake int // an eventfd; closed under wakeMu

	// Of the goroutine in Poll or Wait.
	control  func(fd uintptr)      // p.ask, made once
	ready    func(fd uintptr) bool // p.askUntil, made once
	events   []Event               // their argument; nil unless they may be called
	n        int                   // their results; n counts the eventfd too
	err      error
	woken    bool          // Poll has seen a Wake that no Wait has returned for
	deadline time.Duration // that the file has, since start; never if none
	start    time.Time

	wakeMu sync.Mutex
	closed bool // guarded by wakeMu
}

const never = time.Duration(math.MaxInt64)

// NewPoller makes a Poller that asks sys what is ready.
func NewPoller(sys Sys) (*Poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	p := &Poller{sys: sys, fd: fd, wake: wake, start: time.Now(), deadline: never}
	p.control, p.ready = p.ask, p.askUntil
	if err := p.register(); err != nil {
		_ = p.Close()
		return nil, err
	}
	return p, nil
}

// register hands the epoll descriptor to the runtime, and the eventfd to it.
func (p *Poller) register() error {
	// The event is edge-triggered, so the eventfd is never read: each write makes
	// an event whatever its count is, and it would take centuries to fill.
	if err := epollCtl(p.fd, unix.EPOLL_CTL_ADD, p.wake, unix.EPOLLIN|epollET); err != nil {
		_ = unix.Close(p.fd)
		return err
	}
	if err := unix.SetNonblock(p.fd, true); err != nil {
		_ = unix.Close(p.fd)
		return err
	}
	p.file = os.NewFile(uintptr(p.fd), "epoll")
	if err := p.file.SetReadDeadline(time.Time{}); err != nil {
		return err // the runtime did not take it
	}
	raw, err := p.file.SyscallConn()
	p.raw = raw
	return err
}

// FD is the descriptor to hand to PollAdd, PollMod and PollDel of the Sys. It is
// closed by Close, and must not be used afterwards.
func (p *Poller) FD() int { return p.fd }

// Poll stores what is ready now and does not wait. After Close, it returns
// os.ErrClosed.
func (p *Poller) Poll(events []Event) (int, error) {
	n, woken, err := p.poll(events)
	p.woken = p.woken || woken
	return n, err
}

// Wait stores what is ready, and waits until there is something. It returns 0
// after Wake, which may also be one that was called before Wait, and when timeout
// has passed; negative means that there is none. It may return 0 for no reason.
// Only the goroutine is parked, its thread runs others. After Close, it returns
// os.ErrClosed.
func (p *Poller) Wait(events []Event, timeout time.Duration) (int, error) {
	if timeout == 0 || p.woken {
		n, _, err := p.poll(events)
		p.woken = false
		return n, err
	}
	until := never
	if timeout > 0 {
		until = p.now() + timeout
		if until < 0 {
			until = never // in centuries
		}
	}
	n, _, err := p.park(events, until)
	return n, err
}

// poll asks the kernel once. Control keeps Close from closing the descriptor
// before that is done.
func (p *Poller) poll(events []Event) (n int, woken bool, err error) {
	p.begin(events)
	if p.raw.Control(p.control) != nil {
		p.err = os.ErrClosed
	}
	return p.end()
}

// park waits until p.ready finds something or until is there.
func (p *Poller) park(events []Event, until time.Duration) (n int, woken bool, err error) {
	if until < p.deadline {
		p.setDeadline(until)
	}
	p.begin(events)
	for {
		switch err := p.raw.Read(p.ready); {
		case err == nil:
			return p.end()
		case err != os.ErrDeadlineExceeded: // the very value, always
			p.err = os.ErrClosed
			return p.end()
		}
		// The deadline may be that of an earlier Wait: to leave it is cheaper than to
		// move it each time. Now it keeps the file from being read, so it must go.
		if until <= p.now() {
			p.setDeadline(never)
			_, _, _ = p.end()
			return p.poll(events)
		}
		p.setDeadline(until)
	}
}

// begin sets the argument of p.ready and p.control, end takes their results.
func (p *Poller) begin(events []Event) {
	if invariants.Enabled {
		invariants.Check(p.events == nil, "netpoll: two goroutines in Poll or Wait")
		invariants.Check(len(events) > 0, "netpoll: no room for events")
	}
	p.events = events
	p.n, p.err = 0, nil
}

func (p *Poller) end() (n int, woken bool, err error) {
	n, woken = p.withoutWake(p.events[:p.n])
	p.events = nil
	return n, woken, p.err
}

func (p *Poller) ask(fd uintptr) {
	p.n, p.err = p.sys.Poll(int(fd), p.events)
}

func (p *Poller) askUntil(fd uintptr) (done bool) {
	p.ask(fd)
	return p.n != 0 || p.err != nil
}

func (p *Poller) now() time.Duration { return time.Since(p.start) }

func (p *Poller) setDeadline(d time.Duration) {
	var t time.Time
	if d != never {
		t = p.start.Add(d)
	}
	// It fails after Close only, which Read reports too.
	_ = p.file.SetReadDeadline(t)
	p.deadline = d
}

// withoutWake takes the eventfd's event out of events, and tells whether it was
// there.
func (p *Poller) withoutWake(events []Event) (n int, woken bool) {
	for i := range events {
		if int(events[i].FD) == p.wake {
			copy(events[i:], events[i+1:])
			return len(events) - 1, true
		}
	}
	return len(events), false
}

// Wake makes the Wait that is going on return, or else the next one. Several
// calls may count as one. It costs a system call; callers know whether there is
// somebody to wake. After Close, it returns os.ErrClosed.
func (p *Poller) Wake() error {
	p.wakeMu.Lock()
	defer p.wakeMu.Unlock()
	if p.closed {
		return os.ErrClosed
	}
	return writeEvent(p.wake)
}

// Close gives back the descriptors of the Poller; those that were added to it are
// not touched. A Wait that is going on returns an error. Only the first call does
// something.
func (p *Poller) Close() error {
	p.wakeMu.Lock()
	defer p.wakeMu.Unlock()
	if p.closed {
		return os.ErrClosed
	}
	p.closed = true
	var err error
	if p.file != nil {
		err = p.file.Close()
	}
	if err2 := unix.Close(p.wake); err == nil {
		err = err2
	}
	return err
}
