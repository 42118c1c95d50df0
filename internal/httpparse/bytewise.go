package httpparse

// executeByte is execute for one more byte of a head, in the states that every
// head goes through: where heads come in byte by byte, the way to stepLine and
// stepFields would cost more than the step. It does what those do, and leaves
// to them what is not usual.
func (p *Parser) executeByte(block []byte) (int, Code) {
	i := len(block) - 1
	if !p.fast || i >= p.blockEndMax { // blockEndMax is 0 when parsing has stopped
		return p.execute(block)
	}
	c := block[i]
	switch p.state {
	case stValue, stValueConnectionBlank:
		if c != '\r' || i >= p.quickEnd {
			return p.execute(block)
		}
		p.counted += uint32(i - p.mark)
		p.field.ValueLen = uint32(i) - p.field.ValueOff
		p.state = stValueLF
		p.quick, p.quickLast = classLF, min(i+2, p.blockEndMax) // one LF
	case stValueLF, stValueFold:
		if block[i-1] != '\n' {
			return p.execute(block)
		}
		if !p.special.plain() || p.fieldCount >= FieldsBatch-1 || c != '\r' && !p.mayBegin(c) {
			return p.execute(block)
		}
		p.noteSpecial()
		if f := &p.field; f.ValueLen > 0 && block[f.ValueOff+f.ValueLen-1] > ' ' && !f.Folded { // nothing to trim
			to := &p.fields[p.fieldCount&(FieldsBatch-1)]
			to.NameOff, to.NameLen, to.ID, to.Folded = f.NameOff, f.NameLen, f.ID, false
			to.ValueOff, to.ValueLen = f.ValueOff, f.ValueLen
			p.Known.Add(f.ID)
			p.fieldCount++
		} else {
			p.commit(block)
		}
		if c == '\r' {
			p.state, p.quick = stHeadersLF, 0
			break
		}
		p.beginName(i)
	case stField:
		if c != ':' || i >= p.quickEnd || i-p.mark > 0xffff {
			return p.execute(block)
		}
		if p.identify(block, p.mark, i); !p.special.plain() {
			return p.execute(block)
		}
		p.counted += uint32(i - p.mark)
		p.state = stValueBlank
		p.quick, p.quickLast = classBlank, p.blockEndMax
	case stValueBlank:
		if classes[c]&classValue == 0 || c == ' ' || c == '\t' || !p.special.plain() || p.counted+1 >= p.blockMax {
			return p.execute(block)
		}
		if p.special == specialNone {
			p.state = stValue
		} else if !p.connectionWord(c) {
			return p.execute(block)
		}
		p.mark = i
		p.field.ValueOff = uint32(i)
		p.boundSpan(i)
		if p.quick = 0; p.state == stValue {
			p.passOver(classValue)
		}
	case stValueConnectionWord:
		word := &connectionWords[p.word]
		if i >= p.quickEnd || !foldedEqual(c, word.text[p.match]) {
			return p.execute(block)
		}
		if p.match++; int(p.match) == len(word.text) {
			p.special = word.to
			p.state = stValueConnectionBlank
		}
	default:
		if !p.stepLineByte(i, c) {
			return p.execute(block)
		}
	}
	p.scanned = i + 1
	return 0, OK
}

// plain: nothing, or one of Connection's.
func (s special) plain() bool {
	return s != specialContentLength && s != specialTransferEncoding && s != specialUpgrade && s != specialChunked
}

// connectionWord begins a word that the parser knows, if one begins with c.
func (p *Parser) connectionWord(c byte) bool {
	for w := range connectionWords {
		if foldedEqual(c, connectionWords[w].text[0]) {
			p.word, p.match = uint8(w), 1
			p.state = stValueConnectionWord
			return true
		}
	}
	return false
}

// mayBegin reports whether c may begin another field.
func (p *Parser) mayBegin(c byte) bool {
	return classes[c]&classToken != 0 && p.blockFields < p.limits.FieldsMax && p.counted+1 < p.blockMax
}

// beginName begins a field at block[i].
func (p *Parser) beginName(i int) {
	p.blockFields++
	p.mark = i
	p.boundSpan(i)
	p.field = Field{NameOff: uint32(i)}
	p.state = stField
	p.passOver(classToken)
}

// stepLineByte is executeByte for the request line. It reports false for what
// is not usual, and has then changed nothing.
func (p *Parser) stepLineByte(i int, c byte) bool {
	switch p.state {
	case stFirstSpace:
		if c != ' ' {
			return false
		}
		p.state = stSpaces
	case stSpaces:
		if c != '/' || p.Method == MethodConnect || p.targetMax < 2 {
			return false
		}
		p.mark, p.quickEnd = i, i+p.targetMax
		p.state = stURLPath
		p.passOver(classPath)
	case stURLPath, stURLQuery, stURLFragment:
		if c != ' ' || i >= p.quickEnd {
			return false
		}
		p.Target = Span{uint32(p.mark), uint32(i - p.mark)}
		p.counted = p.Target.Len
		p.state, p.quick = stProtocolStart, 0
	case stProtocolStart:
		if c != 'H' {
			return false
		}
		p.mark, p.word, p.match = i, 0, 1
		p.state = stProtocol
	case stProtocol:
		word := protocolWords[ProtocolHTTP]
		if p.word != 0 || c != word[p.match] {
			return false
		}
		if p.match++; int(p.match) == len(word) {
			p.state = stProtocolSlash
		}
	case stProtocolSlash:
		if c != '/' || p.protocolRefuses() != "" {
			return false
		}
		p.mark = i + 1
		p.state = stMajor
	case stMajor:
		if c != '1' {
			return false
		}
		p.Major, p.state = 1, stDot
	case stDot:
		if c != '.' {
			return false
		}
		p.state = stMinor
	case stMinor:
		if c != '1' && c != '0' || p.Major != 1 || p.Method == MethodPRI {
			return false
		}
		p.Minor, p.state = c-'0', stRequestCRLF
	case stRequestCRLF:
		if c != '\r' {
			return false
		}
		p.state = stRequestLF
	case stRequestLF:
		if c != '\n' {
			return false
		}
		p.state = stHeadersStart
	case stHeadersStart:
		if !p.mayBegin(c) {
			return false
		}
		p.beginName(i)
	default:
		return false
	}
	return true
}
