//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package netpoll

import (
	"net"
	"net/netip"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// sockets is the part of Sys that is the same on all systems. None of it is done
// for each request.
type sockets struct{}

func (sockets) CloseWrite(fd int) error { return unix.Shutdown(fd, unix.SHUT_WR) }

func (sockets) SetNoDelay(fd int, on bool) error {
	return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, boolInt(on))
}

func (sockets) SetKeepAlive(fd int, config KeepAlive) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1); err != nil {
		return err
	}
	for _, o := range []struct{ option, value int }{
		{tcpKeepIdle, units(config.Idle)},
		{tcpKeepInterval, units(config.Interval)},
		{tcpKeepCount, config.Count},
	} {
		if o.option == 0 || o.value <= 0 {
			continue
		}
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, o.option, o.value); err != nil {
			return err
		}
	}
	return nil
}

// units is a time as the kernel counts it, rounded up.
func units(d time.Duration) int {
	d = (d + time.Second - 1).Truncate(time.Second)
	return int(d / tcpKeepUnit)
}

func (sockets) SetLinger0(fd int) error {
	return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
}

func (sockets) LocalAddr(fd int) (netip.AddrPort, error) {
	sa, err := unix.Getsockname(fd)
	return addrPort(sa), err
}

func (sockets) PeerAddr(fd int) (netip.AddrPort, error) {
	sa, err := unix.Getpeername(fd)
	return addrPort(sa), err
}

func (sockets) Dup(fd int) (int, error) {
	for {
		dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		if err != unix.EINTR {
			return dup, err
		}
	}
}

func (sockets) OpenReserve() (int, error) {
	for {
		fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

func (sockets) ListenTCP(addr netip.AddrPort, opts ListenOptions) (int, error) {
	sa, family, err := sockaddr(addr)
	if err != nil {
		return -1, err
	}
	options := []sockopt{{unix.SOL_SOCKET, unix.SO_REUSEADDR, 1}}
	if family == unix.AF_INET6 {
		options = append(options, sockopt{unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, boolInt(opts.IPv6Only)})
	}
	if opts.ReusePort {
		options = append(options, sockopt{unix.SOL_SOCKET, reusePort, 1})
	}
	return listen(family, sa, options, opts.backlog())
}

func (sockets) ListenUnix(path string, opts ListenOptions) (int, error) {
	if path == "" {
		return -1, unix.EINVAL // Linux would choose a name
	}
	return listen(unix.AF_UNIX, &unix.SockaddrUnix{Name: path}, nil, opts.backlog())
}

func (o ListenOptions) backlog() int {
	if o.Backlog <= 0 {
		return BacklogDefault
	}
	return o.Backlog
}

type sockopt struct{ level, option, value int }

// listen makes a socket and has it listen, or leaves nothing behind.
func listen(family int, sa unix.Sockaddr, options []sockopt, backlog int) (int, error) {
	fd, err := socket(family)
	if err != nil {
		return -1, err
	}
	if err := bindAndListen(fd, sa, options, backlog); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func bindAndListen(fd int, sa unix.Sockaddr, options []sockopt, backlog int) error {
	for _, o := range options {
		if err := unix.SetsockoptInt(fd, o.level, o.option, o.value); err != nil {
			return err
		}
	}
	if err := unix.Bind(fd, sa); err != nil {
		return err
	}
	return unix.Listen(fd, backlog)
}

// sockaddr turns an address into what package unix takes.
func sockaddr(addr netip.AddrPort) (unix.Sockaddr, int, error) {
	ip := addr.Addr().Unmap()
	switch {
	case ip.Is4():
		return &unix.SockaddrInet4{Port: int(addr.Port()), Addr: ip.As4()}, unix.AF_INET, nil
	case ip.Is6():
		zone, err := zoneID(ip.Zone())
		return &unix.SockaddrInet6{Port: int(addr.Port()), Addr: ip.As16(), ZoneId: zone}, unix.AF_INET6, err
	}
	return nil, 0, unix.EINVAL
}

// zoneID is the number of a network interface, given by number or by name.
func zoneID(zone string) (uint32, error) {
	if zone == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n), nil
	}
	ifi, err := net.InterfaceByName(zone)
	if err != nil {
		return 0, unix.ENODEV
	}
	return uint32(ifi.Index), nil
}

// addrPort is the way back. nil, and what is not TCP, become the zero AddrPort.
func addrPort(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(addrFrom16(sa.Addr, sa.ZoneId), uint16(sa.Port))
	}
	return netip.AddrPort{}
}

// addrFrom16 shows an IPv4 peer of an IPv6 listener as what it is, and the number
// of a link-local peer's interface as its zone.
func addrFrom16(a [16]byte, zone uint32) netip.Addr {
	addr := netip.AddrFrom16(a).Unmap()
	if zone != 0 && addr.Is6() {
		return addr.WithZone(strconv.FormatUint(uint64(zone), 10))
	}
	return addr
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
