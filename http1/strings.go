package http1

import "unsafe"

// bytesOf lends the bytes of s without a copy. Why unsafe: bodies and header
// names come in as strings, are looked at or written to a socket and are not
// kept, and a conversion would copy each of them. The bytes must not be written
// to and not be kept longer than s.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// equalFold compares two strings without regard to the case of ASCII letters.
// want is in lower case.
func equalFold(s, want string) bool {
	if len(s) != len(want) {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != want[i] {
			return false
		}
	}
	return true
}

// sameName reports whether two field names are the same (RFC 9110 section 5.1).
func sameName(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		x, y := a[i], b[i]
		if x == y {
			continue
		}
		if x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z' {
			return false
		}
	}
	return true
}

// hasWord reports whether a comma-separated list holds word, which is in lower
// case, as one of its elements (RFC 9110 section 5.6.1).
func hasWord(list, word string) bool {
	for len(list) > 0 {
		element := list
		list = ""
		for i := 0; i < len(element); i++ {
			if element[i] == ',' {
				element, list = element[:i], element[i+1:]
				break
			}
		}
		if equalFold(trimBlanks(element), word) {
			return true
		}
	}
	return false
}

// trimBlanks removes SP and HTAB at both ends.
func trimBlanks(s string) string {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// lowerName returns name in lower case; itself if it is that already.
func lowerName(name string) string {
	for i := 0; i < len(name); i++ {
		if c := name[i]; 'A' <= c && c <= 'Z' {
			b := []byte(name)
			for ; i < len(b); i++ {
				if c := b[i]; 'A' <= c && c <= 'Z' {
					b[i] = c | 0x20
				}
			}
			return string(b)
		}
	}
	return name
}
