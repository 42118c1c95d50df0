// Package invariants switches on the checks of things that cannot happen. They
// cost nothing in production and run under -race, or with -tags invariants
// where the race detector is too slow or not to be had.
//
//	if invariants.Enabled {
//		invariants.Check(off <= len(buf), "iobuf: offset behind the buffer")
//	}
//
// The rules that bite:
//
//   - Only the impossible is checked. Bytes from the network, a full disk and a
//     client that hangs up are errors, not violations.
//   - The program must do the same with the checks on or off, only slower: no
//     side effects in the condition.
//   - The condition is evaluated before Check is called. Unless it is as cheap
//     as a comparison, put the call behind if invariants.Enabled, a constant:
//     the compiler then leaves all of it out.
package invariants

import "fmt"

// Violation is what a failed check panics with. Code that recovers panics of
// others, such as a server around a handler, can tell the two apart and let a
// Violation through, so that no test passes over it.
type Violation string

func (v Violation) Error() string { return "invariant violated: " + string(v) }

// Check panics with a Violation if ok is false and checks are enabled. msg
// begins with the package's name and says what should have been so.
func Check(ok bool, msg string) {
	if Enabled && !ok {
		panic(Violation(msg))
	}
}

// Failf panics with a Violation if checks are enabled. It is for messages that
// are worth formatting, in a branch of its own: the arguments cost nothing as
// long as all is well.
func Failf(format string, args ...any) {
	if Enabled {
		panic(Violation(fmt.Sprintf(format, args...)))
	}
}
