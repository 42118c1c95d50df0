package httpparse

// The classes of bytes, one bit each, so that one load answers for all.
const (
	classToken    uint8 = 1 << iota // RFC 9110 token characters: field names
	classValue                      // field values: HTAB and all from SP on but DEL
	classPath                       // request targets: visible ASCII but # and ?
	classQuery                      // … and ?
	classFragment                   // … and # and ?
	classHost                       // userinfo and host of a target, brackets too
	classBlank                      // SP and HTAB
	classLF
)

// classes maps a byte to its classes.
var classes = func() (t [256]uint8) {
	set := func(bit uint8, chars string) {
		for _, c := range []byte(chars) {
			t[c] |= bit
		}
	}
	const alpha = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	const digits = "0123456789"
	set(classBlank, " \t")
	set(classLF, "\n")
	set(classToken, alpha+digits+"!#$%&'*+-.^_`|~")
	set(classHost, alpha+digits+"-_.!~*'()%;:&=+$,[]")
	for c := 0; c < 256; c++ {
		if c == '\t' || c >= ' ' && c != 0x7f {
			t[c] |= classValue
		}
		if c > ' ' && c < 0x7f {
			t[c] |= classFragment
			if c != '#' {
				t[c] |= classQuery
				if c != '?' {
					t[c] |= classPath
				}
			}
		}
	}
	return t
}()

func isToken(c byte) bool { return classes[c]&classToken != 0 }
func isValue(c byte) bool { return classes[c]&classValue != 0 }

// isAlpha reports whether c is a letter.
func isAlpha(c byte) bool { return c|0x20-'a' < 26 }

// isQuoted reports whether c may stand in a quoted string as it is: what may
// stand in a value, but '"' and backslash (RFC 9110 section 5.6.4).
func isQuoted(c byte) bool { return isValue(c) && c != '"' && c != '\\' }

// hexValues maps a byte to its value as a hexadecimal digit, 0xff for others.
var hexValues = func() (t [256]uint8) {
	for c := range t {
		switch {
		case '0' <= c && c <= '9':
			t[c] = uint8(c - '0')
		case 'a' <= c && c <= 'f':
			t[c] = uint8(c - 'a' + 10)
		case 'A' <= c && c <= 'F':
			t[c] = uint8(c - 'A' + 10)
		default:
			t[c] = 0xff
		}
	}
	return t
}()
