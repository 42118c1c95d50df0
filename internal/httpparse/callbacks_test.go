package httpparse

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// wayward is a transcript whose callbacks also pause or fail: answer says
// what, for the n-th call.
type wayward struct {
	transcript
	calls   int
	answer  func(n int) Code
	verdict func(message int) Verdict // but PauseHeaders, which answer gives
	heads   int
	failed  Code // what the callback that failed leads to
}

func (w *wayward) reply(failure Code) Code {
	w.calls++
	c := w.answer(w.calls)
	if c != OK && c != Paused {
		w.failed = failure
	}
	return c
}

func (w *wayward) OnMessageBegin() Code {
	w.transcript.OnMessageBegin()
	return w.reply(CallbackMessageBegin)
}

func (w *wayward) OnHeaders(head []byte, fields []Field) Code {
	w.transcript.OnHeaders(head, fields)
	return w.reply(CallbackHeadersComplete)
}

func (w *wayward) OnHeadersComplete(head []byte, fields []Field) Verdict {
	w.transcript.OnHeadersComplete(head, fields)
	w.heads++
	v := w.verdict(w.heads)
	fmt.Fprintf(&w.out, "verdict %d\n", v)
	switch c := w.reply(CallbackHeadersComplete); {
	case c == OK || v != Proceed:
		w.failed = OK
		return v
	case c == Paused:
		return PauseHeaders
	}
	return Refuse
}

func (w *wayward) OnBody(data []byte) Code {
	w.transcript.OnBody(data)
	return w.reply(CallbackMessageComplete)
}

func (w *wayward) OnChunkHeader(size uint64) Code {
	w.transcript.OnChunkHeader(size)
	return w.reply(CallbackChunkHeader)
}

func (w *wayward) OnTrailers(block []byte, fields []Field) Code {
	w.transcript.OnTrailers(block, fields)
	return w.reply(CallbackChunkComplete)
}

func (w *wayward) OnChunkComplete() Code {
	w.transcript.OnChunkComplete()
	return w.reply(CallbackChunkComplete)
}

func (w *wayward) OnMessageComplete() Code {
	w.transcript.OnMessageComplete()
	return w.reply(CallbackMessageComplete)
}

// read feeds input to p, which Init has made ready, in the pieces that cut
// makes; it goes on after each pause and, as HTTP, after each upgrade.
func (w *wayward) read(t *testing.T, p *Parser, input []byte, cut func(left int) int) string {
	from, to := 0, 0
	for {
		to += min(max(cut(len(input)-to), 0), len(input)-to)
		piece := bytes.Clone(input[from:to])
		n, code := p.Execute(piece[:len(piece):len(piece)])
		if n < 0 || n > to-from {
			t.Fatalf("Execute took %d of %d bytes of %q", n, to-from, input)
		}
		if from += n; p.Consumed() != uint64(from) {
			t.Fatalf("Consumed is %d after %d bytes of %q", p.Consumed(), from, input)
		}
		switch code {
		case OK:
			if to < len(input) {
				continue
			}
			w.flushBody()
			fmt.Fprintf(&w.out, "idle %v ", p.Idle())
			code = p.Finish()
			w.flushBody()
			fmt.Fprintf(&w.out, "finish %v\n", code)
			if w.failed == OK {
				w.failed = code
			}
		case Paused:
			if p.Err() != nil {
				t.Fatalf("Err is %v in a pause", p.Err())
			}
			if n, code := p.Execute(input[from:to]); n != 0 || code != Paused {
				t.Fatalf("Execute of a paused parser: %d, %v", n, code)
			}
			p.Resume()
			continue
		case PausedUpgrade:
			w.flushBody()
			fmt.Fprintf(&w.out, "upgrade at %d\n", p.Err().Offset)
			p.Resume()
			continue
		default:
			w.flushBody()
			fmt.Fprintf(&w.out, "stopped: %v %q at %d, consumed %d\n", code, p.Err().Reason, p.Err().Offset, p.Consumed())
			if w.failed == OK {
				w.failed = code
			}
		}
		w.mustBeOver(t, p, code, input)
		return w.out.String()
	}
}

// mustBeOver: a parser that has failed takes no byte and calls nobody.
func (w *wayward) mustBeOver(t *testing.T, p *Parser, code Code, input []byte) {
	if code == OK || code == Paused {
		return
	}
	if code != w.failed {
		t.Fatalf("stopped with %v, want %v; input %q", code, w.failed, input)
	}
	calls := w.calls
	for _, b := range []string{"", "a", "\n", " ", "ab", "abc", "GET / HTTP/1.1\r\n\r\n", strings.Repeat("a", 50)} {
		p.Resume()
		if n, c := p.Execute([]byte(b)); n != 0 || c != code {
			t.Fatalf("Execute(%q) after %v: %d, %v; input %q", b, code, n, c, input)
		}
	}
	if c := p.Finish(); c != OK || w.calls != calls || p.Idle() || p.Err() == nil {
		t.Fatalf("after %v: Finish %v, Idle %v, Err %v", code, c, p.Idle(), p.Err())
	}
}

func (w *wayward) start(p *Parser, kind Type, o Options) {
	w.p = p
	p.Init(kind, w, o)
}

// events counts what a Tracer hears.
type events struct{ n [16]int }

func (e *events) OnSpan(SpanKind, uint64, []byte) {}
func (e *events) OnEvent(event Event, _ uint64) Code {
	e.n[event]++
	return OK
}

// TestPausesAndTracer: a Tracer hears of the events whose callbacks pause.
func TestPausesAndTracer(t *testing.T) {
	for _, seed := range callbackSeeds {
		var n [2]events
		for i, answer := range []Code{OK, Paused} {
			var p Parser
			w := &wayward{answer: func(int) Code { return answer }, verdict: func(int) Verdict { return Proceed }}
			w.start(&p, Request, Options{Tracer: &n[i]})
			w.read(t, &p, []byte(seed), whole)
		}
		if n[0] != n[1] {
			t.Errorf("%q: events %v, with pauses %v", seed, n[0].n, n[1].n)
		}
	}
}

// checkCallbacks compares a stream read without a pause with the same stream
// where callbacks pause, and where one fails.
func checkCallbacks(t *testing.T, kind Type, o Options, input []byte, seed uint64) {
	t.Helper()
	verdicts := rand.New(rand.NewPCG(seed, 1)).Uint64()
	verdict := func(message int) Verdict {
		switch verdicts >> (message % 16 * 4) & 15 {
		case 1:
			return SkipBody
		case 2:
			return SkipToTunnel
		}
		return Proceed
	}
	rnd := rand.New(rand.NewPCG(seed, 2))
	slow := o
	slow.Tracer = silentTracer{}
	ok := func(int) Code { return OK }
	sometimes := func(int) Code {
		if rnd.IntN(3) == 0 {
			return Paused
		}
		return OK
	}
	always := func(int) Code { return Paused }
	var used Parser // by all ways in turn: Init must make it new
	model := &wayward{answer: ok, verdict: verdict}
	model.start(&used, kind, slow)
	want := model.read(t, &used, input, whole)
	for _, way := range []struct {
		name   string
		o      Options
		answer func(int) Code
		cut    func(int) int
	}{
		{"no pause, fast path", o, ok, whole},
		{"no pause, in bytes", o, ok, func(int) int { return 1 }},
		{"pauses, fast path", o, sometimes, whole},
		{"pauses everywhere, fast path", o, always, whole},
		{"pauses everywhere", slow, always, whole},
		{"pauses in pieces", o, sometimes, func(left int) int { return rnd.IntN(left + 1) }},
		{"pauses in small pieces", o, sometimes, func(int) int { return rnd.IntN(40) }},
		{"pauses in bytes", o, always, func(int) int { return rnd.IntN(2) }},
	} {
		w := &wayward{answer: way.answer, verdict: verdict}
		w.start(&used, kind, way.o)
		if got := w.read(t, &used, input, way.cut); got != want {
			t.Fatalf("%s: another result for %q (lenient %x, limits %+v)\ngot:\n%s\nwant:\n%s", way.name, input, o.Lenient, o.Limits, got, want)
		}
	}
	// One callback fails. What was seen until then is as without.
	at := 1 + rnd.IntN(model.calls+1)
	fail := func(n int) Code {
		if n == at {
			return User
		}
		return OK
	}
	first := ""
	for i, o := range []Options{slow, o, o} {
		w := &wayward{answer: fail, verdict: verdict}
		w.start(&used, kind, o)
		cut := whole
		if i == 2 {
			cut = func(int) int { return rnd.IntN(40) }
		}
		got := w.read(t, &used, input, cut)
		if i == 0 {
			first = got
		} else if got != first && !strings.Contains(want, "body") { // pieces of a body are more calls
			t.Fatalf("callback %d fails: another result for %q\ngot:\n%s\nwant:\n%s", at, input, got, first)
		}
	}
}

var callbackSeeds = append([]string{
	strings.Repeat("POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;a=b\r\nabc\r\n0\r\nA: b\r\n\r\n", 3) + "GET / HTTP/1.0\r\n\r\n",
	"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("Name: value\r\n", 70) + "\r\nGET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
	"GET / HTTP/1.1\r\n" + strings.Repeat("Name: value\r\n", 32) + "\r\nGET / HTTP/1.1\r\n" + strings.Repeat("Name: value\r\n", 33) + "\r\n",
	"GET / HTTP/1.1\r\nA: b \nB: c\t\n\nGET / HTTP/1.1\nA: b \n\n",
	"PUT / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: x\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nGET / HTTP/1.1\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nConnection: keep-alive\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nConnection: close\r\n\r\n\r\n",
}, splitSeeds...)

func TestCallbacks(t *testing.T) {
	for _, seed := range callbackSeeds {
		for n := uint64(0); n < 6; n++ {
			o := Options{}
			if n%2 == 1 {
				o = Options{Lenient: 0x7fe, Limits: Limits{HeadBytesMax: 200, TrailerBytesMax: 2000, ChunkExtensionBytesTotalMax: 5}}
			}
			checkCallbacks(t, Request, o, []byte(seed), n)
			checkCallbacks(t, Response, o, []byte(seed), n)
		}
	}
	for _, c := range corpusIfHere(t) {
		b := c.bytes(t)
		for n := uint64(0); n < 3; n++ {
			checkCallbacks(t, c.kind(), Options{Lenient: c.LenientMask}, b, n)
		}
		checkCallbacks(t, c.kind(), Options{Lenient: c.LenientMask}, b[:len(b)/2], 1)
	}
}

// FuzzCallbacks: pauses change nothing but when, a failing callback ends it
// all, and Init makes a used parser new.
func FuzzCallbacks(f *testing.F) {
	for i, seed := range callbackSeeds {
		f.Add([]byte(seed), uint16(0), i%2 == 1, uint64(i), uint16(0))
		f.Add([]byte(seed), uint16(0x7fe), false, uint64(i), uint16(400))
	}
	for _, c := range corpusIfHere(f) {
		f.Add(c.bytes(f), uint16(c.LenientMask), c.Type == "response", uint64(7), uint16(0))
	}
	f.Fuzz(func(t *testing.T, input []byte, lenient uint16, response bool, seed uint64, limit uint16) {
		kind := Request
		if response {
			kind = Response
		}
		o := Options{Lenient: Lenient(lenient & 0x7ff)}
		if limit != 0 {
			n := uint32(limit)
			o.Limits = Limits{HeadBytesMax: n, FieldsMax: 1 + n/16, TargetBytesMax: n / 2, TrailerBytesMax: 2 * n,
				ChunkExtensionBytesMax: n / 8, ChunkExtensionBytesTotalMax: n / 4}
		}
		checkCallbacks(t, kind, o, input, seed)
	})
}
