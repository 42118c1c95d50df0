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

import "fmt"

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

	state    state
	quick    uint8  // class bit of the bytes that the step machine merely passes over; 0 for none
	scanned  int    // bytes of the unfinished block that were looked at, counted from its start
	quickEnd int    // scanned may not pass this without a look at the limits
	consumed uint64 // bytes of the stream that Execute is done with

	fields     [FieldsBatch]Field
	fieldCount int // filled of fields

	handler Handler
	tracer  Tracer
	lenient Lenient
	kind    Type
	limits  Limits
	err     Error

	machine
	index headIndex
}

// Init makes the parser ready for the start of a stream of messages of kind t.
// Events go to h, which must not be nil.
func (p *Parser) Init(t Type, h Handler, o Options) {
	*p = Parser{handler: h, tracer: o.Tracer, lenient: o.Lenient, kind: t, limits: o.Limits.withDefaults()}
}

// Release drops the references to Handler and Tracer, for a parser that goes
// to a free list. Init makes it usable again.
func (p *Parser) Release() { p.handler, p.tracer = nil, nil }

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

