package httpparse

// stepLine is the machine of the start line: llhttp's states from on_message_begin
// to headers_start.
func (p *Parser) stepLine(block []byte, i int) (int, result) {
	if n := p.blockBytesMax; len(block) > n {
		block = block[:n] // blockEnd will say that this is too long
	}
	for i < len(block) {
		c := block[i]
		switch p.state {
		case stMethod:
			for int(p.match) < len(methodsSorted[p.lo]) || p.hi-p.lo > 1 {
				if i == len(block) {
					return i, more
				}
				lo, hi := narrowMethods(p.lo, p.hi, p.match, block[i])
				if lo == hi {
					break
				}
				p.lo, p.hi = lo, hi
				p.match++
				i++
			}
			if int(p.match) != len(methodsSorted[p.lo]) {
				return p.fail(i, InvalidMethod, "Invalid method encountered")
			}
			p.Method = methodsByName[p.lo]
			p.span(SpanMethod, block, 0, i)
			p.state = stFirstSpace
			if p.trace(EventMethodComplete, i) == Paused {
				return p.pause(i)
			}

		case stFirstSpace:
			if c != ' ' {
				return p.fail(i, InvalidMethod, "Expected space after method")
			}
			i++
			p.state = stSpaces

		case stSpaces:
			if c == ' ' {
				i++
				break
			}
			p.mark = i
			p.quickEnd = i + p.targetMax
			p.state = stURLStart
			if p.Method == MethodConnect {
				p.state = stURLServer
			}

		case stURLStart, stURLSchema, stURLSchemaDelim, stURLServer, stURLServerAt,
			stURLPath, stURLQuery, stURLFragment, stURLCRLF:
			var r result
			if i, r = p.stepTarget(block, i); r != next {
				return i, r
			}

		case stProtocolStart:
			if c == ' ' && p.kind == Request {
				i++
				break
			}
			p.mark, p.match = i, 0
			p.state = stProtocol

		case stProtocol:
			if p.match == 0 {
				p.word = 0
				switch c {
				case 'R':
					p.word = 1
				case 'I':
					p.word = 2
				}
			}
			w := protocolWords[p.word]
			if c != w[p.match] {
				p.span(SpanProtocol, block, p.mark, i)
				return p.fail(i, InvalidConstant, "Expected HTTP/, RTSP/ or ICE/")
			}
			i++
			if p.match++; int(p.match) < len(w) {
				break
			}
			p.Protocol = Protocol(p.word)
			p.span(SpanProtocol, block, p.mark, i)
			p.state = stProtocolSlash
			if p.trace(EventProtocolComplete, i) == Paused {
				return p.pause(i)
			}

		case stProtocolSlash:
			if p.kind == Request {
				if reason := p.protocolRefuses(); reason != "" {
					return p.fail(i, InvalidConstant, reason)
				}
			}
			if c != '/' {
				return p.fail(i, InvalidConstant, "Expected HTTP/, RTSP/ or ICE/")
			}
			i++
			p.mark = i
			p.state = stMajor

		case stMajor, stDot, stMinor:
			bad := ""
			switch {
			case p.state == stDot && c != '.':
				bad = "Expected dot"
			case p.state == stMajor && c-'0' > 9:
				bad = "Invalid major version"
			case p.state == stMinor && c-'0' > 9:
				bad = "Invalid minor version"
			}
			if bad != "" {
				p.span(SpanVersion, block, p.mark, i)
				return p.fail(i, InvalidVersion, bad)
			}
			i++
			switch p.state {
			case stMajor:
				p.Major, p.state = c-'0', stDot
			case stDot:
				p.state = stMinor
			case stMinor:
				p.Minor = c - '0'
				p.span(SpanVersion, block, p.mark, i)
				if !p.versionKnown() {
					return p.fail(i, InvalidVersion, "Invalid HTTP version")
				}
				p.state = stVersionEnd
				if p.trace(EventVersionComplete, i) == Paused {
					return p.pause(i)
				}
			}

		case stVersionEnd:
			switch {
			case p.kind == Response:
				p.state = stStatusSpace
			case p.Method == MethodPRI:
				p.state, p.match = stPRI, 0
			default:
				p.state = stRequestCRLF
			}

		case stRequestCRLF:
			// The machine of llhttp wants an LF after an LF that stands for a
			// CR only in leniency; taken as the line's end, as its tests do.
			i++
			switch {
			case c == '\r':
				p.state = stRequestLF
			case c == '\n' && p.lenient&LenientOptionalCRBeforeLF != 0:
				return p.lineDone(i)
			case c == '\n':
				return p.fail(i, InvalidVersion, "Expected CRLF after version")
			default:
				return p.fail(i-1, InvalidVersion, "Expected CRLF after version")
			}

		case stRequestLF:
			switch {
			case c == '\n':
				return p.lineDone(i + 1)
			case p.lenient&LenientOptionalLFAfterCR != 0:
				return p.lineDone(i)
			}
			return p.fail(i, Strict, "Expected CRLF after version")

		case stPRI:
			if c != prefaceTail[p.match] {
				return p.fail(i, InvalidVersion, "Expected HTTP/2 Connection Preface")
			}
			i++
			if p.match++; int(p.match) == len(prefaceTail) {
				return p.fail(i, PausedH2Upgrade, "Pause on PRI/Upgrade")
			}

		case stStatusSpace:
			if c != ' ' {
				return p.fail(i, InvalidVersion, "Expected space after version")
			}
			i++
			p.state, p.match = stStatusDigit, 0

		case stStatusDigit:
			if c-'0' > 9 {
				return p.fail(i, InvalidStatus, "Invalid status code")
			}
			p.Status = p.Status*10 + uint16(c-'0')
			i++
			if p.match++; p.match == 3 {
				p.state = stStatusEnd
			}

		case stStatusEnd:
			i++
			switch c {
			case ' ':
				p.state = stStatusStart
			case '\r':
				p.state = stStatusLF
			case '\n':
				if p.lenient&LenientOptionalCRBeforeLF == 0 {
					return p.fail(i, InvalidStatus, "Invalid response status")
				}
				return p.statusDone(i)
			default:
				return p.fail(i-1, InvalidStatus, "Invalid response status")
			}

		case stStatusStart:
			p.mark = i
			p.boundSpan(i)
			p.state = stStatus

		case stStatus:
			for end := min(len(block), p.quickEnd); i < end && block[i] != '\r' && block[i] != '\n'; {
				i++
			}
			if i >= p.quickEnd {
				return p.fieldOverflow(i)
			}
			if i == len(block) {
				return p.blockEnd(i)
			}
			p.StatusMessage = Span{uint32(p.mark), uint32(i - p.mark)}
			p.span(SpanStatus, block, p.mark, i)
			i++
			p.state = stStatusLF
			if block[i-1] == '\n' {
				if p.lenient&LenientOptionalCRBeforeLF == 0 {
					return p.fail(i, CRExpected, "Missing expected CR after response line")
				}
				return p.statusDone(i)
			}

		case stStatusLF:
			switch {
			case c == '\n':
				return p.statusDone(i + 1)
			case p.lenient&LenientOptionalLFAfterCR != 0:
				return p.statusDone(i)
			}
			return p.fail(i, Strict, "Expected LF after CR")
		default:
			return i, next
		}
	}
	return p.blockEnd(i)
}

var protocolWords = [...]string{ProtocolHTTP: "HTTP", ProtocolRTSP: "RTSP", ProtocolICE: "ICE"}

// prefaceTail is what follows the version in an HTTP/2 connection preface
// (RFC 9113 section 3.4).
const prefaceTail = "\r\n\r\nSM\r\n\r\n"

func (p *Parser) lineDone(i int) (int, result) {
	p.state = stHeadersStart
	return i, next
}

func (p *Parser) statusDone(i int) (int, result) {
	p.state = stHeadersStart
	if p.trace(EventStatusComplete, i) == Paused {
		return p.pause(i)
	}
	return i, next
}

// versionKnown: 0.9, 1.0, 1.1 and 2.0, or any with LenientVersion.
func (p *Parser) versionKnown() bool {
	switch p.Major<<4 | p.Minor {
	case 0x09, 0x10, 0x11, 0x20:
		return true
	}
	return p.lenient&LenientVersion != 0
}

// protocolRefuses says why the method does not go with the protocol.
func (p *Parser) protocolRefuses() string {
	m := p.Method
	switch p.Protocol {
	case ProtocolHTTP:
		if m > MethodPRI && m != MethodQuery {
			return "Invalid method for HTTP/x.x request"
		}
	case ProtocolRTSP:
		if m < MethodDescribe && m != MethodOptions && m != MethodGet && m != MethodPost || m == MethodQuery {
			return "Invalid method for RTSP/x.x request"
		}
	case ProtocolICE:
		if m != MethodSource {
			return "Expected SOURCE method for ICE/x.x request"
		}
	}
	return ""
}

// stepTarget is llhttp's machine of the request target. It returns next when
// the state is another one, more at the end of the bytes.
func (p *Parser) stepTarget(block []byte, i int) (int, result) {
	run := uint8(0)
	switch p.state {
	case stURLPath:
		run = classPath
	case stURLQuery:
		run = classQuery
	case stURLFragment:
		run = classFragment
	}
	if run != 0 {
		for end := min(len(block), p.quickEnd); i < end && classes[block[i]]&run != 0; {
			i++
		}
		if i >= p.quickEnd {
			return p.targetOverflow(i)
		}
		if i == len(block) {
			p.passOver(run)
			return p.blockEnd(i)
		}
	} else if i >= p.quickEnd {
		return p.targetOverflow(i)
	}
	c := block[i]
	if (c == '\t' || c == '\f') && !(p.state == stURLSchemaDelim && p.match > 0) {
		return p.fail(i+1, InvalidURL, "Invalid characters in url")
	}
	switch p.state {
	case stURLStart:
		switch {
		case c == '/' || c == '*':
			p.state = stURLPath
			return i + 1, next
		case isAlpha(c):
			p.state = stURLSchema
			return i, next
		case c == ' ' || c == '\r' || c == '\n':
			return p.fail(i+1, InvalidURL, "Invalid characters in url")
		}
		return p.fail(i, InvalidURL, "Unexpected start char in url")

	case stURLSchema:
		for end := min(len(block), p.quickEnd); i < end && isAlpha(block[i]); {
			i++
		}
		if i == len(block) || i >= p.quickEnd {
			return i, next
		}
		switch block[i] {
		case ':':
			p.state, p.match = stURLSchemaDelim, 0
			return i + 1, next
		case ' ', '\r', '\n', '\t', '\f':
			return p.fail(i+1, InvalidURL, "Invalid characters in url")
		}
		return p.fail(i, InvalidURL, "Unexpected char in url schema")

	case stURLSchemaDelim:
		if c == '/' {
			if p.match++; p.match == 2 {
				p.state = stURLServer
			}
			return i + 1, next
		}
		if p.match == 0 && (c == ' ' || c == '\r' || c == '\n') {
			return p.fail(i+1, InvalidURL, "Invalid characters in url")
		}
		return p.fail(i, InvalidURL, "Unexpected char in url schema")

	case stURLServer, stURLServerAt:
		switch {
		case c == '/':
			p.state = stURLPath
			return i + 1, next
		case c == '?':
			p.state = stURLQuery
			return i + 1, next
		case classes[c]&classHost != 0:
			p.state = stURLServer
			return i + 1, next
		case c == '@' && p.state == stURLServerAt:
			return p.fail(i+1, InvalidURL, "Double @ in url")
		case c == '@':
			p.state = stURLServerAt
			return i + 1, next
		}
		return p.targetEnd(block, i, "Unexpected char in url server")

	case stURLPath:
		switch c {
		case '?':
			p.state = stURLQuery
			return i + 1, next
		case '#':
			p.state = stURLFragment
			return i + 1, next
		}
		return p.targetEnd(block, i, "Invalid char in url path")

	case stURLQuery:
		if c == '#' {
			p.state = stURLFragment
			return i + 1, next
		}
		return p.targetEnd(block, i, "Invalid char in url query")

	case stURLFragment:
		return p.targetEnd(block, i, "Invalid char in url fragment start")

	default: // stURLCRLF: HTTP/0.9, the LF after the CR behind the target
		if c != '\n' {
			return p.fail(i, InvalidURL, "Expected CRLF")
		}
		return p.target09(i + 1)
	}
}

// targetEnd ends the target before block[i], or fails if no target ends there.
func (p *Parser) targetEnd(block []byte, i int, reason string) (int, result) {
	c := block[i]
	if c != ' ' && c != '\r' && c != '\n' {
		return p.fail(i, InvalidURL, reason)
	}
	p.Target = Span{uint32(p.mark), uint32(i - p.mark)}
	p.counted = p.Target.Len
	p.span(SpanURL, block, p.mark, i)
	switch c {
	case '\r':
		p.state = stURLCRLF
		return i + 1, next
	case '\n':
		return p.target09(i + 1)
	}
	p.state = stProtocolStart
	if p.trace(EventURLComplete, i+1) == Paused {
		return p.pause(i + 1)
	}
	return i + 1, next
}

// target09 ends a request line without a version: HTTP/0.9.
func (p *Parser) target09(i int) (int, result) {
	p.Major, p.Minor = 0, 9
	p.state = stHeadersStart
	if p.trace(EventURLComplete, i) == Paused {
		return p.pause(i)
	}
	return i, next
}

func (p *Parser) targetOverflow(i int) (int, result) {
	if i-p.mark > int(p.limits.TargetBytesMax) {
		return p.fail(i, URLOverflow, "URL overflow")
	}
	return p.fail(i, HeaderOverflow, "Header overflow")
}
