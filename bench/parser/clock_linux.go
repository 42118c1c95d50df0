package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// clockName is what the tables say of the clock.
const clockName = "the CPU time of the process"

// now is the CPU time that all threads of the process have used: the
// collector's too, and not that of others on the same core.
func now() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts); err != nil {
		panic(err) // it has been there since Linux 2.6.12
	}
	return time.Duration(ts.Nano())
}
