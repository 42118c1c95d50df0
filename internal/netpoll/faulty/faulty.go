// Package faulty makes system calls fail, for tests, and keeps the books that the
// kernel does not: which descriptors are open, and who used one that is not.
//
//	for n := 1; ; n++ {
//		sys := faulty.New(netpoll.OS)
//		sys.Inject(faulty.Fault{Call: "Read", N: n, Err: syscall.ECONNRESET})
//		… // run a server with sys, and stop it
//		if open := sys.Open(); len(open) > 0 {
//			t.Errorf("fault at read %d: open: %v", n, open)
//		}
//		if sys.Struck() == 0 {
//			break // there were not as many reads
//		}
//	}
//
// The rules that bite:
//
//   - A fault is something that a kernel may do. After a lie about what there is
//     to read, or room to write, the poller reports the descriptor again; a
//     program that handles edges correctly loses nothing.
//   - Calls are counted in the order in which they are made. The number of Polls
//     depends on the time that things take, and with it what the n-th of all calls
//     is; that of one name is the same each time, if the program is.
//   - A descriptor that was not opened through the Sys, or is closed, never
//     reaches the kernel, unless to be copied by Dup: it might be somebody else's
//     by now.
package faulty

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"github.com/cork-go/cork/internal/netpoll"
)

// Fault is what happens to some calls. Err or Max is set.
type Fault struct {
	// Call is the name of a method of netpoll.Sys; "" means any of them.
	Call string
	// N says which call, the first is 1: of that name, or of all, since New.
	N int
	// Times says how many calls in a row, from N on; 0 means one, negative all.
	Times int

	// Err is what the call returns. The kernel is not asked, except that Close
	// closes all the same, as it does when it is interrupted.
	Err error
	// Max is how many bytes Read, Write or Writev move at most, or how many events
	// Poll stores. Other calls are not affected.
	Max int
}

// names are the methods that Fault can name.
var names = []string{
	"Accept", "Close", "CloseWrite", "Dup", "ListenTCP", "ListenUnix", "LocalAddr", "OpenReserve", "PeerAddr", "Poll",
	"PollAdd", "PollDel", "PollMod", "Read", "SendFile", "SetKeepAlive", "SetLinger0", "SetNoDelay", "Unacked", "Write", "Writev",
}

// limited are those that Fault.Max is for.
var limited = []string{"Poll", "Read", "SendFile", "Write", "Writev"}

// Descriptor is one that is open.
type Descriptor struct {
	FD   int
	Call string // that opened it, or what Track was told
	N    int    // the how many-th of that name; 0 for Track
}

func (d Descriptor) String() string {
	if d.N == 0 {
		return fmt.Sprintf("%d (%s)", d.FD, d.Call)
	}
	return fmt.Sprintf("%d (%s %d)", d.FD, d.Call, d.N)
}

// Sys is a netpoll.Sys in front of another. Its methods may be called by any
// goroutine; they are made one after the other.
type Sys struct {
	sys netpoll.Sys

	mu     sync.Mutex // held during the calls
	faults []Fault
	calls  map[string]int // by name, and all of them under ""
	struck int
	open   map[int]Descriptor
	watch  map[int]watch // by descriptor; a test has one poller for each
	misuse []string
}

type watch struct {
	poll int
	mode netpoll.Mode
}

var _ netpoll.Sys = (*Sys)(nil)

// New puts a Sys without faults in front of another.
func New(sys netpoll.Sys) *Sys {
	return &Sys{sys: sys, calls: map[string]int{}, open: map[int]Descriptor{}, watch: map[int]watch{}}
}

// Inject adds faults. If several are for the same call, the first one counts. It
// panics at one that can never strike.
func (s *Sys) Inject(faults ...Fault) {
	for _, f := range faults {
		if f.Call != "" && !slices.Contains(names, f.Call) {
			panic("faulty: no call is named " + f.Call)
		}
		if f.N < 1 || (f.Err == nil) == (f.Max <= 0) {
			panic(fmt.Sprintf("faulty: fault that says nothing: %+v", f))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Heal takes all faults back.
func (s *Sys) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Calls is how often the named method was called, or with "" any.
func (s *Sys) Calls(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[name]
}

// Struck is how many calls have met a fault.
func (s *Sys) Struck() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.struck
}

// Track enters a descriptor that was opened elsewhere into the books. From now on
// it is closed through the Sys.
func (s *Sys) Track(fd int, what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.enter(Descriptor{FD: fd, Call: what})
}

// Forget takes a descriptor out of the books: somebody else closes it, and not
// through the Sys.
func (s *Sys) Forget(fd int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, fd)
	delete(s.watch, fd)
}

// Open lists the descriptors that are open, by number.
func (s *Sys) Open() []Descriptor {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Descriptor
	for _, d := range s.open {
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b Descriptor) int { return a.FD - b.FD })
	return list
}

// Misuse lists what was done to descriptors that were not open, in sentences.
func (s *Sys) Misuse() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.misuse)
}

// errNotOpen is what calls get that are in the list of Misuse.
var errNotOpen = errors.New("faulty: descriptor is not open")

// none stands for a call without a descriptor.
const none = -1

// begin counts a call and says what is to happen to it; fd is the descriptor that
// it uses. The zero Fault is none.
func (s *Sys) begin(call string, fd int) Fault {
	s.calls[call]++
	s.calls[""]++
	if _, ok := s.open[fd]; !ok && fd != none {
		s.misuse = append(s.misuse, fmt.Sprintf("%s %d of descriptor %d, which is not open", call, s.calls[call], fd))
		return Fault{Err: errNotOpen}
	}
	for _, f := range s.faults {
		if s.hits(f, call) {
			s.struck++
			return f
		}
	}
	return Fault{}
}

func (s *Sys) hits(f Fault, call string) bool {
	if f.Call != "" && f.Call != call || f.Max > 0 && !slices.Contains(limited, call) {
		return false
	}
	n := s.calls[f.Call] - f.N
	return n >= 0 && (f.Times < 0 || n < max(f.Times, 1))
}

func (s *Sys) enter(d Descriptor) {
	if old, ok := s.open[d.FD]; ok {
		s.misuse = append(s.misuse, fmt.Sprintf("descriptor %v was closed behind our back, and is now %v", old, d))
	}
	s.open[d.FD] = d
}

// opened enters the result of a call that opens a descriptor.
func (s *Sys) opened(call string, fd int, err error) {
	if err == nil {
		s.enter(Descriptor{fd, call, s.calls[call]})
	}
}

// remind makes the poller report fd again if it is ready. The program has been
// told that it is not, and a kernel that says so sends an event later.
func (s *Sys) remind(fd int) {
	if w, ok := s.watch[fd]; ok && (w.mode == netpoll.ReadEdge || w.mode == netpoll.ReadWriteEdge) {
		_ = s.sys.PollMod(w.poll, fd, w.mode)
	}
}

// Poll is documented in netpoll.Sys, as are all the following.
func (s *Sys) Poll(poll int, events []netpoll.Event) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.begin("Poll", none)
	if f.Err != nil {
		return 0, f.Err
	}
	if f.Max > 0 {
		events = events[:min(f.Max, len(events))]
	}
	return s.sys.Poll(poll, events)
}

func (s *Sys) PollAdd(poll, fd int, mode netpoll.Mode) error {
	return s.do("PollAdd", fd, func() error {
		err := s.sys.PollAdd(poll, fd, mode)
		if err == nil {
			s.watch[fd] = watch{poll, mode}
		}
		return err
	})
}

func (s *Sys) PollMod(poll, fd int, mode netpoll.Mode) error {
	return s.do("PollMod", fd, func() error {
		err := s.sys.PollMod(poll, fd, mode)
		if err == nil {
			s.watch[fd] = watch{poll, mode}
		}
		return err
	})
}

func (s *Sys) PollDel(poll, fd int) error {
	return s.do("PollDel", fd, func() error {
		delete(s.watch, fd)
		return s.sys.PollDel(poll, fd)
	})
}

func (s *Sys) Read(fd int, p []byte) (int, error) {
	return s.move("Read", fd, func(limit int) (int, error) {
		return s.sys.Read(fd, p[:min(limit, len(p))])
	})
}

func (s *Sys) Write(fd int, p []byte) (int, error) {
	return s.move("Write", fd, func(limit int) (int, error) {
		return s.sys.Write(fd, p[:min(limit, len(p))])
	})
}

func (s *Sys) Writev(fd int, bufs [][]byte) (int, error) {
	return s.move("Writev", fd, func(limit int) (int, error) {
		var short [][]byte
		for _, p := range bufs {
			p = p[:min(limit, len(p))]
			limit -= len(p)
			short = append(short, p)
		}
		return s.sys.Writev(fd, short)
	})
}

func (s *Sys) SendFile(fd, file, n int) (int, error) {
	return s.move("SendFile", fd, func(limit int) (int, error) {
		return s.sys.SendFile(fd, file, min(limit, n))
	})
}

func (s *Sys) Accept(listener int) (int, netip.AddrPort, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.begin("Accept", listener); f.Err != nil {
		s.remind(listener)
		return -1, netip.AddrPort{}, f.Err
	}
	fd, peer, err := s.sys.Accept(listener)
	s.opened("Accept", fd, err)
	return fd, peer, err
}

func (s *Sys) Close(fd int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.begin("Close", fd)
	if _, ok := s.open[fd]; !ok {
		return f.Err
	}
	delete(s.open, fd)
	delete(s.watch, fd)
	if err := s.sys.Close(fd); err != nil {
		return err
	}
	return f.Err
}

func (s *Sys) CloseWrite(fd int) error {
	return s.do("CloseWrite", fd, func() error { return s.sys.CloseWrite(fd) })
}

func (s *Sys) SetNoDelay(fd int, on bool) error {
	return s.do("SetNoDelay", fd, func() error { return s.sys.SetNoDelay(fd, on) })
}

func (s *Sys) SetKeepAlive(fd int, config netpoll.KeepAlive) error {
	return s.do("SetKeepAlive", fd, func() error { return s.sys.SetKeepAlive(fd, config) })
}

func (s *Sys) SetLinger0(fd int) error {
	return s.do("SetLinger0", fd, func() error { return s.sys.SetLinger0(fd) })
}

func (s *Sys) Unacked(fd int) (n int, err error) {
	err = s.do("Unacked", fd, func() error { n, err = s.sys.Unacked(fd); return err })
	return n, err
}

func (s *Sys) LocalAddr(fd int) (addr netip.AddrPort, err error) {
	err = s.do("LocalAddr", fd, func() error { addr, err = s.sys.LocalAddr(fd); return err })
	return addr, err
}

func (s *Sys) PeerAddr(fd int) (addr netip.AddrPort, err error) {
	err = s.do("PeerAddr", fd, func() error { addr, err = s.sys.PeerAddr(fd); return err })
	return addr, err
}

func (s *Sys) Dup(fd int) (int, error) {
	return s.make("Dup", func() (int, error) { return s.sys.Dup(fd) })
}

func (s *Sys) OpenReserve() (int, error) {
	return s.make("OpenReserve", s.sys.OpenReserve)
}

func (s *Sys) ListenTCP(addr netip.AddrPort, opts netpoll.ListenOptions) (int, error) {
	return s.make("ListenTCP", func() (int, error) { return s.sys.ListenTCP(addr, opts) })
}

func (s *Sys) ListenUnix(path string, opts netpoll.ListenOptions) (int, error) {
	return s.make("ListenUnix", func() (int, error) { return s.sys.ListenUnix(path, opts) })
}

// do makes a call that has no other result than its error.
func (s *Sys) do(call string, fd int, f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if fault := s.begin(call, fd); fault.Err != nil {
		return fault.Err
	}
	return f()
}

// make makes a call that opens a descriptor.
func (s *Sys) make(call string, f func() (int, error)) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if fault := s.begin(call, none); fault.Err != nil {
		return -1, fault.Err
	}
	fd, err := f()
	s.opened(call, fd, err)
	return fd, err
}

// move makes a call that moves bytes, limit of them at most.
func (s *Sys) move(call string, fd int, f func(limit int) (int, error)) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch fault := s.begin(call, fd); {
	case fault.Err != nil:
		err = fault.Err
	case fault.Max > 0:
		n, err = f(fault.Max)
	default:
		const all = int(^uint(0) >> 1)
		return f(all)
	}
	s.remind(fd)
	return n, err
}
