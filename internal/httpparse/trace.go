package httpparse

// OpenSpan returns the span of a head that has begun and not ended: what a
// Tracer will be told when it is whole. off is the absolute offset of its first
// byte, n its bytes so far; ok is false if no span is open.
func (p *Parser) OpenSpan() (k SpanKind, off uint64, n int, ok bool) {
	switch st := p.state; {
	case st == stMethod:
		k, n = SpanMethod, p.scanned
	case st >= stURLStart && st <= stURLFragment:
		k, n = SpanURL, p.scanned-p.mark
	case st == stProtocol:
		k, n = SpanProtocol, p.scanned-p.mark
	case st == stMajor, st == stDot, st == stMinor:
		k, n = SpanVersion, p.scanned-p.mark
	case st == stStatus:
		k, n = SpanStatus, p.scanned-p.mark
	case st == stField, st == stFieldColon:
		k, n = SpanHeaderField, p.scanned-p.mark
	case st >= stValueStart && st < stValueLF:
		k, n = SpanHeaderValue, p.scanned-p.mark
	}
	if n == 0 || !p.holding {
		return 0, 0, 0, false
	}
	return k, p.consumed + uint64(p.scanned-n), n, true
}
