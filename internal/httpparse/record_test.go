package httpparse

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// transcript is a Handler that writes down what a server would see of a
// stream: two parsers that agree write the same.
type transcript struct {
	p      *Parser
	out    strings.Builder
	fields int
	body   []byte
}

func (s *transcript) flushBody() {
	if len(s.body) > 0 {
		fmt.Fprintf(&s.out, "body %q\n", s.body)
		s.body = s.body[:0]
	}
}

func (s *transcript) block(what string, block []byte, fields []Field) {
	for _, f := range fields {
		fmt.Fprintf(&s.out, "%s %d %q=%q id=%d folded=%v at %d\n", what, s.fields, f.Name(block), f.AppendValue(nil, block), f.ID, f.Folded, f.NameOff)
		s.fields++
	}
}

func (s *transcript) OnMessageBegin() Code {
	s.flushBody()
	s.fields = 0
	s.out.WriteString("begin\n")
	return OK
}

func (s *transcript) OnHeaders(head []byte, fields []Field) Code {
	s.block("field", head, fields)
	return OK
}

func (s *transcript) OnHeadersComplete(head []byte, fields []Field) Verdict {
	s.block("field", head, fields)
	p := s.p
	fmt.Fprintf(&s.out, "head of %d: %s %q status %d %q %d %d.%d flags %x length %d upgrade %v keepalive %v known %x\n",
		len(head), p.Method, p.Target.Of(head), p.Status, p.StatusMessage.Of(head), p.Protocol, p.Major, p.Minor,
		p.Flags, p.Message.ContentLength, p.Upgrade, p.ShouldKeepAlive(), p.Known)
	return Proceed
}

func (s *transcript) OnBody(data []byte) Code {
	s.body = append(s.body, data...)
	return OK
}

func (s *transcript) OnChunkHeader(size uint64) Code {
	s.flushBody()
	fmt.Fprintf(&s.out, "chunk %d\n", size)
	return OK
}

func (s *transcript) OnTrailers(block []byte, fields []Field) Code {
	s.block("trailer", block, fields)
	return OK
}

func (s *transcript) OnChunkComplete() Code {
	s.flushBody()
	s.out.WriteString("chunk complete\n")
	return OK
}

func (s *transcript) OnMessageComplete() Code {
	s.flushBody()
	fmt.Fprintf(&s.out, "complete flags %x\n", s.p.Flags)
	return OK
}

// silentTracer listens to nothing, and so turns the fast path off.
type silentTracer struct{}

func (silentTracer) OnSpan(SpanKind, uint64, []byte) {}
func (silentTracer) OnEvent(Event, uint64) Code      { return OK }

// readStream feeds input to a new parser in the pieces that cut makes, and
// returns the transcript. cut gets the bytes left and says how many come next.
func readStream(t testing.TB, kind Type, o Options, input []byte, cut func(left int) int) string {
	var p Parser
	s := &transcript{p: &p}
	p.Init(kind, s, o)
	return s.read(t, input, cut)
}

// read feeds the transcript's parser.
func (s *transcript) read(t testing.TB, input []byte, cut func(left int) int) string {
	p := s.p
	from, to := 0, 0
	for to < len(input) {
		to += min(max(cut(len(input)-to), 1), len(input)-to)
		// A copy with its own end: nothing may look behind it.
		piece := bytes.Clone(input[from:to])
		n, code := p.Execute(piece[:len(piece):len(piece)])
		if n < 0 || n > to-from {
			t.Fatalf("Execute took %d of %d bytes", n, to-from)
		}
		from += n
		if code != OK {
			s.flushBody()
			fmt.Fprintf(&s.out, "stopped: %v %q at %d, consumed %d\n", code, p.err.Reason, p.err.Offset, p.Consumed())
			return s.out.String()
		}
	}
	s.flushBody()
	fmt.Fprintf(&s.out, "finish %v\n", p.Finish())
	s.flushBody()
	return s.out.String()
}

func whole(left int) int { return left }
