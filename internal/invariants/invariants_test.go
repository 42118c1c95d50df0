package invariants

import (
	"strings"
	"testing"
)

// caught returns what f panics with, or nil.
func caught(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

func TestChecks(t *testing.T) {
	tests := []struct {
		name string
		f    func()
		want string // the violation when checks are on; "" for none
	}{
		{"holds", func() { Check(true, "p: never seen") }, ""},
		{"does not hold", func() { Check(false, "p: one is two") }, "p: one is two"},
		{"formatted", func() { Failf("p: %d is %d", 1, 2) }, "p: 1 is 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := caught(tt.f)
			if !Enabled || tt.want == "" {
				if got != nil {
					t.Fatalf("panic %v with Enabled = %v, want none", got, Enabled)
				}
				return
			}
			v, ok := got.(Violation)
			if !ok || string(v) != tt.want || !strings.Contains(v.Error(), tt.want) {
				t.Fatalf("panic %#v, want Violation %q", got, tt.want)
			}
		})
	}
}

// A disabled check must not show up in an allocation test of its caller.
func TestCheckAllocatesNothing(t *testing.T) {
	n := 1
	if got := testing.AllocsPerRun(100, func() { Check(n == 1, "p: n is one") }); got != 0 {
		t.Fatalf("Check allocates %v times, want 0", got)
	}
}
