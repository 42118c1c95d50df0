package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// target is where a tunnel leads.
type target struct {
	host string // a name in lower case, or an address in its usual form
	port uint16
}

func (t target) String() string { return net.JoinHostPort(t.host, strconv.Itoa(int(t.port))) }

var errTarget = errors.New("a target is host:port")

func parseTarget(s string) (t target, err error) {
	host, digits, err := net.SplitHostPort(s)
	if err != nil {
		return t, errTarget
	}
	port, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || port == 0 {
		return t, errTarget
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return target{addr.Unmap().String(), uint16(port)}, nil
	}
	const signs = "abcdefghijklmnopqrstuvwxyz0123456789.-_"
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "" || len(host) > 253 || strings.Trim(host, signs) != "" {
		return t, errTarget
	}
	return target{host, uint16(port)}, nil
}

// allowList is the targets of -allow. An empty one stands for all ports of this
// machine.
type allowList []target

// String implements flag.Value.
func (l *allowList) String() string { return fmt.Sprint(*l) }

// Set implements flag.Value.
func (l *allowList) Set(s string) error {
	t, err := parseTarget(s)
	if err == nil {
		*l = append(*l, t)
	}
	return err
}

func (l allowList) permits(t target) bool {
	if len(l) > 0 {
		return slices.Contains(l, t)
	}
	return t.host == "localhost" || isLoopback(t.host)
}

// control is net.Dialer.Control: with an empty list the address is looked at
// too, whatever somebody's resolver says that localhost is.
func (l allowList) control(_, address string, _ syscall.RawConn) error {
	if host, _, err := net.SplitHostPort(address); len(l) == 0 && (err != nil || !isLoopback(host)) {
		return errors.New(address + " is not on this machine")
	}
	return nil
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
