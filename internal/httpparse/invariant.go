package httpparse

import "github.com/cork-go/cork/internal/invariants"

// held is the memory of checkHeld: how many bytes of an unfinished block the
// machine has seen, and their sum. Not used unless invariants are on.
type held struct {
	len int
	sum uint64
}

// checkHeld holds the caller to its side of the contract: the bytes that
// Execute was not done with are there again, unchanged.
func (p *Parser) checkHeld(data []byte) {
	if invariants.Enabled && p.holding {
		invariants.Check(len(data) >= p.scanned && len(data) >= p.held.len && sumOf(data[:p.held.len]) == p.held.sum,
			"httpparse: Execute was not given the bytes again that it was not done with")
	}
}

// noteHeld is for checkHeld the next time.
func (p *Parser) noteHeld(block []byte) {
	if !invariants.Enabled {
		return
	}
	p.held = held{}
	if p.holding {
		invariants.Check(p.scanned <= len(block), "httpparse: looked behind the block")
		p.held = held{len(block), sumOf(block)}
	}
}

// sumOf is FNV-1a.
func sumOf(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}
