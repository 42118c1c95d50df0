package netpoll

import (
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls of this file and of rawio_linux.go go around the runtime's scheduler.
// syscall.Syscall tells the runtime before and after that the thread may be gone
// for a while. BenchmarkReadNothing shows what that costs at the least, a sixth of
// an empty read; it is more in a server under load. It is wasted on calls that
// cannot wait: the descriptors are non-blocking, and epoll is asked with a timeout
// of zero. A call that could wait must not be made like this, since the garbage
// collector would have to wait too.
//
// unsafe is needed to hand memory to the kernel. Pointers become uintptr in the
// argument list of the call and nowhere else, which keeps what they point to
// alive and in its place; the kernel writes no Go pointers.
//
// epoll_pwait and the socket calls have their own numbers on all of Go's
// processors, but on 386 and s390x only since Linux 4.3.

// epollWait asks for events, without waiting.
func epollWait(poll int, events []unix.EpollEvent) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(poll),
			uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), 0, 0, 0)
		if errno == 0 {
			return int(n), 0
		}
		if errno != unix.EINTR {
			return 0, errno
		}
	}
}

func accept(listener int) (fd int, peer netip.AddrPort, errno syscall.Errno) {
	var sa unix.RawSockaddrAny
	size := uint32(unsafe.Sizeof(sa))
	r, _, errno := syscall.RawSyscall6(unix.SYS_ACCEPT4, uintptr(listener),
		uintptr(unsafe.Pointer(&sa)), uintptr(unsafe.Pointer(&size)), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	if errno != 0 {
		return -1, netip.AddrPort{}, errno
	}
	return int(r), rawAddrPort(&sa), 0
}

// rawAddrPort reads the kernel's form of an address; ports are in network order.
func rawAddrPort(sa *unix.RawSockaddrAny) netip.AddrPort {
	switch sa.Addr.Family {
	case unix.AF_INET:
		in4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		port := (*[2]byte)(unsafe.Pointer(&in4.Port))
		return netip.AddrPortFrom(netip.AddrFrom4(in4.Addr), uint16(port[0])<<8|uint16(port[1]))
	case unix.AF_INET6:
		in6 := (*unix.RawSockaddrInet6)(unsafe.Pointer(sa))
		port := (*[2]byte)(unsafe.Pointer(&in6.Port))
		return netip.AddrPortFrom(addrFrom16(in6.Addr, in6.Scope_id), uint16(port[0])<<8|uint16(port[1]))
	}
	return netip.AddrPort{}
}
