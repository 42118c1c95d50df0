package httpparse

import (
	"math"
)

// The fast path. It reads lines that are whole in the buffer by an index of
// their delimiters (bytescan.HeadIndex) instead of byte by byte, and it knows
// only what is usual. A line that is not usual, or not whole, it leaves as it
// is: the step machine reads it, and finds the error if there is one. So
// nothing here ever fails, and what it accepts the machine accepts with the
// same result; FuzzSplit and FuzzCallbacks hold the two together.

const (
	fastMessageMin = 18 // GET / HTTP/1.1 and two line ends
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
	for len(data)-done >= fastMessageMin {
		block := data[done:]
		entries := p.index.Fill(block, 0)
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
			k-9 > e+2 && !m.visible(e+2, k-9) || uint16(w) != wordCRLF || k-10-e >= p.targetMax {
			break
		}
		if answer := p.handler.OnMessageBegin(); answer != OK {
			p.setUp()
			p.tell(answer, CallbackMessageBegin)
			_, r = p.pause(0)
			return done, 0, r
		}
		// Not as one composite: that is built elsewhere and copied, and the
		// copy waits for the small stores that it reads back.
		p.Message = Message{}
		p.Method, p.Major, p.Minor = method, 1, minor
		p.Target.Off, p.Target.Len = uint32(e+1), uint32(k-10-e)
		p.fieldCount, p.blockFields, p.blockMax = 0, 0, p.limits.HeadBytesMax
		p.counted = p.Target.Len
		end := k + 4
		if w != wordCRLFCRLF {
			p.fastMisses = 0
			var whole bool
			if end, whole = p.fastFields(block, k+2, entries, 2); !whole {
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
		if p.Flags&^FlagConnectionKeepAlive == 0 && minor == 1 { // no body, and the connection stays
			v := p.handler.OnHeadersComplete(block[:end:end], p.fields[:p.fieldCount])
			if v == Proceed {
				done += end
				p.consumed += uint64(end)
				p.begun = true
				if answer := p.handler.OnMessageComplete(); answer == OK {
					continue
				} else {
					if answer != Paused { // else it stands in stStart, and there is nothing to clean up
						p.state = stCleanup
					}
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

// fastFields reads field lines, block[line] being the begin of one whose
// entries are those at p.index[at] and behind it, up to entries. It returns
// whether it has seen the empty line, and the position behind it; or else that
// of the line where the machine goes on, and its state in p.state.
func (p *Parser) fastFields(block []byte, line, entries, at int) (end int, whole bool) {
	for entries > at+1 && int(p.index[entries-1]) > len(block)-4 {
		entries-- // the line's end is not all here
	}
	// All names and values of these lines together are shorter than the bytes
	// up to the last entry: where those are within the limits, so are they.
	lines := entries >= at+2
	entries = min(entries, at+2*int(p.limits.FieldsMax-p.blockFields))
	left := min(p.blockMax-p.counted, math.MaxUint16)
	for entries >= at+2 && uint32(int(p.index[entries-1])-line) >= left {
		entries -= 2
	}
	if entries < at+2 {
		if lines {
			p.fastMisses++ // or each line to come costs an index for nothing
		}
		p.state = stFieldStart
		return line, false
	}
	m := memOf(block)
	first, from := line, at
	fields := p.fieldCount
	for {
		at, line = p.hotLines(m, len(block), line, entries, at)
		if at < 0 {
			return line, true
		}
		if at+1 >= entries || p.fieldCount == FieldsBatch {
			break
		}
		k := int(p.index[at+1])
		if !p.fastLine(m, block, line, int(p.index[at]), k) {
			p.fastMisses++
			break
		}
		line = k + 2
		at += 2
		if m.load32(k) == wordCRLFCRLF {
			return k + 4, true
		}
	}
	p.state = stFieldStart
	p.blockFields += uint32(p.fieldCount - fields)
	p.counted += p.recount(m, first, from, at)
	if at > from && (m.at(line) == ' ' || m.at(line) == '\t') {
		// A fold, which takes back that the value before was whole.
		p.fieldCount--
		p.blockFields--
		p.field = p.fields[p.fieldCount]
		p.special = specialNone
		p.state = stValueFold
		if p.field.ValueLen == 0 {
			p.state = stValueBlankFold
		}
	}
	return line, false
}

// fastLine reads one field line, from block[line] with its name's end at e and
// its value's at k, into the table, and reports whether it could.
//
// line <= e < k <= len(block)-4, and block[k] is a stop byte, as are no bytes
// from e to k: all loads are inside.
func (p *Parser) fastLine(m mem, block []byte, line, e, k int) bool {
	if m.at(e) != ':' || uint16(m.load32(k)) != wordCRLF {
		return false
	}
	v := e + 1
	for m.at(v) == ' ' || m.at(v) == '\t' {
		v++
	}
	end := k
	for end > v && (m.at(end-1) == ' ' || m.at(end-1) == '\t') {
		end--
	}
	// If the first byte is no token character, the name is empty, or the line
	// begins with a stop byte, which the index took for a part of the line end
	// before.
	if classes[m.at(line)]&classToken == 0 {
		return false
	}
	id := m.lookup(block, line, e)
	if s := specials[id]; s != specialNone && !p.fastSpecial(s, block[v:k]) {
		return false
	}
	p.Known.Add(id)
	f := Field{NameOff: uint32(line), NameLen: uint16(e - line), ID: id}
	if end > v {
		f.ValueOff, f.ValueLen = uint32(v), uint32(end-v)
	}
	p.fields[p.fieldCount] = f
	p.fieldCount++
	return true
}

// recount returns how many bytes the names and values of the lines of the
// entries [from,to) have, counted as the machine does: values with the blanks
// behind them. The first line begins at block[line].
func (p *Parser) recount(m mem, line, from, to int) (counted uint32) {
	for at := from; at < to; at += 2 {
		e, k := int(p.index[at]), int(p.index[at+1])
		v := e + 1
		for m.at(v) == ' ' || m.at(v) == '\t' {
			v++
		}
		counted += uint32(e-line) + uint32(k-v)
		line = k + 2
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
