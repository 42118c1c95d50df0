package http1

import (
	"bytes"
	"net/netip"
)

// hostChars are the characters of a registered name: unreserved, sub-delims and
// the percent of an encoded byte (RFC 3986 section 3.2.2).
var hostChars = func() (t [256]bool) {
	for c := '0'; c <= '9'; c++ {
		t[c] = true
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = true, true
	}
	for _, c := range "-._~!$&'()*+,;=%" {
		t[c] = true
	}
	return t
}()

// validHost reports whether h is uri-host [ ":" port ] (RFC 9110 section 7.2),
// or empty, as a client sends it for a target without an authority.
func validHost(h []byte) bool {
	if len(h) == 0 {
		return true
	}
	if h[0] == '[' {
		return validLiteral(h)
	}
	i := 0
	for i < len(h) && hostChars[h[i]] {
		if h[i] == '%' && (i+2 >= len(h) || !isHex(h[i+1]) || !isHex(h[i+2])) {
			return false
		}
		i++
	}
	return i > 0 && validPort(h[i:])
}

// validAbsolute reports whether the authority of an http or https target is a
// host and perhaps a port. Other targets have no authority that we know.
func validAbsolute(target []byte) bool {
	at, n, known := authorityOf(target)
	return !known || n > 0 && validHost(target[at:at+n])
}

// authorityOf returns where the authority of an http or https target stands, and its
// length. Other targets are not known.
func authorityOf(target []byte) (at, n int, known bool) {
	scheme, rest, ok := bytes.Cut(target, []byte("://"))
	if !ok || !equalFold(string(scheme), "http") && !equalFold(string(scheme), "https") {
		return 0, 0, false
	}
	if end := bytes.IndexAny(rest, "/?"); end >= 0 {
		return len(target) - len(rest), end, true
	}
	return len(target) - len(rest), len(rest), true
}

// validAuthority reports whether a target of CONNECT is host and port.
func validAuthority(target []byte) bool {
	colon := bytes.LastIndexByte(target, ':')
	return colon > 0 && colon+1 < len(target) && validHost(target)
}

// validLiteral is validHost for "[" IPv6address "]" [ ":" port ].
func validLiteral(h []byte) bool {
	for i, c := range h {
		if c == ']' {
			a, err := netip.ParseAddr(string(h[1:i]))
			return err == nil && a.Is6() && a.Zone() == "" && validPort(h[i+1:])
		}
	}
	return false
}

// validPort takes nothing, or a colon and digits up to 65535.
func validPort(p []byte) bool {
	if len(p) == 0 {
		return true
	}
	if p[0] != ':' {
		return false
	}
	port := 0
	for _, c := range p[1:] {
		if c < '0' || c > '9' {
			return false
		}
		if port = port*10 + int(c-'0'); port > 65535 {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}
