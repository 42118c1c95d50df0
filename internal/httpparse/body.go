package httpparse

import "math"

// stepBody is the machine behind the head: bodies, chunks, and the way to the
// next message.
func (p *Parser) stepBody(block []byte, i int) (int, result) {
	for {
		switch p.state {
		case stMessageDone:
			p.state = stCleanup
			if p.Upgrade {
				p.state = stTunnelDone
			}
			p.finish = finishSafe
			if p.raised(p.handler.OnMessageComplete(), CallbackMessageComplete, EventMessageComplete, i) {
				return p.pause(i)
			}
			continue
		case stTunnelDone:
			p.state = stCleanup
			p.err = Error{Code: PausedUpgrade, Reason: "Pause on CONNECT/Upgrade", Offset: p.consumed + uint64(i)}
			return i, stopped
		case stCleanup:
			p.state = stClosed
			if p.ShouldKeepAlive() || p.lenient&LenientKeepAlive != 0 {
				p.begun = true
				p.state = stStart
			}
			return i, next
		case stChunkComplete:
			p.state = stChunkSizeStart
			if p.Flags&FlagTrailing != 0 {
				p.state = stMessageDone
			}
			if p.raised(p.handler.OnChunkComplete(), CallbackChunkComplete, EventChunkComplete, i) {
				return p.pause(i)
			}
			continue
		}
		if i == len(block) {
			return i, more
		}
		c := block[i]
		switch p.state {
		case stBody:
			n := len(block) - i
			if uint64(n) >= p.bodyLeft {
				n = int(p.bodyLeft)
				p.state = stMessageDone
			}
			p.bodyLeft -= uint64(n)
			p.span(SpanBody, block, i, i+n)
			i += n
			if p.tell(p.handler.OnBody(block[i-n:i:i]), CallbackMessageComplete) {
				return p.pause(i)
			}

		case stBodyEOF:
			p.span(SpanBody, block, i, len(block))
			if p.tell(p.handler.OnBody(block[i:]), CallbackMessageComplete) {
				return p.pause(len(block))
			}
			return len(block), more

		case stChunkSizeStart:
			if p.tracer == nil {
				var r result
				if i, r = p.fastChunks(block, i); r != next || p.state != stChunkSizeStart {
					if r == stopped || p.state < stBody {
						return i, r
					}
					break
				}
				if i == len(block) {
					return i, more
				}
				c = block[i]
			}
			d := hexValues[c]
			if d > 15 {
				return p.fail(i, InvalidChunkSize, "Invalid character in chunk size")
			}
			p.ContentLength, p.extBytes = uint64(d), 0
			p.state = stChunkSize
			i++

		case stChunkSize:
			if d := hexValues[c]; d <= 15 {
				i++
				if p.ContentLength == 0 { // endless zeros
					if p.extTotal++; p.extTotal > p.limits.ChunkExtensionBytesTotalMax {
						return p.extensionOverflow(i)
					}
				}
				if p.ContentLength > math.MaxUint64>>4 {
					return p.fail(i, InvalidChunkSize, "Chunk size overflow")
				}
				p.ContentLength = p.ContentLength<<4 | uint64(d)
				break
			}
			p.state = stChunkSizeBlank

		case stChunkSizeBlank:
			i++
			switch c {
			case '\r':
				p.state = stChunkSizeLF
			case ';':
				p.state = stExtension
				return i, next
			case ' ', '\t':
				if p.lenient&LenientSpacesAfterChunkSize == 0 {
					return p.fail(i, InvalidChunkSize, "Invalid character in chunk size")
				}
			case '\n':
				if p.lenient&LenientOptionalCRBeforeLF == 0 {
					return p.fail(i, CRExpected, "Missing expected CR after chunk size")
				}
				if p.lenient&LenientOptionalLFAfterCR == 0 {
					return p.chunkHeader(i)
				}
				p.state = stChunkSizeLF // llhttp takes a second LF for this line's, if it is there
			default:
				return p.fail(i-1, InvalidChunkSize, "Invalid character in chunk size")
			}

		case stChunkSizeLF:
			switch {
			case c == '\n':
				return p.chunkHeader(i + 1)
			case p.lenient&LenientOptionalLFAfterCR != 0:
				return p.chunkHeader(i)
			}
			return p.fail(i, Strict, "Expected LF after chunk size")

		case stChunkData:
			n := len(block) - i
			if uint64(n) >= p.bodyLeft {
				n = int(p.bodyLeft)
				p.state = stChunkDataCR
			}
			p.bodyLeft -= uint64(n)
			p.span(SpanBody, block, i, i+n)
			i += n
			if p.tell(p.handler.OnBody(block[i-n:i:i]), CallbackMessageComplete) {
				return p.pause(i)
			}

		case stChunkDataCR:
			switch {
			case c == '\r':
				i++
				p.state = stChunkDataLF
			case c == '\n':
				i++
				if p.lenient&LenientOptionalCRBeforeLF == 0 {
					return p.fail(i, CRExpected, "Missing expected CR after chunk data")
				}
				p.state = stChunkComplete
			case p.lenient&LenientOptionalCRLFAfterChunk != 0:
				p.state = stChunkComplete
			default:
				return p.fail(i, Strict, "Expected LF after chunk data")
			}

		case stChunkDataLF:
			if c != '\n' {
				return p.fail(i, Strict, "Expected LF after chunk data")
			}
			i++
			p.state = stChunkComplete

		case stExtension, stExtensionName, stExtensionValue, stExtensionQuoted, stExtensionPair, stExtensionQuotedDone:
			var r result
			if i, r = p.stepExtension(block, i); r != next {
				return i, r
			}

		default:
			return i, next
		}
	}
}

// fastChunks reads chunks whose size lines are whole and without extensions. It
// stops, in stChunkSizeStart, at any other, which the machine reads; it leaves
// to the machine as well what is not all here of a chunk's data.
func (p *Parser) fastChunks(block []byte, i int) (int, result) {
	for len(block)-i >= len("0\r\n") {
		size, at := uint64(hexValues[block[i]]), i+1
		if size > 15 || size == 0 && block[at] != '\r' {
			break
		}
		for at < len(block)-1 && at < i+8 {
			d := hexValues[block[at]]
			if d > 15 {
				break
			}
			size, at = size<<4|uint64(d), at+1
		}
		if at+2 > len(block) || block[at] != '\r' || block[at+1] != '\n' {
			break
		}
		i = at + 2
		p.ContentLength = size
		if n := uint64(len(block) - i); size == 0 || n < size+2 || block[i+int(size)] != '\r' || block[i+int(size)+1] != '\n' {
			return p.chunkHeader(i)
		}
		end := i + int(size)
		if answer := p.handler.OnChunkHeader(size); answer != OK {
			p.bodyLeft, p.state = size, stChunkData
			p.tell(answer, CallbackChunkHeader)
			return p.pause(i)
		}
		if answer := p.handler.OnBody(block[i:end:end]); answer != OK {
			p.state = stChunkDataCR
			p.tell(answer, CallbackMessageComplete)
			return p.pause(end)
		}
		i = end + 2
		if answer := p.handler.OnChunkComplete(); answer != OK {
			p.tell(answer, CallbackChunkComplete)
			return p.pause(i)
		}
	}
	return i, next
}

// afterHeaders is behind the head: it decides what follows (RFC 9112 section
// 6.3), as llhttp does.
func (p *Parser) afterHeaders(block []byte, i int) (int, result) {
	chunked := p.Flags&FlagChunked != 0
	bodiless := p.kind == Response && (p.Status/100 == 1 || p.Status == 204 || p.Status == 304)
	hasBody := !bodiless && (chunked || p.ContentLength > 0)
	p.bodyLeft = p.ContentLength
	switch {
	case p.Upgrade && (p.Method == MethodConnect && p.kind == Request || p.Flags&FlagSkipBody != 0 || !hasBody):
		p.state = stMessageDone
	case p.Flags&FlagSkipBody != 0 || bodiless:
		p.Upgrade = false
		p.state = stMessageDone
	case chunked:
		p.state = stChunkSizeStart
		p.extTotal = 0
	case p.Flags&FlagTransferEncoding != 0 && p.kind == Request &&
		p.lenient&(LenientChunkedLength|LenientTransferEncoding) == 0:
		return p.fail(i, InvalidTransferEncoding, "Request has invalid `Transfer-Encoding`")
	case p.Flags&FlagTransferEncoding != 0:
		p.state = stBodyEOF
	case p.Flags&FlagContentLength == 0 && p.NeedsEOF():
		p.state = stBodyEOF
	case p.ContentLength == 0:
		p.Upgrade = false
		p.state = stMessageDone
	default:
		p.state = stBody
	}
	if p.state == stBodyEOF {
		p.finish = finishSafeWithCallback
	}
	return i, next
}

// chunkHeader is behind the line of a chunk's size.
func (p *Parser) chunkHeader(i int) (int, result) {
	p.bodyLeft = p.ContentLength
	p.state = stChunkData
	if p.ContentLength == 0 {
		p.state = stTrailersStart
	}
	if p.raised(p.handler.OnChunkHeader(p.ContentLength), CallbackChunkHeader, EventChunkHeader, i) {
		return p.pause(i)
	}
	return i, next
}
