package http1

import (
	"fmt"
	"strings"
	"testing"
)

func TestSeenTargets(t *testing.T) {
	var s seen
	check := func(target, want string) {
		t.Helper()
		b := []byte(target)
		got := s.target(b)
		spoil(b) // what is returned is nobody's buffer
		if got != want {
			t.Errorf("%q: %q, want %q", target, got, want)
		}
	}
	check("/", "/")
	check("", "")
	check("/users/17", "")
	check("/users/17", "/users/17")
	check("/users/17", "/users/17")
	long := strings.Repeat("/", seenTargetBytesMax)
	check(long, "")
	check(long, long)
	check(long+"/", "")
	check(long+"/", "")
	for i := range 10 * seenTargets {
		check(fmt.Sprint("/once/", i), "")
	}
	check("/users/17", "/users/17") // targets that come once push nobody out
}

func TestSeenHost(t *testing.T) {
	var s seen
	for _, test := range []struct {
		host string
		want bool
	}{
		{"", true}, {"a b", false}, {"example.com", true}, {"example.com", true}, {"example.com\x00", false},
		{"EXAMPLE.com", true}, {"a b", false}, {"", true}, {strings.Repeat("a", seenHostBytesMax+1), true},
		{strings.Repeat("a", seenHostBytesMax), true}, {strings.Repeat("a", seenHostBytesMax-1) + " ", false},
		{"[::1]:80", true}, {"[::1]:99999", false}, {"[::1]:80", true},
	} {
		b := []byte(test.host)
		if got := s.wellFormedHost(b); got != test.want {
			t.Errorf("%q: %v", test.host, got)
		}
		spoil(b)
	}
}
