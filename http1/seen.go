package http1

import (
	"encoding/binary"
	"math/bits"
)

// seen is what a work remembers of the requests that it was lent for, of whatever
// connection: most requests look like one before them. It is bounded, and what is
// found in it is compared byte by byte, so a client that aims at it wins nothing
// but that others are remembered less.
type seen struct {
	host    [seenHostBytesMax]byte // a Host that was found well-formed
	hostLen int
	targets [seenTargets]seenTarget
}

type seenTarget struct {
	text string // one that came twice
	hash uint64 // of the last one that came
}

// wellFormedHost is validHost, with a memory for one.
func (s *seen) wellFormedHost(h []byte) bool {
	if len(h) == s.hostLen && string(h) == string(s.host[:s.hostLen]) {
		return true // the empty one is well-formed
	}
	if !validHost(h) {
		return false
	}
	if len(h) <= len(s.host) {
		s.hostLen = copy(s.host[:], h)
	}
	return true
}

// target returns a request target as a string if it is at hand, else "".
func (s *seen) target(t []byte) string {
	if len(t) == 1 && t[0] == '/' {
		return "/"
	}
	if len(t) == 0 || len(t) > seenTargetBytesMax {
		return ""
	}
	hash := shortHash(t)
	e := &s.targets[hash%seenTargets]
	switch {
	case e.text == string(t):
	case e.hash != hash:
		e.hash = hash
		return ""
	default:
		e.text = string(t)
	}
	return e.text
}

// shortHash is a hash of some bytes for who compares them anyway.
func shortHash(b []byte) uint64 {
	const k = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio
	h := uint64(len(b))
	for ; len(b) >= 8; b = b[8:] {
		h = (h ^ binary.LittleEndian.Uint64(b)) * k
		h = bits.RotateLeft64(h, 29)
	}
	for _, c := range b {
		h = (h ^ uint64(c)) * k
	}
	return h ^ h>>32
}
