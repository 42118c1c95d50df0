package httpparse

// stepByte is what stepFields does for one byte in the states that every field
// goes through, for heads that come in byte by byte: there the way to
// stepFields costs more than the step. It reports false for all that is not
// usual, and has then changed nothing.
func (p *Parser) stepByte(block []byte, i int, c byte) bool {
	if p.err.Code != OK || i >= p.blockEndMax {
		return false
	}
	switch p.state {
	case stValue:
		if c != '\r' || i >= p.quickEnd {
			return false
		}
		p.counted += uint32(i - p.mark)
		p.field.ValueLen = uint32(i) - p.field.ValueOff
		p.state, p.quick = stValueLF, 0
	case stValueLF:
		if c != '\n' {
			return false
		}
		p.state = stValueFold
	case stValueFold:
		if classes[c]&classToken == 0 || p.special != specialNone ||
			p.fieldCount >= FieldsBatch-1 || p.blockFields >= p.limits.FieldsMax || p.counted+1 >= p.blockLimit() {
			return false
		}
		p.commit(block)
		p.blockFields++
		p.mark = i
		p.boundSpan(i)
		p.field = Field{NameOff: uint32(i)}
		p.state = stField
		p.passOver(classToken)
	case stField:
		if c != ':' || i >= p.quickEnd || i-p.mark > 0xffff {
			return false
		}
		if p.identify(block[p.mark:i]); p.special != specialNone {
			return false
		}
		p.counted += uint32(i - p.mark)
		p.state, p.quick = stValueBlank, 0
	case stValueBlank:
		if c == ' ' {
			break
		}
		if classes[c]&classValue == 0 || c == '\t' || p.special != specialNone || p.counted+1 >= p.blockLimit() {
			return false
		}
		p.mark = i
		p.field.ValueOff = uint32(i)
		p.boundSpan(i)
		p.state = stValue
		p.passOver(classValue)
	case stValueConnectionWord:
		word := &connectionWords[p.word]
		if i >= p.quickEnd || !foldedEqual(c, word.text[p.match]) {
			return false
		}
		if p.match++; int(p.match) == len(word.text) {
			p.special = word.to
			p.state = stValueConnectionBlank
		}
	default:
		return false
	}
	return true
}
