//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package netpoll

import (
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Supported reports whether this system has an OS and a Poller.
const Supported = true

// Poller is a set of descriptors, and a goroutine that waits for one of them.
// Descriptors are added with PollAdd of the Sys, to FD.
//
// Poll and Wait are for one goroutine at a time, which need not be the same one
// always. Wake and Close may be called by any.
//
// Wait blocks in kevent, with its thread; the runtime gives its P to others.
type Poller struct {
	sys  Sys
	fd   int
	wake [2]int // a pipe, to read and to write

	woken bool // Poll has seen a Wake that no Wait has returned for; of its goroutine

	mu     sync.Mutex
	inside bool // a Poll or Wait is going on, which closes if closed is set meanwhile
	closed bool
}

// NewPoller makes a Poller that asks sys what is ready.
func NewPoller(sys Sys) (*Poller, error) {
	fd, err := kqueue()
	if err != nil {
		return nil, err
	}
	p := &Poller{sys: sys, fd: fd}
	if p.wake, err = pipe(); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	if err := change(fd, p.wake[0], unix.EVFILT_READ, unix.EV_ADD); err != nil {
		_ = p.closeAll()
		return nil, err
	}
	return p, nil
}

func kqueue() (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Kqueue()
	if err == nil {
		unix.CloseOnExec(fd)
	}
	return fd, err
}

// pipe makes one that is non-blocking and closed on exec.
func pipe() (p [2]int, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := unix.Pipe(p[:]); err != nil {
		return p, err
	}
	for _, fd := range p {
		unix.CloseOnExec(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			_ = unix.Close(p[0])
			_ = unix.Close(p[1])
			return p, err
		}
	}
	return p, nil
}

// FD is the descriptor to hand to PollAdd, PollMod and PollDel of the Sys. It is
// closed by Close, and must not be used afterwards.
func (p *Poller) FD() int { return p.fd }

// Poll stores what is ready now and does not wait. After Close, it returns
// os.ErrClosed.
func (p *Poller) Poll(events []Event) (int, error) {
	if !p.enter() {
		return 0, os.ErrClosed
	}
	defer p.leave()
	n, err := p.sys.Poll(p.fd, events)
	n, woken := p.withoutWake(events[:n])
	p.woken = p.woken || woken
	return n, err
}

// Wait stores what is ready, and waits until there is something. It returns 0
// after Wake, which may also be one that was called before Wait, and when timeout
// has passed; negative means that there is none. It may return 0 for no reason.
// After Close, it returns os.ErrClosed.
func (p *Poller) Wait(events []Event, timeout time.Duration) (int, error) {
	if !p.enter() {
		return 0, os.ErrClosed
	}
	n, err := p.wait(events, timeout)
	if p.leave() {
		return 0, os.ErrClosed
	}
	return n, err
}

func (p *Poller) wait(events []Event, timeout time.Duration) (int, error) {
	// First through sys, which may have something else to say than the kernel.
	n, err := p.sys.Poll(p.fd, events)
	if n == 0 && err == nil && timeout != 0 && !p.woken {
		var ts *unix.Timespec
		if timeout > 0 {
			t := unix.NsecToTimespec(int64(timeout))
			ts = &t
		}
		n, err = kevents(p.fd, events, ts)
	}
	n, _ = p.withoutWake(events[:n])
	p.woken = false
	return n, err
}

// enter keeps Close from closing the descriptors until leave, which does it then.
func (p *Poller) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inside = !p.closed
	return p.inside
}

func (p *Poller) leave() (closed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inside = false
	if p.closed {
		_ = p.closeAll()
	}
	return p.closed
}

// withoutWake takes the pipe's event out of events, and tells whether it was
// there. It empties the pipe.
func (p *Poller) withoutWake(events []Event) (n int, woken bool) {
	for i := range events {
		if int(events[i].FD) == p.wake[0] {
			p.drain()
			copy(events[i:], events[i+1:])
			return len(events) - 1, true
		}
	}
	return len(events), false
}

func (p *Poller) drain() {
	var b [64]byte
	for {
		n, err := OS.Read(p.wake[0], b[:])
		if err != nil || n < len(b) {
			return
		}
	}
}

// Wake makes the Wait that is going on return, or else the next one. Several
// calls may count as one. It costs a system call; callers know whether there is
// somebody to wake. After Close, it returns os.ErrClosed.
func (p *Poller) Wake() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return os.ErrClosed
	}
	return p.wakeLocked()
}

func (p *Poller) wakeLocked() error {
	_, err := OS.Write(p.wake[1], []byte{0})
	if err == unix.EAGAIN {
		return nil // it is full, of calls for the same
	}
	return err
}

// Close gives back the descriptors of the Poller; those that were added to it are
// not touched. A Wait that is going on returns an error, and closes. Only the
// first call does something.
func (p *Poller) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return os.ErrClosed
	}
	p.closed = true
	if p.inside {
		return p.wakeLocked()
	}
	return p.closeAll()
}

func (p *Poller) closeAll() error {
	err := unix.Close(p.fd)
	_ = unix.Close(p.wake[0])
	_ = unix.Close(p.wake[1])
	return err
}
