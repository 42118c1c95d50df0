//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly

package netpoll

import (
	"errors"
	"net/netip"
	"time"
)

// Supported reports whether this system has an OS and a Poller.
const Supported = false

// OS is the system calls of this system: all of them fail.
var OS Sys = new(system)

type system struct{}

var errUnsupported = errors.ErrUnsupported

func (*system) Poll(int, []Event) (int, error)                { return 0, errUnsupported }
func (*system) PollAdd(int, int, Mode) error                  { return errUnsupported }
func (*system) PollMod(int, int, Mode) error                  { return errUnsupported }
func (*system) PollDel(int, int) error                        { return errUnsupported }
func (*system) Read(int, []byte) (int, error)                 { return 0, errUnsupported }
func (*system) Write(int, []byte) (int, error)                { return 0, errUnsupported }
func (*system) Writev(int, [][]byte) (int, error)             { return 0, errUnsupported }
func (*system) SendFile(int, int, int) (int, error)           { return 0, errUnsupported }
func (*system) CloseWrite(int) error                          { return errUnsupported }
func (*system) Close(int) error                               { return errUnsupported }
func (*system) SetNoDelay(int, bool) error                    { return errUnsupported }
func (*system) SetKeepAlive(int, KeepAlive) error             { return errUnsupported }
func (*system) Unacked(int) (int, error)                      { return 0, errUnsupported }
func (*system) SetLinger0(int) error                          { return errUnsupported }
func (*system) LocalAddr(int) (netip.AddrPort, error)         { return netip.AddrPort{}, errUnsupported }
func (*system) PeerAddr(int) (netip.AddrPort, error)          { return netip.AddrPort{}, errUnsupported }
func (*system) Dup(int) (int, error)                          { return -1, errUnsupported }
func (*system) OpenReserve() (int, error)                     { return -1, errUnsupported }
func (*system) ListenUnix(string, ListenOptions) (int, error) { return -1, errUnsupported }

func (*system) Accept(int) (int, netip.AddrPort, error) {
	return -1, netip.AddrPort{}, errUnsupported
}

func (*system) ListenTCP(netip.AddrPort, ListenOptions) (int, error) {
	return -1, errUnsupported
}

// Poller cannot be had on this system.
type Poller struct{}

// NewPoller fails.
func NewPoller(Sys) (*Poller, error) { return nil, errUnsupported }

func (p *Poller) FD() int                                  { return -1 }
func (p *Poller) Poll([]Event) (int, error)                { return 0, errUnsupported }
func (p *Poller) Wait([]Event, time.Duration) (int, error) { return 0, errUnsupported }
func (p *Poller) Wake() error                              { return errUnsupported }
func (p *Poller) Close() error                             { return errUnsupported }
