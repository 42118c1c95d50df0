package httpparse

import "math"

// connectionWords are the tokens of Connection that the parser knows, beside
// the special state that each leads to.
var connectionWords = [...]struct {
	text string
	to   special
}{
	{"close", specialConnectionClose},
	{"upgrade", specialConnectionUpgrade},
	{"keep-alive", specialConnectionKeepAlive},
}

const codingChunked = "chunked"

// stepSpecial is the machine of the values that the parser reads itself:
// Connection, Content-Length, Transfer-Encoding, Upgrade. block[i] exists.
func (p *Parser) stepSpecial(block []byte, i int) (int, result) {
	if i >= p.quickEnd {
		return p.fieldOverflow(i)
	}
	c := block[i]
	lineEnd := c == '\r' || c == '\n'
	switch p.state {
	case stValueStart:
		switch p.special {
		case specialUpgrade:
			p.Flags |= FlagUpgrade
			p.special = specialNone
			p.state = stValue
		case specialConnection:
			p.state = stValueConnection
		case specialContentLength:
			if p.Flags&FlagContentLength != 0 {
				return p.fail(i, UnexpectedContentLength, "Duplicate Content-Length")
			}
			p.state = stValueLength
		case specialTransferEncoding:
			if p.Flags&FlagChunked != 0 && p.codingAfterChunked() {
				return p.codingFails(block, i)
			}
			p.Flags = p.Flags&^FlagChunked | FlagTransferEncoding
			p.state, p.match = stValueCoding, 0
		default:
			p.state = stValue
		}

	case stValueLength:
		if d := c - '0'; d <= 9 {
			n := p.ContentLength
			if n > (math.MaxUint64-uint64(d))/10 {
				p.span(SpanHeaderValue, block, p.mark, i+1)
				return p.fail(i+1, InvalidContentLength, "Content-Length overflow")
			}
			p.ContentLength = n*10 + uint64(d)
			return i + 1, next
		}
		p.state = stValueLengthBlank

	case stValueLengthBlank:
		switch {
		case c == ' ' || c == '\t':
			return i + 1, next
		case lineEnd:
			p.Flags |= FlagContentLength
			return p.valueEnd(block, i)
		}
		p.span(SpanHeaderValue, block, p.mark, i)
		return p.fail(i, InvalidContentLength, "Invalid character in Content-Length")

	case stValueConnection:
		if c == ' ' || c == '\t' {
			return i + 1, next
		}
		if p.connectionWord(c) {
			return i + 1, next
		}
		p.state = stValueConnectionToken

	case stValueConnectionWord:
		word := connectionWords[p.word]
		if !foldedEqual(c, word.text[p.match]) {
			p.state = stValueConnectionToken
			return i, next
		}
		if p.match++; int(p.match) == len(word.text) {
			p.special = word.to
			p.state = stValueConnectionBlank
		}
		return i + 1, next

	case stValueConnectionBlank:
		switch {
		case c == ',':
			p.noteSpecial()
			p.special = specialConnection
			p.state = stValueConnection
			return i + 1, next
		case c == ' ' || c == '\t':
			return i + 1, next
		case lineEnd:
			return p.valueEnd(block, i)
		}
		p.special = specialNone
		p.state = stValueConnectionToken

	case stValueConnectionToken:
		switch {
		case c == ',':
			p.state = stValueConnection
			return i + 1, next
		case classes[c]&classValue != 0:
			return i + 1, next
		}
		return p.valueEnd(block, i)

	case stValueCoding:
		if !foldedEqual(c, codingChunked[p.match]) {
			p.state = stValueCodingToken
			return i, next
		}
		if p.match++; int(p.match) == len(codingChunked) {
			p.state = stValueCodingLast
		}
		return i + 1, next

	case stValueCodingLast:
		switch {
		case c == ' ' || c == '\t':
			return i + 1, next
		case lineEnd:
			p.special = specialChunked
			return p.valueEnd(block, i)
		case c == ',' && p.codingAfterChunked():
			return p.codingFails(block, i)
		}
		p.state = stValueCodingToken

	case stValueCodingToken:
		switch {
		case c == ',':
			p.state = stValueCodingBlank
			return i + 1, next
		case classes[c]&classValue != 0:
			return i + 1, next
		}
		p.special = specialNone
		p.state = stValue

	case stValueCodingBlank:
		if c == ' ' || c == '\t' {
			return i + 1, next
		}
		p.state, p.match = stValueCoding, 0
	}
	return i, next
}

// foldedEqual compares c with a lower-case letter or '-', letters without case.
func foldedEqual(c, want byte) bool {
	if want == '-' {
		return c == want
	}
	return c|0x20 == want
}

// codingAfterChunked reports whether a coding behind chunked is an error: in a
// request the body's end could not be found (RFC 9112 section 6.3).
func (p *Parser) codingAfterChunked() bool {
	return p.kind == Request && p.lenient&LenientTransferEncoding == 0
}

func (p *Parser) codingFails(block []byte, i int) (int, result) {
	p.span(SpanHeaderValue, block, p.mark, i)
	return p.fail(i+1, InvalidTransferEncoding, "Invalid `Transfer-Encoding` header value")
}
