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
//  1. NewPoller makes two. fd has the members; gate has nothing but fd, and is
//     handed to the runtime as an os.File in non-blocking mode. The runtime adds
//     it to the epoll descriptor that all of package net waits in.
//  2. Wait calls Read of the file's raw connection, which calls p.ready, which
//     opens the gate if it is shut and asks fd for events, without waiting. With
//     events, that is all.
//  3. Without, Read parks the goroutine, and the thread runs others.
//  4. Something happens to a member: the kernel marks fd as readable, and gate,
//     the runtime's poller finds gate and makes the goroutine runnable, and Read
//     calls p.ready again.
//
// No event is lost between 2 and 3: Read forgets what it knew before it calls
// p.ready, and the runtime remembers whatever comes after that.
//
// The gate is for a loop that is busy and finds events without parking. If it were
// open, each event would wake a thread of the runtime that idles in its poller, if
// there is one, for nothing: BenchmarkBusy shows that this costs the loop half as
// much again, and the idle processor more. So it is shut when events have come
// several times without parking, and opened to park.
type Poller struct {
	sys  Sys
	fd   int             // has the members; -1 if there is none
	wake int             // an eventfd, one of them; -1 if there is none
	file *os.File        // owns gate; nil if there is none
	raw  syscall.RawConn // of file
	gate int

	// Of the goroutine in Poll or Wait.
	control  func(fd uintptr)      // p.ask, made once
	ready    func(fd uintptr) bool // p.askOpen, made once
	events   []Event               // their argument; nil unless they may be called
	n        int                   // their results; n counts the eventfd too
	err      error
	asked    int           // how often, since begin
	open     bool          // the gate
	busy     int           // how often events have come without parking, while it was open
	dry      bool          // the last time there were no events
	woken    bool          // Poll has seen a Wake that no Wait has returned for
	deadline time.Duration // that the file has, since start; never if none
	start    time.Time

	wakeMu sync.Mutex // also held while wake is closed
	closed bool       // guarded by wakeMu
}

// busyMax is how often events come without parking until the gate is shut. To shut
// and to open it costs about as much as one event while it is open, so that the
// number matters little.
const busyMax = 2

const never = time.Duration(math.MaxInt64)

// NewPoller makes a Poller that asks sys what is ready.
func NewPoller(sys Sys) (*Poller, error) {
	p := &Poller{sys: sys, fd: -1, wake: -1, start: time.Now(), deadline: never}
	p.control, p.ready = p.ask, p.askOpen
	if err := p.makeDescriptors(); err != nil {
		_ = p.Close()
		return nil, err
	}
	return p, nil
}

func (p *Poller) makeDescriptors() (err error) {
	if p.fd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return err
	}
	if p.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return err
	}
	// The event is edge-triggered, so the eventfd is never read: each write makes
	// an event whatever its count is, and it would take centuries to fill.
	if err := epollCtl(p.fd, unix.EPOLL_CTL_ADD, p.wake, unix.EPOLLIN|epollET); err != nil {
		return err
	}
	if p.gate, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return err
	}
	if err := unix.SetNonblock(p.gate, true); err != nil { // or the runtime does not take it
		_ = unix.Close(p.gate)
		return err
	}
	p.file = os.NewFile(uintptr(p.gate), "epoll")
	if err := epollCtl(p.gate, unix.EPOLL_CTL_ADD, p.fd, 0); err != nil {
		return err
	}
	if err := p.file.SetReadDeadline(time.Time{}); err != nil {
		return err // the runtime did not take it
	}
	p.raw, err = p.file.SyscallConn()
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
	if timeout == 0 || p.woken || !p.open && !p.dry {
		n, woken, err := p.poll(events)
		woken = woken || p.woken
		p.woken = false
		if timeout == 0 || woken || n > 0 || err != nil {
			return n, err
		}
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

// poll asks the kernel once. Control keeps Close from closing the descriptors
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
	p.n, p.err, p.asked = 0, nil, 0
}

func (p *Poller) end() (n int, woken bool, err error) {
	n, woken = p.withoutWake(p.events[:p.n])
	p.events = nil
	return n, woken, p.err
}

// ask asks for events, and shuts the gate if the loop is too busy to park. It is
// called while the file, and with it fd, cannot be closed.
func (p *Poller) ask(uintptr) {
	p.n, p.err = p.sys.Poll(p.fd, p.events)
	p.dry = p.n == 0
	p.asked++
	switch {
	case p.asked > 1:
		p.busy = 0 // it was parked
	case p.open && !p.dry:
		if p.busy++; p.busy >= busyMax {
			_ = p.setGate(false) // if it stays open, that is slow and no more
		}
	}
}

// askOpen is ask, with the gate open. It reports whether there is something to
// return with.
func (p *Poller) askOpen(fd uintptr) (done bool) {
	if !p.open {
		// First, so that whatever comes after ask has looked gets through.
		if p.err = p.setGate(true); p.err != nil {
			return true
		}
	}
	p.ask(fd)
	return !p.dry || p.err != nil
}

// setGate opens the gate or shuts it. The kernel has no reason to refuse.
func (p *Poller) setGate(open bool) error {
	events := uint32(0)
	if open {
		events = unix.EPOLLIN
	}
	if err := epollCtl(p.gate, unix.EPOLL_CTL_MOD, p.fd, events); err != nil {
		return err
	}
	p.open = open
	p.busy = 0
	return nil
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
		err = p.file.Close() // and waits for those who use it
	}
	for _, fd := range []int{p.fd, p.wake} {
		if fd != -1 {
			if err2 := unix.Close(fd); err == nil {
				err = err2
			}
		}
	}
	return err
}
