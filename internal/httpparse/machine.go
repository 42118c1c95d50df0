package httpparse

import "github.com/cork-go/cork/internal/fieldname"

// A tour of the machine.
//
//  1. Execute (parser.go) passes over a byte that changes nothing. One more byte
//     of a head goes to executeByte (bytewise.go), everything else to execute.
//  2. execute loops over step functions, each the machine of one part of a
//     message: stepBetween (here), stepLine (startline.go, the target's states in
//     it), stepFields (fields.go, with special.go) and stepBody (body.go, with
//     extension.go). A step runs until it needs more bytes, leaves its part, or
//     stops.
//  3. Where whole requests, or at least whole lines, are in the buffer and nobody
//     asked for single events, fastMessages and fastFields (fast.go, the inner
//     loop in mem_unsafe.go) do the work of the steps; what they do not like they
//     leave, untouched, to those. fastChunks does the same for chunks.
//
// The steps are llhttp's machine state by state, its word for every state and
// its byte for every error. All positions are offsets into block, the bytes
// from the first one that Execute is not done with.

// state is where the machine stands between two bytes.
type state uint8

const (
	stStart state = iota
	stReset
	stBegin
	stClosed // after a message that closes the connection
	stDead   // after an error

	// stepLine
	stMethod
	stFirstSpace
	stSpaces
	stURLStart
	stURLSchema
	stURLSchemaDelim
	stURLServer
	stURLServerAt
	stURLPath
	stURLQuery
	stURLFragment
	stURLCRLF
	stProtocolStart
	stProtocol
	stProtocolSlash
	stMajor
	stDot
	stMinor
	stVersionEnd
	stRequestCRLF
	stRequestLF
	stPRI
	stStatusSpace
	stStatusDigit
	stStatusEnd
	stStatusStart
	stStatus
	stStatusLF

	// stepFields
	stTrailersStart
	stHeadersStart
	stFieldStart
	stField
	stFieldColon
	stValueBlank
	stValueBlankLF
	stValueBlankFold
	stValueStart
	stValue
	stValueLenient
	stValueConnection
	stValueConnectionWord
	stValueConnectionBlank
	stValueConnectionToken
	stValueLength
	stValueLengthBlank
	stValueCoding
	stValueCodingWord
	stValueCodingLast
	stValueCodingToken
	stValueCodingBlank
	stValueLF
	stValueFold
	stHeadersLF
	stHeadersDone

	// stepBody
	stBody
	stBodyEOF
	stChunkSizeStart
	stChunkSize
	stChunkSizeBlank
	stChunkSizeLF
	stExtension
	stExtensionName
	stExtensionValue
	stExtensionQuoted
	stExtensionPair
	stExtensionQuotedDone
	stChunkData
	stChunkDataCR
	stChunkDataLF
	stChunkComplete
	stMessageDone
	stTunnelDone // message complete raised, the pause before the tunnel is next
	stCleanup
)

// finish is llhttp's: whether the stream may end here.
type finish uint8

const (
	finishSafe finish = iota
	finishSafeWithCallback
	finishUnsafe
)

// special is the machine's interest in a field (llhttp's header_state).
type special uint8

const (
	specialNone special = iota
	specialConnection
	specialContentLength
	specialTransferEncoding
	specialUpgrade
	specialConnectionKeepAlive
	specialConnectionClose
	specialConnectionUpgrade
	specialChunked
)

var specials = func() (t [256]special) {
	t[fieldname.Connection] = specialConnection
	t[fieldname.ProxyConnection] = specialConnection
	t[fieldname.ContentLength] = specialContentLength
	t[fieldname.TransferEncoding] = specialTransferEncoding
	t[fieldname.Upgrade] = specialUpgrade
	return t
}()

// machine is the step machine's own memory.
type machine struct {
	field         Field  // the field being read
	mark          int    // where the span being read began
	targetMax     int    // bytes that a target may not have
	blockMax      uint32 // against counted
	blockBytesMax int    // against all bytes of the block
	blockEndMax   int    // the last position that a byte of the block may have
	counted       uint32 // bytes of the block's finished spans, against HeadBytesMax
	blockFields   uint32 // fields of the block, against FieldsMax
	extBytes      uint32 // bytes of this chunk's extensions
	extTotal      uint32 // of all chunks' of the message
	match         uint8  // bytes matched of a word
	word          uint8  // which word
	lo, hi        uint8  // methods that the bytes so far may be, as range of methodsSorted
	special       special
	finish        finish
	holding       bool // the block's first byte must stay: Execute is not done with it
	begun         bool // a message has been completed before
	fast          bool // nobody wants single events
	fastMisses    uint8
}

// step results
type result uint8

const (
	more    result = iota // all bytes looked at
	next                  // p.state belongs to another step
	stopped               // p.err says why
)

// execute is Execute for everything but a byte passed over.
func (p *Parser) execute(data []byte) (int, Code) {
	if p.err.Code != OK {
		return 0, p.err.Code
	}
	p.checkHeld(data)
	p.quick = 0
	done := 0 // bytes of data in front of block
	block := data
	i := p.scanned
	for {
		var r result
		if p.state == stStart && p.fast {
			var n int
			n, i, r = p.fastMessages(block)
			done += n
			block = block[n:]
			if r == next {
				if p.state != stStart {
					continue
				}
				if len(block) == 0 {
					return done, OK
				}
			} else {
				p.scanned, p.blockEndMax = i, 0
				p.noteHeld(block)
				return done, p.err.Code
			}
		}
		switch st := p.state; {
		case st >= stBody:
			i, r = p.stepBody(block, i)
		case st >= stTrailersStart:
			i, r = p.stepFields(block, i)
		case st >= stMethod:
			i, r = p.stepLine(block, i)
		default:
			i, r = p.stepBetween(block, i)
		}
		if r == next && !p.holding && i > 0 {
			done += i
			p.consumed += uint64(i)
			block, i = block[i:], 0
		}
		if r == next {
			continue
		}
		if !p.holding {
			done += i
			p.consumed += uint64(i)
			i = 0
		}
		p.scanned = i
		p.noteHeld(block)
		if r == stopped {
			p.blockEndMax = 0
			return done, p.err.Code
		}
		return done, OK
	}
}

// stepBetween is the machine between two messages.
func (p *Parser) stepBetween(block []byte, i int) (int, result) {
	switch p.state {
	case stStart:
		for i < len(block) && (block[i] == '\r' || block[i] == '\n') {
			i++
		}
		if i == len(block) {
			return i, more
		}
		p.state = stReset
		if i > 0 {
			return i, next // so that the message's first byte is block[0]
		}
		fallthrough
	case stReset:
		p.state = stBegin
		if p.begun && p.trace(EventReset, i) == Paused {
			return p.pause(i)
		}
		fallthrough
	case stBegin:
		return p.begin(i)
	case stClosed:
		for ; i < len(block); i++ {
			if c := block[i]; c != '\r' && c != '\n' && p.lenient&LenientDataAfterClose == 0 {
				return p.fail(i+1, ClosedConnection, "Data after `Connection: close`")
			}
		}
		return i, more
	}
	panic("httpparse: no such state between messages")
}

// setUp makes the machine ready for a message that begins with the block.
func (p *Parser) setUp() {
	p.Message = Message{}
	p.finish = finishUnsafe
	p.holding = true
	p.fieldCount, p.blockFields, p.counted, p.fastMisses = 0, 0, 0, 0
	p.boundBlock(p.limits.HeadBytesMax)
	p.lo, p.hi, p.match = 0, uint8(len(methodsSorted)), 0
	p.state = stMethod
	if p.kind == Response {
		p.state = stProtocolStart
		p.response = true
	}
}

// begin starts a message at the first byte of the block.
func (p *Parser) begin(i int) (int, result) {
	p.setUp()
	if p.raised(p.handler.OnMessageBegin(), CallbackMessageBegin, EventMessageBegin, i) {
		return p.pause(i)
	}
	return i, next
}

// tell looks at a callback's answer and reports whether to stop. An answer
// that is neither OK nor Paused becomes the error failure.
func (p *Parser) tell(answer, failure Code) bool {
	if answer == OK {
		return false
	}
	p.err.Code = Paused
	if answer != Paused {
		p.err.Code = failure
	}
	return true
}

// raised is tell for a callback that is an event too, which a Tracer hears of
// whatever the answer; it may ask for a pause as well.
func (p *Parser) raised(answer, failure Code, e Event, i int) bool {
	stop := p.tell(answer, failure)
	return p.trace(e, i) == Paused || stop
}

// trace raises a single event at block[i] if somebody listens.
func (p *Parser) trace(e Event, i int) Code {
	if p.tracer == nil {
		return OK
	}
	return p.tracer.OnEvent(e, p.consumed+uint64(i))
}

// span raises a span of the block if somebody listens.
func (p *Parser) span(k SpanKind, block []byte, from, to int) {
	if p.tracer != nil {
		p.tracer.OnSpan(k, p.consumed+uint64(from), block[from:to])
	}
}

// pause stops at block[i], to go on there in p.state; or fails, if tell has
// found an answer that is an error.
func (p *Parser) pause(i int) (int, result) {
	if p.err.Code != OK && p.err.Code != Paused {
		return p.fail(i, p.err.Code, callbackReasons[p.err.Code])
	}
	p.err.Code, p.err.Offset = Paused, p.consumed+uint64(i)
	return i, stopped
}

// fail stops for good at block[i].
func (p *Parser) fail(i int, c Code, reason string) (int, result) {
	p.err = Error{Code: c, Reason: reason, Offset: p.consumed + uint64(i)}
	p.state = stDead
	p.quick = 0
	p.holding = false
	return i, stopped
}
