package httpparse

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpusCase is one case of llhttp's own test suite.
type corpusCase struct {
	ID          string
	Type        string
	LenientMask Lenient `json:"lenient_mask"`
	Finish      bool
	Pause       string
	SkipBody    bool `json:"skip_body"`
	SplitSafe   bool `json:"split_safe"`
	Input       string
	Merged      []map[string]any
}

func (c *corpusCase) bytes(t testing.TB) []byte {
	b, err := base64.StdEncoding.DecodeString(c.Input)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// loadCorpus reads the corpus from $CORK_SHARED/corpora.
func loadCorpus(t testing.TB) []corpusCase {
	dir := os.Getenv("CORK_SHARED")
	if dir == "" {
		t.Skip("CORK_SHARED is not set: llhttp's corpus is not here")
	}
	b, err := os.ReadFile(filepath.Join(dir, "corpora", "llhttp-corpus.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []corpusCase }
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	return file.Cases
}

// recorder writes events down in the corpus's words.
type recorder struct {
	p        *Parser
	pauseAt  string
	skipBody bool
	lines    []string
	last     struct {
		kind  SpanKind
		end   uint64
		line  int
		start uint64
		data  []byte
	}
	handlerOnly
}

func (r *recorder) add(format string, args ...any) {
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

func (r *recorder) OnSpan(k SpanKind, off uint64, data []byte) {
	if l := &r.last; l.line == len(r.lines)-1 && l.kind == k && l.end == off && k != SpanHeaderValue && len(r.lines) > 0 {
		l.data = append(l.data, data...)
		l.end += uint64(len(data))
		r.lines[l.line] = fmt.Sprintf("off=%d span %s %q", l.start, k, l.data)
		return
	}
	r.last.kind, r.last.start, r.last.end = k, off, off+uint64(len(data))
	r.last.data = append([]byte{}, data...)
	r.last.line = len(r.lines)
	r.add("off=%d span %s %q", off, k, data)
}

func (r *recorder) OnEvent(e Event, off uint64) Code {
	switch p := r.p; e {
	case EventHeadersComplete:
		start := fmt.Sprintf("method=%d", p.Method)
		if p.kind == Response {
			start = fmt.Sprintf("status=%d", p.Status)
		}
		r.add("off=%d headers complete %s v=%d/%d flags=%x length=%d", off, start, p.Major, p.Minor, p.Flags, p.Message.ContentLength)
	case EventChunkHeader:
		r.add("off=%d chunk header len=%d", off, p.Message.ContentLength)
	default:
		r.add("off=%d %s", off, e)
	}
	name := "on_" + strings.ReplaceAll(strings.TrimSuffix(e.String(), ""), " ", "_")
	if e == EventChunkExtensionNameComplete || e == EventChunkExtensionValueComplete {
		name = strings.TrimSuffix(name, "_complete")
	}
	if name == r.pauseAt {
		return Paused
	}
	return OK
}

func (r *recorder) OnHeadersComplete([]byte, []Field) Verdict {
	if r.skipBody {
		return SkipBody
	}
	return Proceed
}

// handlerOnly is a Handler that says OK to everything.
type handlerOnly struct{}

func (handlerOnly) OnMessageBegin() Code                      { return OK }
func (handlerOnly) OnHeaders([]byte, []Field) Code            { return OK }
func (handlerOnly) OnHeadersComplete([]byte, []Field) Verdict { return Proceed }
func (handlerOnly) OnBody([]byte) Code                        { return OK }
func (handlerOnly) OnChunkHeader(uint64) Code                 { return OK }
func (handlerOnly) OnTrailers([]byte, []Field) Code           { return OK }
func (handlerOnly) OnChunkComplete() Code                     { return OK }
func (handlerOnly) OnMessageComplete() Code                   { return OK }

// wantLines writes the corpus's merged events as recorder does.
func (c *corpusCase) wantLines(t *testing.T) []string {
	var out []string
	num := func(v any) int64 { f, _ := v.(float64); return int64(f) }
	for _, e := range c.Merged {
		off := num(e["off"])
		switch e["event"] {
		case "span":
			v, err := base64.StdEncoding.DecodeString(e["value"].(string))
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, fmt.Sprintf("off=%d span %s %q", off, e["span"], v))
		case "headers complete":
			start := ""
			if m, ok := e["method"]; ok {
				start = fmt.Sprintf("method=%d", num(m))
			} else {
				start = fmt.Sprintf("status=%d", num(e["status"]))
			}
			out = append(out, fmt.Sprintf("off=%d headers complete %s v=%d/%d flags=%x length=%d", off, start,
				num(e["major"]), num(e["minor"]), num(e["flags"]), num(e["content_length"])))
		case "chunk header":
			out = append(out, fmt.Sprintf("off=%d chunk header len=%d", off, num(e["len"])))
		case "error":
			out = append(out, fmt.Sprintf("off=%d error %d %q", off, num(e["code"]), e["reason"]))
		case "finish":
			out = append(out, fmt.Sprintf("finish %d", num(e["finish"])))
		case "pause":
			out = append(out, fmt.Sprintf("off=%d pause", off))
		default:
			out = append(out, fmt.Sprintf("off=%d %s", off, e["event"]))
		}
	}
	return out
}

// run feeds the case in pieces of size bytes and returns what was recorded.
func (c *corpusCase) run(t *testing.T, input []byte, size int) []string {
	var p Parser
	r := &recorder{p: &p, pauseAt: c.Pause, skipBody: c.SkipBody}
	r.last.line = -1
	p.Init(c.kind(), r, Options{Lenient: c.LenientMask, Tracer: r})
	from, to := 0, 0
	for to < len(input) {
		to = min(to+size, len(input))
	again:
		// A copy that ends where the bytes end: nothing may look behind it.
		n, code := p.Execute(bytes.Clone(input[from:to]))
		if n < 0 || n > to-from {
			t.Fatalf("%s: Execute took %d of %d bytes", c.ID, n, to-from)
		}
		from += n
		switch code {
		case OK:
		case Paused:
			r.add("off=%d pause", p.err.Offset)
			p.Resume()
			goto again
		default:
			r.add("off=%d error %d %q", p.err.Offset, code, p.Err().Reason)
			return r.lines
		}
	}
	if k, off, n, ok := p.OpenSpan(); ok {
		r.OnSpan(k, off, input[off:off+uint64(n)]) // llhttp tells of it at the end of each piece
	}
	if c.Finish {
		r.add("finish %d", p.finish)
	}
	return r.lines
}

// TestCorpus runs llhttp's own test suite: each case whole, and in pieces of
// every size where llhttp itself gives the same events.
func TestCorpus(t *testing.T) {
	ran := 0
	for _, c := range loadCorpus(t) {
		if c.Type == "url" {
			continue // TestSplitTarget
		}
		ran++
		t.Run(c.ID, func(t *testing.T) {
			input := c.bytes(t)
			want := c.wantLines(t)
			for size := len(input); size > 0; size-- {
				got := c.run(t, input, size)
				if d := firstDifference(got, want); d != "" {
					t.Fatalf("in pieces of %d bytes\n%q\n%s", size, input, d)
				}
			}
		})
	}
	if ran != 251 {
		t.Errorf("ran %d cases of the corpus, it has 251", ran)
	}
}

func firstDifference(got, want []string) string {
	for i := range max(len(got), len(want)) {
		g, w := "(nothing)", "(nothing)"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			return fmt.Sprintf("event %d: got  %s\n         want %s", i, g, w)
		}
	}
	return ""
}

// corpusIfHere is loadCorpus for tests that have other input too.
func corpusIfHere(t testing.TB) (cases []corpusCase) {
	if os.Getenv("CORK_SHARED") == "" {
		return nil
	}
	for _, c := range loadCorpus(t) {
		if c.Type != "url" {
			cases = append(cases, c)
		}
	}
	return cases
}

func (c *corpusCase) kind() Type {
	if c.Type == "response" {
		return Response
	}
	return Request
}
