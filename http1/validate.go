package http1

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
func validValue(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// checkField returns the error of a field that must not be sent.
func checkField(name, value string) error {
	if !validName(name) {
		return &HeaderError{Code: "ERR_INVALID_HTTP_TOKEN", Name: name}
	}
	if !validValue(value) {
		return &HeaderError{Code: "ERR_INVALID_CHAR", Name: name}
	}
	return nil
}
