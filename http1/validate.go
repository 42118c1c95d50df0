package http1

import (
	"strings"

	"github.com/cork-go/cork/internal/bytescan"
)

// What may stand on the wire. Nothing else gets there: every setter checks
// first and stores afterwards.

// tokenChars are the characters of a token (RFC 9110 section 5.6.2).
var tokenChars = func() (t [256]bool) {
	for c := '0'; c <= '9'; c++ {
		t[c] = true
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = true, true
	}
	for _, c := range "!#$%&'*+-.^_`|~" {
		t[c] = true
	}
	return t
}()

// validName reports whether s may be the name of a field.
func validName(s string) bool {
	if s == "" {
		return false
	}
	for i := 0; i < len(s); i++ {
		if !tokenChars[s[i]] {
			return false
		}
	}
	return true
}

// validValue reports whether s may be a field's value or a reason phrase: HTAB,
// SP, visible characters and bytes from 0x80 on (RFC 9110 section 5.5, RFC 9112
// section 4). CR, LF, NUL, DEL and the other controls may not.
func validValue(s string) bool { return bytescan.StopFree(bytesOf(s)) == len(s) }

// validRelaxed is validValue for ValidationRelaxed and ValidationInsecure: all
// but CR, LF and NUL, which would end the line here or elsewhere.
func validRelaxed(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c == '\r' || c == '\n' || c == 0 {
			return false
		}
	}
	return true
}

// validLink reports whether s may be a value of Link in early hints: a target in
// angle brackets and parameters, each with a semicolon before it (RFC 8288
// section 3). As in Node a quoted value holds no blanks, quotes or semicolons.
func validLink(s string) bool {
	end := strings.IndexByte(s, '>')
	if end < 0 || s[0] != '<' || !validValue(s) {
		return false
	}
	for s = s[end+1:]; s != ""; {
		s = strings.TrimLeft(s, " \t")
		if s == "" || s[0] != ';' {
			return false
		}
		s = strings.TrimLeft(s[1:], " \t")
		n := strings.IndexAny(s, ";\" \t")
		if n < 0 {
			n = len(s)
		}
		if n == 0 {
			return false
		}
		name := s[:n]
		if s = s[n:]; s == "" || s[0] != '"' {
			continue
		}
		n = strings.IndexAny(s[1:], ";\" \t") + 1
		if n == 0 || s[n] != '"' || len(name) < 2 || name[len(name)-1] != '=' {
			return false
		}
		s = s[n+1:]
	}
	return true
}
