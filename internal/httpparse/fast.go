package httpparse

import (
	"encoding/binary"

	"github.com/cork-go/cork/internal/bytescan"
	"github.com/cork-go/cork/internal/fieldname"
)

// The fast path. It reads lines that are whole in the buffer by an index of
// their delimiters (bytescan.HeadIndex) instead of byte by byte, and it knows
// only what is usual. A line that is not usual, or not whole, it leaves as it
// is: the step machine reads it, and finds the error if there is one. So
// nothing here ever fails, and what it accepts the machine accepts with the
// same result; FuzzFastPath holds the two together.

const (
	fastRequestMin = 18 // GET / HTTP/1.1 and two line ends
	fastMin        = 32 // fewer bytes than this are not worth an index
	fastMissesMax  = 4  // lines of a head left to the machine before the fast path gives up: each costs an index
)

const (
	wordGet  = 'G' | 'E'<<8 | 'T'<<16 | ' '<<24
	wordPost = 'P' | 'O'<<8 | 'S'<<16 | 'T'<<24
	wordHead = 'H' | 'E'<<8 | 'A'<<16 | 'D'<<24
	wordPut  = 'P' | 'U'<<8 | 'T'<<16 | ' '<<24

	wordHTTP11 = 'H' | 'T'<<8 | 'T'<<16 | 'P'<<24 | '/'<<32 | '1'<<40 | '.'<<48 | '1'<<56
	wordHTTP10 = 'H' | 'T'<<8 | 'T'<<16 | 'P'<<24 | '/'<<32 | '1'<<40 | '.'<<48 | '0'<<56

	wordCRLF     = '\r' | '\n'<<8
	wordCRLFCRLF = wordCRLF | wordCRLF<<16
)

// lineEnd reports whether the four bytes of w end a line for good: CR, LF and
// the first byte of another line, no fold and no stop byte (which would put the
// index off by one), or CR LF CR LF.
func lineEnd(w uint32) bool {
	third := byte(w >> 16)
	return w&0xffff == wordCRLF && third > ' ' && third != 0x7f || w == wordCRLFCRLF
}

func load32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i:]) }

// fastRequest reads the request line at the begin of block, and goes on with
// fastFields.
func (p *Parser) fastRequest(block []byte) (int, result) {
	entries := p.index.Fill(block)
	if entries < 2 {
		return 0, next
	}
	e, k := int(p.index[0]), int(p.index[1])
	// The shortest: "GET / HTTP/1.1", the longest method here has 7 letters.
	if e < 3 || k < e+11 || k+4 > len(block) || block[e] != ' ' || block[e+1] != '/' {
		return 0, next
	}
	var m Method
	switch w := load32(block, 0); {
	case w == wordGet:
		m = MethodGet
	case w == wordPost && e == 4:
		m = MethodPost
	case w == wordHead && e == 4:
		m = MethodHead
	case w == wordPut:
		m = MethodPut
	case string(block[:e]) == "DELETE":
		m = MethodDelete
	case string(block[:e]) == "PATCH":
		m = MethodPatch
	case string(block[:e]) == "OPTIONS":
		m = MethodOptions
	default:
		return 0, next
	}
	minor := uint8(1)
	switch binary.LittleEndian.Uint64(block[k-8:]) {
	case wordHTTP11:
	case wordHTTP10:
		minor = 0
	default:
		return 0, next
	}
	target := block[e+1 : k-9]
	w := load32(block, k)
	if block[k-9] != ' ' || !bytescan.Visible(target) || !lineEnd(w) || k-9 >= p.targetEndMax(e+1) {
		return 0, next
	}
	p.Method, p.Major, p.Minor = m, 1, minor
	p.Target = Span{uint32(e + 1), uint32(len(target))}
	p.counted = uint32(len(target))
	p.state = stFieldStart
	if w == wordCRLFCRLF {
		return p.headersDone(block, k+4)
	}
	return p.fastFields(block, 0, entries, 2)
}

// fastFields reads field lines. entries of p.index are filled, for the bytes
// from block[base] on; the line to begin with is that of entry at. It returns
// where it stopped: at a line's begin in stFieldStart, or behind the head.
func (p *Parser) fastFields(block []byte, base, entries, at int) (int, result) {
	line := base
	if at > 0 {
		line += int(p.index[at-1]) + 2
	}
	if p.blockFields+uint32(entries/2) > p.limits.FieldsMax {
		return line, next
	}
	counted, limit := p.counted, p.blockLimit()
	n := p.fieldCount
	miss := false
	for at+1 < entries && n < FieldsBatch {
		e, k := base+int(p.index[at]), base+int(p.index[at+1])
		if k+4 > len(block) {
			break
		}
		w := load32(block, k)
		v := e + 1
		if block[e] != ':' || e == line || !lineEnd(w) {
			miss = true
			break
		}
		for block[v] == ' ' || block[v] == '\t' {
			v++
		}
		end := k
		for end > v && (block[end-1] == ' ' || block[end-1] == '\t') {
			end--
		}
		if counted+uint32(e-line)+uint32(k-v) >= limit || e-line > 0xffff {
			break
		}
		id := fieldname.Lookup(block[line:e])
		if s := specials[id]; s != specialNone && !p.fastSpecial(s, block[v:k]) {
			miss = true
			break
		}
		p.Known.Add(id)
		counted += uint32(e-line) + uint32(k-v)
		f := &p.fields[n]
		n++
		f.NameOff, f.NameLen, f.ID, f.Folded = uint32(line), uint16(e-line), id, false
		f.ValueOff, f.ValueLen = uint32(v), uint32(end-v)
		if end == v {
			f.ValueOff = 0
		}
		at += 2
		line = k + 2
		if w == wordCRLFCRLF {
			p.blockFields += uint32(n - p.fieldCount)
			p.fieldCount, p.counted = n, counted
			return p.headersDone(block, line+2)
		}
	}
	if miss {
		p.fastMisses++
	}
	p.blockFields += uint32(n - p.fieldCount)
	p.fieldCount, p.counted = n, counted
	return line, next
}

// fastSpecial reads the value of a field that says something about the
// message, if it is one of the usual values, and reports whether it is.
func (p *Parser) fastSpecial(s special, v []byte) bool {
	switch s {
	case specialConnection:
		for _, word := range connectionWords {
			if len(v) == len(word.text) && equalFold(v, word.text) {
				switch word.to {
				case specialConnectionClose:
					p.Flags |= FlagConnectionClose
				case specialConnectionKeepAlive:
					p.Flags |= FlagConnectionKeepAlive
				case specialConnectionUpgrade:
					p.Flags |= FlagConnectionUpgrade
				}
				return true
			}
		}
	case specialContentLength:
		if len(v) == 0 || len(v) > 18 || p.Flags&(FlagContentLength|FlagTransferEncoding) != 0 {
			return false
		}
		n := uint64(0)
		for _, c := range v {
			if c-'0' > 9 {
				return false
			}
			n = n*10 + uint64(c-'0')
		}
		p.ContentLength = n
		p.Flags |= FlagContentLength
		return true
	case specialTransferEncoding:
		if p.Flags&(FlagContentLength|FlagTransferEncoding) != 0 || len(v) != len(codingChunked) || !equalFold(v, codingChunked) {
			return false
		}
		p.Flags |= FlagTransferEncoding | FlagChunked
		return true
	case specialUpgrade:
		if len(v) > 0 {
			p.Flags |= FlagUpgrade
		}
		return true
	}
	return false
}

// equalFold compares b with a lower-case word of the same length.
func equalFold(b []byte, word string) bool {
	for i, c := range b {
		if !foldedEqual(c, word[i]) {
			return false
		}
	}
	return true
}
