package httpparse

import (
	"math"

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

	wordHTTP11 = 'H' | 'T'<<8 | 'T'<<16 | 'P'<<24 | '/'<<32 | '1'<<40 | '.'<<48 | '1'<<56
	wordHTTP10 = 'H' | 'T'<<8 | 'T'<<16 | 'P'<<24 | '/'<<32 | '1'<<40 | '.'<<48 | '0'<<56

	wordCRLF     = '\r' | '\n'<<8
	wordCRLFCRLF = wordCRLF | wordCRLF<<16
)

// fastMessages reads requests as long as they are whole and usual, each from
// its first byte to its last with no step in between. It returns how many
// bytes it is done with, and how far it has looked behind those: 0, or the
// begin of a field line in stFieldStart, if a head is not whole or not usual.
func (p *Parser) fastMessages(data []byte) (done, looked int, r result) {
	for len(data)-done >= fastRequestMin {
		block := data[done:]
		entries := p.index.Fill(block)
		if entries < 2 {
			break
		}
		e, k := int(p.index[0]), int(p.index[1])
		// The shortest is "GET / HTTP/1.1" with its CR at 14.
		if k < e+11 || e < 3 || k > len(block)-4 {
			break
		}
		m := memOf(block)
		// e+11 <= k, k+4 <= len(block), e >= 3: all loads are inside.
		var method Method
		switch w := m.load32(0); {
		case w == wordGet && e == 3:
			method = MethodGet
		case w == wordPost && e == 4:
			method = MethodPost
		default:
			method = fastMethod(block[:e])
		}
		minor := uint8(1)
		if v := m.load64(k - 8); v != wordHTTP11 {
			if v != wordHTTP10 {
				break
			}
			minor = 0
		}
		w := m.load32(k)
		if method == methodCount || m.at(e) != ' ' || m.at(e+1) != '/' || m.at(k-9) != ' ' ||
			!m.visible(e+1, k-9) || uint16(w) != wordCRLF || k-9 >= p.targetEndMax(e+1) {
			break
		}
		if answer := p.handler.OnMessageBegin(); answer != OK {
			p.setUp()
			p.tell(answer, CallbackMessageBegin)
			_, r = p.pause(0)
			return done, 0, r
		}
		p.Message = Message{Method: method, Major: 1, Minor: minor, Target: Span{uint32(e + 1), uint32(k - 10 - e)}}
		p.fieldCount, p.blockFields = 0, 0
		end := k + 4
		if w != wordCRLFCRLF {
			p.counted = p.Target.Len
			var whole bool
			if end, whole = p.fastFields(block, 0, entries, 2); !whole {
				counted, fields, misses := p.counted, p.fieldCount, p.fastMisses
				msg, st := p.Message, p.state
				if end == k+2 {
					st = stHeadersStart
				}
				p.setUp()
				p.Message, p.state = msg, st
				p.counted, p.fieldCount, p.blockFields, p.fastMisses = counted, fields, uint32(fields), misses
				return done, end, next
			}
		}
		if p.Flags == 0 && minor == 1 { // no body, and the connection stays
			v := p.handler.OnHeadersComplete(block[:end:end], p.fields[:p.fieldCount])
			if v == Proceed {
				done += end
				p.consumed += uint64(end)
				p.begun = true
				if answer := p.handler.OnMessageComplete(); answer == OK {
					continue
				} else {
					p.state = stCleanup
					p.tell(answer, CallbackMessageComplete)
					_, r = p.pause(0)
					return done, 0, r
				}
			}
			p.finish = finishUnsafe
			looked, r = p.headersSeen(v, block, end)
		} else {
			p.finish = finishUnsafe
			looked, r = p.headersDone(block, end)
		}
		done += looked
		p.consumed += uint64(looked)
		return done, 0, r
	}
	return done, 0, next
}

// fastMethod returns the usual methods but GET and POST, methodCount for all
// others.
func fastMethod(name []byte) Method {
	switch string(name) {
	case "HEAD":
		return MethodHead
	case "PUT":
		return MethodPut
	case "DELETE":
		return MethodDelete
	case "PATCH":
		return MethodPatch
	case "OPTIONS":
		return MethodOptions
	}
	return methodCount
}

// fastFields reads field lines. entries of p.index are filled, for the bytes
// from block[base] on; the line to begin with is that of entry at. It returns
// whether it has seen the empty line, and the position behind it; or else that
// of the line where the machine goes on, and its state in p.state.
func (p *Parser) fastFields(block []byte, base, entries, at int) (line int, whole bool) {
	line = base
	if at > 0 {
		line += int(p.index[at-1]) + 2
	}
	for entries > at+1 && base+int(p.index[entries-1]) > len(block)-4 {
		entries-- // the line's end is not all here
	}
	if entries < at+2 {
		p.state = stFieldStart
		return line, false
	}
	// All names and values of these lines together are shorter than the bytes
	// up to the last entry: where those are within the limits, so are they.
	if span := uint32(base + int(p.index[entries-1]) - line); span >= p.blockLimit()-p.counted ||
		span > math.MaxUint16 || p.blockFields+uint32(entries/2) > p.limits.FieldsMax {
		p.state = stFieldStart
		return line, false
	}
	m := memOf(block)
	from := at
	n := uint(p.fieldCount)
	for ; at+1 < entries && n < FieldsBatch; at += 2 {
		// line <= e < k <= len(block)-4, and block[k] is a stop byte, as are
		// no bytes from e to k: all loads up to k+3 are inside.
		e, k := base+int(p.index[at]), base+int(p.index[at+1])
		v := e + 2
		if colon := m.load32(e); uint16(colon) != ':'|' '<<8 || byte(colon>>16) <= ' ' {
			if byte(colon) != ':' {
				break
			}
			for v = e + 1; m.at(v) == ' ' || m.at(v) == '\t'; {
				v++
			}
		}
		w := m.load32(k)
		if uint16(w) != wordCRLF || line+8 > len(block) {
			break
		}
		end := k
		if m.at(k-1) <= ' ' {
			for end > v && (m.at(end-1) == ' ' || m.at(end-1) == '\t') {
				end--
			}
		}

		length := e - line
		mask := fieldname.FoldMask(length)
		first, last := m.load64(line)&mask, m.load64(line+max(length, 8)-8)&mask
		id := fieldname.Candidate(first, last, length)
		if !fieldname.Match(id, first, last, length) || length > 16 && !m.matchMiddle(id, line, length) {
			id = fieldname.Unknown
			// A stop byte behind a line end: the index took it for part of
			// that. Known names do not begin with one.
			if classes[m.at(line)]&classToken == 0 {
				break
			}
		} else if s := specials[id]; s != specialNone && !p.fastSpecial(s, block[v:k]) {
			break
		}
		p.Known.Add(id)
		if end == v {
			v, end = 0, 0
		}
		f := &p.fields[n]
		f.NameOff = uint32(line)
		f.ValueOff = uint32(v)
		f.ValueLen = uint32(end - v)
		f.NameLen = uint16(length)
		f.ID = id
		f.Folded = false
		n++
		line = k + 2
		if w == wordCRLFCRLF {
			p.fieldCount = int(n)
			return k + 4, true
		}
	}
	p.state = stFieldStart
	p.blockFields += uint32(int(n) - p.fieldCount)
	p.fieldCount = int(n)
	p.counted += p.recount(m, base, from, at)
	if at+1 < entries && n < FieldsBatch {
		p.fastMisses++
	}
	if c := m.at(line); at > from && (c == ' ' || c == '\t') {
		// A fold, which takes back that the value before was whole.
		p.fieldCount--
		p.blockFields--
		p.field = p.fields[p.fieldCount]
		p.special = specialNone
		p.state = stValueFold
	}
	return line, false
}

// recount returns how many bytes the names and values of the lines of the
// entries [from,to) have, counted as the machine does: values with the blanks
// behind them.
func (p *Parser) recount(m mem, base, from, to int) (counted uint32) {
	for at := from; at < to; at += 2 {
		e, k := base+int(p.index[at]), base+int(p.index[at+1])
		line := base
		if at > 0 {
			line = base + int(p.index[at-1]) + 2
		}
		v := e + 1
		for m.at(v) == ' ' || m.at(v) == '\t' {
			v++
		}
		counted += uint32(e-line) + uint32(k-v)
	}
	return counted
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
