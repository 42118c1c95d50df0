// Package httpparse is an incremental parser of HTTP/1.x requests and
// responses. It does no I/O and allocates nothing; it can stop after any byte
// and go on with the next; its events and errors are llhttp's.
//
//	var p httpparse.Parser
//	p.Init(httpparse.Request, handler, httpparse.Options{})
//	for {
//		buf = read more behind the bytes that are still in buf
//		n, code := p.Execute(buf)
//		buf = buf[n:]
//		if code != httpparse.OK { … }
//	}
//
// The rule that bites: **Execute says how many bytes it is done with, and the
// next call begins with the bytes behind those**, the old ones unchanged, new
// ones appended. Bodies and chunk framing are done with at once; a head and a
// trailer section stay until they are complete, so that every field is one
// piece and nothing is copied inside the parser. The parser remembers where it
// stood: each byte is looked at once, however small the pieces.
package httpparse

import (
	"fmt"

	"github.com/cork-go/cork/internal/bytescan"
)

// Options sets up a Parser. The zero value is the strict parser with the
// default limits.
type Options struct {
	Lenient Lenient
	Limits  Limits
	// Tracer, if not nil, receives each single event.
	Tracer Tracer
}

// Error is why a parser stopped. Its text is llhttp's reason.
type Error struct {
	Code   Code
	Reason string
	Offset uint64 // bytes of the stream before the one that was not accepted
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s at byte %d (%s)", e.Reason, e.Offset, e.Code)
}

// Parser reads a stream of messages. Init makes the zero value ready; a
// Parser belongs to one goroutine at a time. It holds no reference to the bytes
// it was fed.
type Parser struct {
	// Message is the message being parsed; read it from OnHeadersComplete on.
	Message

	state     state
	quick     uint8  // class bit of the bytes that the step machine merely passes over; 0 for none
	scanned   int    // bytes of the unfinished block that were looked at, counted from its start
	quickLast int    // Execute may pass over bytes before this position only
	quickEnd  int    // a span that reaches this position is too long
	consumed  uint64 // bytes of the stream that Execute is done with

	fields     [FieldsBatch]Field
	fieldCount int // filled of fields

	handler Handler
	tracer  Tracer
	lenient Lenient
	kind    Type
	limits  Limits
	err     Error

	bodyLeft uint64 // of the body or the chunk
	machine
	index bytescan.HeadIndex
	held  held
}

// Init makes the parser ready for the start of a stream of messages of kind t.
// Events go to h, which must not be nil.
func (p *Parser) Init(t Type, h Handler, o Options) {
	*p = Parser{handler: h, tracer: o.Tracer, lenient: o.Lenient, kind: t, limits: o.Limits.withDefaults()}
	// With LenientHeaders a line may go on in the next: not for the fast path.
	p.targetMax = int(min(p.limits.TargetBytesMax+1, p.limits.HeadBytesMax))
	p.fast = t == Request && o.Tracer == nil && o.Lenient&LenientHeaders == 0
}

// Reuse makes a parser that stands between two messages ready for another stream
// with the same type and options, and costs less than Init. It reports false,
// and does nothing, if the parser stands elsewhere.
func (p *Parser) Reuse(h Handler) bool {
	if p.state != stStart || p.holding || p.scanned != 0 || p.err.Code != OK || p.kind == 0 {
		return false
	}
	p.handler, p.consumed = h, 0
	return true
}

// Release drops the references to Handler and Tracer, for a parser that goes
// to a free list. Init makes it usable again.
func (p *Parser) Release() { p.handler, p.tracer = nil, nil }

// Execute parses data, which begins behind the bytes that the calls before
// were done with. It returns how many bytes of data it is done with, all but
// those of an unfinished head or trailer section, and why it stopped:
//
//   - OK: everything was looked at; the rest, data[n:], must be there again at
//     the begin of the next call's data.
//   - Paused: a callback has asked for it. Call Resume, then Execute with
//     data[n:].
//   - PausedUpgrade, PausedH2Upgrade: data[n:] belongs to another protocol.
//   - any other code: Err has the details, n is where the byte stands that was
//     not accepted, and the parser takes nothing more.
func (p *Parser) Execute(data []byte) (n int, code Code) {
	i := len(data) - 1
	if i != p.scanned {
		return p.execute(data)
	}
	// One more byte of a head. Most only prolong a name, a value or a target.
	if uint(i) < uint(p.quickLast) && classes[data[i]]&p.quick != 0 {
		p.scanned = i + 1
		return 0, OK
	}
	return p.executeByte(data)
}

// Resume lets a paused parser go on.
func (p *Parser) Resume() {
	if p.err.Code == Paused || p.err.Code == PausedUpgrade {
		p.err.Code = OK
	}
}

// Finish tells the parser that the stream has ended (llhttp_finish). It returns
// OK between two messages, and inside a body that lasts until the end, which
// raises OnMessageComplete; InvalidEOFState inside a message, also one whose
// last byte was seen and whose OnMessageComplete is still held up by a pause:
// Resume and Execute first. After an error it returns OK, Err has said it.
func (p *Parser) Finish() Code {
	if p.err.Code != OK && p.err.Code != Paused {
		return OK
	}
	switch p.finish {
	case finishSafe:
		return OK
	case finishSafeWithCallback:
		p.finish = finishSafe
		p.state = stClosed
		if p.tell(p.handler.OnMessageComplete(), CallbackMessageComplete) && p.err.Code != Paused {
			p.fail(0, p.err.Code, callbackReasons[p.err.Code])
			return p.err.Code
		}
		p.trace(EventMessageComplete, 0)
		return OK
	}
	p.fail(p.scanned, InvalidEOFState, "Invalid EOF state")
	return InvalidEOFState
}

// Idle reports whether the parser stands between two messages: no byte of a
// next one has been seen.
func (p *Parser) Idle() bool { return p.state <= stClosed && !p.holding }

// Err returns the error that ended the parsing, or nil. It is valid until the
// next Init. A pause is not an error.
func (p *Parser) Err() *Error {
	if p.err.Code == OK || p.err.Code == Paused {
		return nil
	}
	return &p.err
}

// Consumed returns how many bytes of the stream Execute is done with.
func (p *Parser) Consumed() uint64 { return p.consumed }
