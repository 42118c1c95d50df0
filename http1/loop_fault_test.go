package http1

import (
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/cork-go/cork/internal/invariants"
	"github.com/cork-go/cork/internal/netpoll/faulty"
)

var quietLogger = slog.New(slog.DiscardHandler)

// faultKind is a fault that may strike any call of a name.
type faultKind struct {
	call  string
	err   error
	max   int
	times int

	// harmless: a kernel may do that at any time, and no client notices.
	harmless bool
}

func (k faultKind) String() string {
	what := fmt.Sprint(k.err)
	if errno, ok := k.err.(syscall.Errno); ok {
		what = errnoNames[errno]
	} else if k.max > 0 {
		what = fmt.Sprint("at most ", k.max)
	}
	if k.times > 1 {
		what += fmt.Sprint(", ", k.times, " times")
	}
	return k.call + " " + what
}

var errnoNames = map[syscall.Errno]string{
	syscall.EAGAIN: "EAGAIN", syscall.ECONNRESET: "ECONNRESET", syscall.ETIMEDOUT: "ETIMEDOUT", syscall.EPIPE: "EPIPE",
	syscall.EMFILE: "EMFILE", syscall.ENFILE: "ENFILE", syscall.ENOBUFS: "ENOBUFS", syscall.ENOMEM: "ENOMEM",
	syscall.ECONNABORTED: "ECONNABORTED", syscall.ENOSPC: "ENOSPC", syscall.EIO: "EIO", syscall.EINTR: "EINTR",
	syscall.EINVAL: "EINVAL", syscall.ENOTCONN: "ENOTCONN",
}

var faultKinds = []faultKind{
	{call: "Read", err: syscall.EAGAIN, harmless: true},
	{call: "Read", err: syscall.EAGAIN, times: 3, harmless: true},
	{call: "Read", err: syscall.ECONNRESET},
	{call: "Read", err: syscall.ETIMEDOUT},
	{call: "Read", max: 1, harmless: true},
	{call: "Read", max: 1, times: 20, harmless: true},
	{call: "Write", err: syscall.EAGAIN, harmless: true},
	{call: "Write", err: syscall.EPIPE},
	{call: "Write", err: syscall.ECONNRESET},
	{call: "Write", max: 1, harmless: true},
	{call: "Write", max: 60, harmless: true},
	{call: "Writev", err: syscall.EAGAIN, harmless: true},
	{call: "Writev", err: syscall.EPIPE},
	{call: "Writev", err: syscall.ECONNRESET},
	{call: "Writev", max: 1, harmless: true},
	{call: "Writev", max: 40 << 10, times: 3, harmless: true},
	{call: "Accept", err: syscall.EAGAIN, harmless: true},
	{call: "Accept", err: syscall.ECONNABORTED, harmless: true}, // which kernels say of connections that we do not have
	{call: "Accept", err: syscall.EMFILE},
	{call: "Accept", err: syscall.EMFILE, times: 2},
	{call: "Accept", err: syscall.ENFILE},
	{call: "Accept", err: syscall.ENOBUFS, harmless: true},
	{call: "Accept", err: syscall.ENOMEM, harmless: true},
	{call: "PollAdd", err: syscall.ENOMEM},
	{call: "PollAdd", err: syscall.ENOSPC},
	{call: "PollMod", err: syscall.ENOMEM},
	{call: "PollMod", err: syscall.ENOSPC},
	{call: "PollDel", err: syscall.ENOMEM, harmless: true},
	{call: "Poll", err: syscall.ENOMEM, harmless: true},
	{call: "Poll", err: syscall.EINTR, harmless: true},
	{call: "Poll", max: 1, harmless: true},
	{call: "Close", err: syscall.EIO, harmless: true},
	{call: "CloseWrite", err: syscall.ENOTCONN},
	{call: "SetNoDelay", err: syscall.EINVAL, harmless: true},
	{call: "OpenReserve", err: syscall.EMFILE, harmless: true},
	{call: "Dup", err: syscall.EMFILE},
}

// allFaults has TestFaults try each call and not a sample of them, another each
// time.
var allFaults = flag.Bool("faults", false, "let every call of the session fail, not a sample")

// TestFaults lets each call of a session fail, one at a time, in each way that a
// kernel may. One connection may suffer from it, the server must not.
func TestFaults(t *testing.T) {
	for _, network := range []string{"unix", "tcp"} {
		for _, kind := range faultKinds {
			t.Run(network+" "+kind.String(), func(t *testing.T) {
				needLoops(t)
				stride := 4
				if kind.call == "Poll" || network == "tcp" && kind.call != "Accept" { // many, and alike
					stride = 12
				}
				switch {
				case *allFaults:
					stride = 1
				case testing.Short() || invariants.Enabled:
					stride *= 3
				}
				n := 1 + rand.IntN(stride)
				for faultAt(t, network, kind, n) {
					n += stride
				}
			})
		}
	}
}

// faultAt runs a session with a fault at the n-th call and reports whether there
// were as many.
func faultAt(t *testing.T, network string, kind faultKind, n int) (struck bool) {
	t.Helper()
	what := fmt.Sprintf("fault at call %d", n)
	sys := newBooks()
	sys.Inject(faulty.Fault{Call: kind.call, N: n, Times: kind.times, Err: kind.err, Max: kind.max})
	ls, err := listenSession(t, network, sys)
	if err != nil {
		if sys.Struck() == 0 || kind.harmless {
			t.Errorf("%s: listen: %v", what, err)
		}
		ls.checkGone(t)
		return sys.Struck() > 0
	}
	failed := ls.session(t, what)
	struck = sys.Struck() > 0
	ls.endSession(t, what)
	limit := 1
	if kind.harmless || !struck {
		limit = 0
	}
	if len(failed) > limit {
		t.Errorf("%s: %d steps suffered, want %d at most: %q", what, len(failed), limit, failed)
	}
	return sys.Struck() > 0 && !t.Failed()
}
