package httpparse

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// reportCPU adds the CPU time of f, the least of some rounds: what other
// processes do on the same machine disturbs it less than wall time.
func reportCPU(b *testing.B, f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const calls = 4000
	best := time.Duration(1 << 62)
	for range 50 {
		from := threadTime()
		for range calls {
			f()
		}
		best = min(best, threadTime()-from)
	}
	b.ReportMetric(float64(best)/calls, "cpu-ns/op")
}

func threadTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		panic(err)
	}
	return time.Duration(ts.Nano())
}
