package httpparse

import "github.com/cork-go/cork/internal/fieldname"

// Span is a piece of a block (a head or a trailer section) as offset and
// length, both in bytes. It holds no pointer: it stays right when the block is
// moved to another buffer.
type Span struct {
	Off, Len uint32
}

// Of returns the bytes of block that s names.
func (s Span) Of(block []byte) []byte { return block[s.Off : s.Off+s.Len : s.Off+s.Len] }

// Field is one header or trailer field, as offsets into its block. 16 bytes.
type Field struct {
	NameOff  uint32
	ValueOff uint32
	ValueLen uint32 // without leading and trailing SP and HTAB
	NameLen  uint16
	ID       fieldname.ID // fieldname.Unknown if the name is not in the table
	Folded   bool         // the value holds line folds; only with LenientHeaders
}

// Name returns the field's name as it was sent.
func (f *Field) Name(block []byte) []byte {
	return block[f.NameOff : f.NameOff+uint32(f.NameLen) : f.NameOff+uint32(f.NameLen)]
}

// Value returns the field's value as it was sent, without surrounding
// whitespace. If f.Folded it still holds the CR and LF of each fold: use
// AppendValue.
func (f *Field) Value(block []byte) []byte {
	return block[f.ValueOff : f.ValueOff+f.ValueLen : f.ValueOff+f.ValueLen]
}

// AppendValue appends the value to dst, every CR and LF of a fold left out.
func (f *Field) AppendValue(dst, block []byte) []byte {
	v := f.Value(block)
	if !f.Folded {
		return append(dst, v...)
	}
	for _, c := range v {
		if c != '\r' && c != '\n' {
			dst = append(dst, c)
		}
	}
	return dst
}

// Handler receives the events of a Parser. Every method runs on the goroutine
// that called Execute, inside that call. The slices are valid until the method
// returns; a Handler that keeps bytes copies them, one that keeps Fields may
// copy those too, they hold only offsets.
//
// A method that returns Paused stops Execute at that point, after Resume the
// next Execute goes on behind it. Any other Code than OK ends the parsing with
// the error of that callback. A method must not call Execute, Finish, Resume or Init,
// and what Idle says inside of one means nothing.
type Handler interface {
	// OnMessageBegin: the first byte of a message was seen. CR and LF before
	// it have been skipped.
	OnMessageBegin() Code

	// OnHeaders hands over a full batch of FieldsBatch fields while a head
	// with more fields than that is still coming in; they are not repeated
	// later. The offsets count from the first byte of the head, which is
	// head[0]. Heads of up to FieldsBatch fields never call it.
	OnHeaders(head []byte, fields []Field) Code

	// OnHeadersComplete: the head is complete. head runs from the first byte
	// of the start line up to and including the empty line; fields are those
	// not handed to OnHeaders before. Start line and framing are in
	// Parser.Message.
	OnHeadersComplete(head []byte, fields []Field) Verdict

	// OnBody: a piece of the body, without chunk framing, never empty.
	OnBody(data []byte) Code

	// OnChunkHeader: a chunk of size bytes begins; 0 is the last one.
	OnChunkHeader(size uint64) Code

	// OnTrailers hands over trailer fields: batches as in OnHeaders, and what
	// is left at the end of the trailer section. Not called without trailers.
	OnTrailers(block []byte, fields []Field) Code

	// OnChunkComplete: the chunk, or with the last one the trailer section,
	// has been read.
	OnChunkComplete() Code

	// OnMessageComplete: the message has been read to its end.
	OnMessageComplete() Code
}

// FieldsBatch is how many fields a parser collects before it hands them over:
// a browser sends fewer, and 32 records of 16 bytes fit in eight cache lines.
// (Node's parser has 32 slots as well.)
const FieldsBatch = 32

// Verdict is the answer of OnHeadersComplete.
type Verdict uint8

const (
	Proceed      Verdict = iota // the body follows as the head says
	SkipBody                    // no body follows: the answer to a HEAD request
	SkipToTunnel                // no body follows and the bytes after the head are another protocol's
	PauseHeaders                // as Proceed, and stop as if Paused
	Refuse                      // end the parsing with CallbackHeadersComplete
)

// Tracer receives each single event of llhttp, one by one and with its
// offset. It is for those who want to see the parser work, and for llhttp's
// own test suite: a parser with a Tracer goes through the step machine byte
// run by byte run, without the fast path over whole heads.
type Tracer interface {
	// OnSpan: the bytes at the absolute offset off are a piece of kind. In a
	// head each span is whole, however the bytes came in; a body comes in as
	// many spans as Execute calls.
	OnSpan(kind SpanKind, off uint64, data []byte)
	// OnEvent: off is the absolute offset where parsing goes on. Paused stops
	// Execute there; other codes are ignored.
	OnEvent(e Event, off uint64) Code
}

// SpanKind names what the bytes of a span are.
type SpanKind uint8

// The spans, in llhttp's words.
const (
	SpanMethod SpanKind = iota
	SpanURL
	SpanProtocol
	SpanVersion
	SpanStatus
	SpanHeaderField
	SpanHeaderValue
	SpanBody
	SpanChunkExtensionName
	SpanChunkExtensionValue
)

var spanNames = [...]string{"method", "url", "protocol", "version", "status", "header_field",
	"header_value", "body", "chunk_extension_name", "chunk_extension_value"}

func (k SpanKind) String() string { return spanNames[k] }

// Event is one notification of llhttp.
type Event uint8

// The events, in llhttp's words.
const (
	EventReset Event = iota
	EventMessageBegin
	EventMethodComplete
	EventURLComplete
	EventProtocolComplete
	EventVersionComplete
	EventStatusComplete
	EventHeaderFieldComplete
	EventHeaderValueComplete
	EventHeadersComplete
	EventSkipBody
	EventChunkHeader
	EventChunkExtensionNameComplete
	EventChunkExtensionValueComplete
	EventChunkComplete
	EventMessageComplete
)

var eventNames = [...]string{"reset", "message begin", "method complete", "url complete",
	"protocol complete", "version complete", "status complete", "header_field complete",
	"header_value complete", "headers complete", "skip body", "chunk header",
	"chunk_extension_name complete", "chunk_extension_value complete", "chunk complete",
	"message complete"}

func (e Event) String() string { return eventNames[e] }
