package httpparse

import (
	"github.com/cork-go/cork/internal/bytescan"
	"github.com/cork-go/cork/internal/fieldname"
)

// stepFields is the machine of header and trailer fields: llhttp's states from
// headers_start to headers_done.
func (p *Parser) stepFields(block []byte, i int) (int, result) {
	if p.state == stTrailersStart {
		p.Flags |= FlagTrailing
		p.holding = true
		p.fieldCount, p.blockFields, p.counted, p.fastMisses = 0, 0, 0, 0
		p.boundBlock(p.limits.TrailerBytesMax)
		p.state = stFieldStart
	}
	if n := p.blockBytesMax; len(block) > n {
		block = block[:n] // blockEnd will say that this is too long
	}
	for i < len(block) {
		c := block[i]
		switch p.state {
		case stValue:
			i = valueRun(block, i, min(len(block), p.quickEnd))
			if i >= p.quickEnd {
				return p.fieldOverflow(i)
			}
			if i == len(block) {
				p.passOver(classValue)
				return p.blockEnd(i)
			}
			var r result
			if i, r = p.valueEnd(block, i); r != next {
				return i, r
			}

		case stField:
			for end := min(len(block), p.quickEnd); i < end && classes[block[i]]&classToken != 0; {
				i++
			}
			if i >= p.quickEnd {
				return p.fieldOverflow(i)
			}
			if i == len(block) {
				p.passOver(classToken)
				return p.blockEnd(i)
			}
			var r result
			if i, r = p.nameEnd(block, i); r != next {
				return i, r
			}

		case stValueBlank:
			switch c {
			case ' ', '\t':
				i++
			case '\r':
				i++
				p.state = stValueBlankLF
			case '\n':
				i++
				if p.lenient&LenientOptionalCRBeforeLF == 0 {
					return p.fail(i, InvalidHeaderToken, "Invalid header value char")
				}
				p.state = stValueBlankFold
			default:
				p.mark = i
				p.field.ValueOff = uint32(i)
				p.boundSpan(i)
				if p.special != specialNone {
					p.state = stValueStart
					break
				}
				p.state = stValue
			}

		case stValueLF:
			switch {
			case block[i-1] == '\n': // Execute has passed over it
			case c == '\n':
				i++
			case p.lenient&LenientOptionalLFAfterCR == 0:
				return p.fail(i, LFExpected, "Missing expected LF after header value")
			}
			p.state = stValueFold

		case stValueFold:
			if c == ' ' || c == '\t' {
				if p.lenient&LenientHeaders == 0 {
					return p.fail(i, InvalidHeaderToken, "Unexpected whitespace after header value")
				}
				p.field.Folded = true
				if p.special == specialChunked {
					p.special = specialNone
				}
				p.mark = i
				p.boundSpan(i)
				p.state = stValueStart
				break
			}
			p.noteSpecial()
			if p.special == specialConnectionKeepAlive || p.special == specialConnectionClose || p.special == specialConnectionUpgrade {
				p.special = specialConnection
			}
			p.commit(block)
			p.state = stFieldStart
			if p.trace(EventHeaderValueComplete, i) == Paused {
				return p.pause(i)
			}

		case stHeadersStart:
			p.state = stFieldStart
			if c == ' ' {
				i++
				if p.lenient&LenientHeaders == 0 {
					return p.fail(i, UnexpectedSpace, "Unexpected space after start line")
				}
			}

		case stFieldStart:
			if p.fast && len(block)-i >= fastMin && p.fastMisses < fastMissesMax && p.fieldCount < FieldsBatch {
				var whole bool
				if i, whole = p.fastFields(block, i, p.index.Fill(block, i), 0); whole {
					return p.headersDone(block, i)
				}
				if i == len(block) || p.state != stFieldStart {
					break
				}
				c = block[i]
			}
			switch c {
			case '\r':
				i++
				p.state = stHeadersLF
			case '\n':
				i++
				if p.lenient&LenientOptionalCRBeforeLF == 0 {
					return p.fail(i, InvalidHeaderToken, "Invalid header field char")
				}
				return p.headersDone(block, i)
			case ':':
				return p.fail(i, InvalidHeaderToken, "Invalid header token")
			default:
				if p.fieldCount == FieldsBatch && p.flush(block) {
					return p.pause(i)
				}
				if p.blockFields++; p.blockFields > p.limits.FieldsMax {
					return p.fieldOverflow(i)
				}
				p.mark = i
				p.boundSpan(i)
				p.field = Field{NameOff: uint32(i)}
				p.state = stField
				if classes[c]&classToken != 0 {
					i++
				}
			}

		case stFieldColon: // LenientHeaders: blanks between name and colon
			switch c {
			case ' ':
				i++
			case ':':
				var r result
				if i, r = p.nameDone(block, i); r != next {
					return i, r
				}
			default:
				p.special = specialNone
				p.state = stField
			}

		case stValueBlankLF:
			switch {
			case c == '\n':
				i++
			case p.lenient&LenientHeaders == 0:
				return p.fail(i, Strict, "Expected LF after CR")
			}
			p.state = stValueBlankFold

		case stValueBlankFold:
			if c == ' ' || c == '\t' {
				i++
				if p.lenient&LenientHeaders == 0 {
					return p.fail(i, InvalidHeaderToken, "Invalid header value char")
				}
				p.state = stValueBlank
				break
			}
			if p.special == specialContentLength {
				return p.fail(i, InvalidContentLength, "Empty Content-Length")
			}
			p.field.ValueOff, p.field.ValueLen = uint32(i), 0
			p.span(SpanHeaderValue, block, i, i)
			p.commit(block)
			p.state = stFieldStart
			if p.trace(EventHeaderValueComplete, i) == Paused {
				return p.pause(i)
			}

		case stValueLenient:
			for end := min(len(block), p.quickEnd); i < end && block[i] != '\r' && block[i] != '\n'; {
				i++
			}
			if i >= p.quickEnd {
				return p.fieldOverflow(i)
			}
			if i == len(block) {
				return p.blockEnd(i)
			}
			p.valueSpan(block, i)
			p.state = stValueLF
			if block[i] == '\r' {
				i++
			}

		case stHeadersLF:
			switch {
			case c == '\n':
				i++
			case p.lenient&LenientOptionalLFAfterCR == 0:
				return p.fail(i, Strict, "Expected LF after headers")
			}
			return p.headersDone(block, i)

		case stHeadersDone:
			return p.afterHeaders(block, i)

		default:
			if p.state < stTrailersStart || p.state >= stBody {
				return i, next
			}
			var r result
			if i, r = p.stepSpecial(block, i); r != next {
				return i, r
			}
		}
	}
	if p.state == stHeadersDone {
		return p.afterHeaders(block, i)
	}
	return p.blockEnd(i)
}

// blockEnd is behind the last byte of the block so far: it may be too long.
func (p *Parser) blockEnd(i int) (int, result) {
	if i >= p.blockBytesMax {
		return p.fieldOverflow(i)
	}
	return i, more
}

// valueRun returns the position of the first byte of block[i:end] that no value
// may hold, or end.
func valueRun(block []byte, i, end int) int {
	if end-i >= 16 { // where eight at a time pay
		return i + bytescan.StopFree(block[i:end])
	}
	for i < end && classes[block[i]]&classValue != 0 {
		i++
	}
	return i
}

// nameEnd is at the first byte that is no token character.
func (p *Parser) nameEnd(block []byte, i int) (int, result) {
	name := block[p.mark:i]
	if block[i] == ':' {
		p.identify(block, p.mark, i)
		return p.nameDone(block, i)
	}
	if block[i] == ' ' && specials[fieldname.Lookup(name)] != specialNone {
		if p.lenient&LenientHeaders != 0 {
			p.identify(block, p.mark, i)
			p.state = stFieldColon
			return i, next
		}
		p.span(SpanHeaderField, block, p.mark, i)
		return p.fail(i+1, InvalidHeaderToken, "Invalid header field char")
	}
	return p.fail(i, InvalidHeaderToken, "Invalid header token")
}

// identify looks the name block[from:to] up, once.
func (p *Parser) identify(block []byte, from, to int) {
	id := memOf(block).lookup(block, from, to)
	p.field.ID = id
	p.field.NameLen = uint16(to - from)
	p.special = specials[id]
}

// nameDone is at the colon.
func (p *Parser) nameDone(block []byte, i int) (int, result) {
	n := i - p.mark
	if n > 0xffff {
		return p.fieldOverflow(i)
	}
	p.counted += uint32(n)
	p.span(SpanHeaderField, block, p.mark, i)
	i++
	p.state = stValueBlank
	if p.trace(EventHeaderFieldComplete, i) == Paused {
		return p.pause(i)
	}
	if p.lenient&LenientChunkedLength == 0 {
		if p.special == specialTransferEncoding && p.Flags&FlagContentLength != 0 {
			return p.fail(i, InvalidTransferEncoding, "Transfer-Encoding can't be present with Content-Length")
		}
		if p.special == specialContentLength && p.Flags&FlagTransferEncoding != 0 {
			return p.fail(i, InvalidContentLength, "Content-Length can't be present with Transfer-Encoding")
		}
	}
	return i, next
}

// valueSpan ends a span of the value before block[i].
func (p *Parser) valueSpan(block []byte, i int) {
	p.counted += uint32(i - p.mark)
	p.field.ValueLen = uint32(i) - p.field.ValueOff
	p.span(SpanHeaderValue, block, p.mark, i)
}

// valueEnd is at the first byte that no value may hold (llhttp's
// header_value_otherwise).
func (p *Parser) valueEnd(block []byte, i int) (int, result) {
	switch c := block[i]; {
	case c == '\r':
		p.valueSpan(block, i)
		p.state = stValueLF
		return i + 1, next
	case c == '\n':
		p.valueSpan(block, i)
		if p.lenient&LenientOptionalCRBeforeLF == 0 {
			return p.fail(i, CRExpected, "Missing expected CR after header value")
		}
		p.state = stValueLF
		return i, next
	case p.lenient&LenientHeaders != 0:
		p.state = stValueLenient
		return i, next
	case p.lenient&LenientHeaderValueRelaxed != 0 && c != 0:
		p.state = stValue
		p.special = relaxedSpecial(p.special)
		return i + 1, next
	}
	p.span(SpanHeaderValue, block, p.mark, i)
	return p.fail(i, InvalidHeaderToken, "Invalid header value char")
}

// relaxedSpecial: a value with a control character is no list of tokens any
// more; what its tokens before have said stays said.
func relaxedSpecial(s special) special {
	if s == specialChunked {
		return specialNone
	}
	return s
}

// commit puts the field that has been read into the table.
func (p *Parser) commit(block []byte) {
	f := p.field
	for f.ValueLen > 0 {
		if c := block[f.ValueOff+f.ValueLen-1]; c != ' ' && c != '\t' {
			break
		}
		f.ValueLen--
	}
	for f.ValueLen > 0 && f.Folded { // a first line of blanks alone
		if c := block[f.ValueOff]; c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			break
		}
		f.ValueOff++
		f.ValueLen--
	}
	p.Known.Add(f.ID)
	if f.ValueLen == 0 {
		f.ValueOff = 0
	}
	p.fields[p.fieldCount] = f
	p.fieldCount++
}

// flush hands a full table over and reports whether to stop.
func (p *Parser) flush(block []byte) bool {
	n := p.fieldCount
	p.fieldCount = 0
	if p.Flags&FlagTrailing != 0 {
		return p.tell(p.handler.OnTrailers(block, p.fields[:n]), CallbackChunkComplete)
	}
	return p.tell(p.handler.OnHeaders(block, p.fields[:n]), CallbackHeadersComplete)
}

// noteSpecial sets the flag that a finished value has earned.
func (p *Parser) noteSpecial() {
	switch p.special {
	case specialConnectionKeepAlive:
		p.Flags |= FlagConnectionKeepAlive
	case specialConnectionClose:
		p.Flags |= FlagConnectionClose
	case specialConnectionUpgrade:
		p.Flags |= FlagConnectionUpgrade
	case specialChunked:
		p.Flags |= FlagChunked
	}
}

// headersDone is behind the empty line of a head or a trailer section.
func (p *Parser) headersDone(block []byte, i int) (int, result) {
	if p.counted >= p.blockMax {
		return p.fieldOverflow(i)
	}
	if p.Flags&FlagTrailing != 0 {
		p.state = stChunkComplete
		p.holding = false
		if p.fieldCount > 0 && p.flush(block[:i:i]) {
			return p.pause(i)
		}
		return i, next
	}
	p.Upgrade = p.Method == MethodConnect && p.kind == Request
	if p.Flags&(FlagUpgrade|FlagConnectionUpgrade) == FlagUpgrade|FlagConnectionUpgrade {
		p.Upgrade = p.kind == Request || p.Status == 101
	}
	return p.headersSeen(p.handler.OnHeadersComplete(block[:i:i], p.fields[:p.fieldCount]), block, i)
}

// headersSeen is behind OnHeadersComplete.
func (p *Parser) headersSeen(v Verdict, block []byte, i int) (int, result) {
	p.holding = false
	p.state = stHeadersDone
	paused := v == PauseHeaders
	if p.trace(EventHeadersComplete, i) == Paused {
		paused = true
	}
	switch v {
	case SkipBody:
		p.Flags |= FlagSkipBody
		p.trace(EventSkipBody, i)
	case SkipToTunnel:
		p.Flags |= FlagSkipBody
		p.Upgrade = true
	case Refuse:
		p.err.Code = CallbackHeadersComplete
		return p.pause(i)
	}
	if paused {
		return p.pause(i)
	}
	return p.afterHeaders(block, i)
}

// boundBlock sets the limits of the block that begins: n bytes may be counted,
// and all its bytes, blanks and line ends too, are at most twice that and the 8
// KiB that a thousand short fields have of those.
func (p *Parser) boundBlock(n uint32) {
	p.blockMax = n
	p.blockBytesMax = 2*int(n) + 8192
	p.blockEndMax = p.blockBytesMax - 1
}

// boundSpan sets quickEnd for a name or value that begins at block[i].
func (p *Parser) boundSpan(i int) {
	p.quickEnd = i + int(p.blockMax) - int(p.counted)
}

// passOver lets Execute pass over bytes of a class, as long as the span stays
// short enough.
func (p *Parser) passOver(class uint8) {
	p.quick = class
	p.quickLast = min(p.quickEnd-1, p.blockEndMax)
}

func (p *Parser) fieldOverflow(i int) (int, result) {
	if p.Flags&FlagTrailing != 0 {
		return p.fail(i, TrailerOverflow, "Trailer overflow")
	}
	return p.fail(i, HeaderOverflow, "Header overflow")
}
