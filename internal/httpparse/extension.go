package httpparse

// stepExtension is the machine of chunk extensions. block[i] exists. Names and
// values are counted against the limits and dropped; with a Tracer each is
// held until it is whole.
func (p *Parser) stepExtension(block []byte, i int) (int, result) {
	c, from := block[i], i
	switch p.state {
	case stExtension:
		if c == ' ' || c == '\r' {
			return p.fail(i+1, Strict, "Invalid character in chunk extensions")
		}
		if p.extTotal++; p.extTotal > p.limits.ChunkExtensionBytesTotalMax { // endless semicolons
			return p.extensionOverflow(i)
		}
		p.holdSpan(i)
		p.state, p.match = stExtensionName, 0

	case stExtensionName:
		var ok bool
		if i, ok = p.extensionRun(block, i, isToken); !ok {
			return p.extensionOverflow(i)
		}
		if i > from {
			p.match = 1
		}
		if i == len(block) {
			break
		}
		p.dropSpan(SpanChunkExtensionName, block, i)
		at := i + 1
		c = block[i]
		// An empty name; before a bare LF that is not the fault that llhttp names.
		if p.match == 0 && (c != '\n' || p.lenient&LenientOptionalCRBeforeLF != 0) {
			c = 0
		}
		switch c {
		case '=':
			p.state, p.match = stExtensionValue, 0
		case ';':
			p.state = stExtension
		case '\r':
			p.state = stChunkSizeLF
		case '\n':
			at = i
			p.state = stChunkSizeLF
		default:
			return p.fail(i+1, Strict, "Invalid character in chunk extensions name")
		}
		paused := p.trace(EventChunkExtensionNameComplete, at) == Paused
		if c == '=' {
			p.holdSpan(at)
		}
		if c == '\n' && p.lenient&LenientOptionalCRBeforeLF == 0 {
			return p.fail(i, CRExpected, "Missing expected CR after chunk extension name")
		}
		if paused {
			return p.pause(at)
		}
		return at, next

	case stExtensionValue:
		var ok bool
		if i, ok = p.extensionRun(block, i, isToken); !ok {
			return p.extensionOverflow(i)
		}
		if i > from {
			p.match = 1
		}
		if i == len(block) {
			break
		}
		if c = block[i]; c == '"' && p.match == 0 {
			p.state = stExtensionQuoted
			return i + 1, next
		}
		p.dropSpan(SpanChunkExtensionValue, block, i)
		at := i + 1
		if p.match == 0 { // an empty value
			c = 0
		}
		switch c {
		case ';':
			p.state = stExtension
		case '\r':
			p.state = stChunkSizeLF
		case '\n':
			at = i
			p.state = stChunkSizeLF
		default:
			return p.fail(i+1, Strict, "Invalid character in chunk extensions value")
		}
		if c == '\n' && p.lenient&LenientOptionalCRBeforeLF == 0 {
			p.trace(EventChunkExtensionValueComplete, at)
			return p.fail(i, CRExpected, "Missing expected CR after chunk extension value")
		}
		if p.trace(EventChunkExtensionValueComplete, at) == Paused {
			return p.pause(at)
		}
		return at, next

	case stExtensionQuoted:
		var ok bool
		if i, ok = p.extensionRun(block, i, isQuoted); !ok {
			return p.extensionOverflow(i)
		}
		if i == len(block) {
			break
		}
		switch block[i] {
		case '"':
			i++
			p.dropSpan(SpanChunkExtensionValue, block, i)
			p.state = stExtensionQuotedDone
			if p.trace(EventChunkExtensionValueComplete, i) == Paused {
				return p.pause(i)
			}
		case '\\':
			i++
			p.state = stExtensionPair
		default:
			p.dropSpan(SpanChunkExtensionValue, block, i)
			return p.fail(i+1, Strict, "Invalid character in chunk extensions quoted value")
		}

	case stExtensionPair:
		if classes[c]&classValue == 0 {
			p.dropSpan(SpanChunkExtensionValue, block, i)
			return p.fail(i+1, Strict, "Invalid quoted-pair in chunk extensions quoted value")
		}
		var ok bool
		if i, ok = p.extensionRun(block[:i+1], i, isValue); !ok {
			return p.extensionOverflow(i)
		}
		p.state = stExtensionQuoted

	case stExtensionQuotedDone:
		switch c {
		case ';':
			i++
			p.state = stExtension
		case '\r':
			i++
			p.state = stChunkSizeLF
		case '\n':
			if p.lenient&LenientOptionalCRBeforeLF == 0 {
				return p.fail(i, CRExpected, "Missing expected CR after chunk extension value")
			}
			p.state = stChunkSizeLF
		default:
			return p.fail(i, Strict, "Invalid character in chunk extensions quote value")
		}
	}
	return i, next
}

// extensionRun passes over the bytes of a kind in an extension and counts them. It
// reports false at the first byte that is too many.
func (p *Parser) extensionRun(block []byte, i int, in func(byte) bool) (int, bool) {
	left := min(p.limits.ChunkExtensionBytesMax-p.extBytes,
		max(p.limits.ChunkExtensionBytesTotalMax, p.extTotal)-p.extTotal)
	from, end := i, min(len(block), i+int(left))
	for i < end && in(block[i]) {
		i++
	}
	p.extBytes += uint32(i - from)
	p.extTotal += uint32(i - from)
	return i, i < end || i == len(block) || !in(block[i])
}

func (p *Parser) extensionOverflow(i int) (int, result) {
	return p.fail(i, ChunkExtensionsOverflow, "Chunk extensions overflow")
}

// holdSpan keeps the bytes from block[i] on, for a Tracer.
func (p *Parser) holdSpan(i int) {
	p.holding = p.tracer != nil
	p.mark = i
}

// dropSpan raises the span that holdSpan began and lets its bytes go.
func (p *Parser) dropSpan(k SpanKind, block []byte, i int) {
	p.holding = false
	p.span(k, block, p.mark, i)
}
