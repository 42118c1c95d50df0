package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/cork-go/cork/internal/httpparse"
)

// Every parser must find in every input what is there; one that does not
// would have no row.
func TestPeersAgree(t *testing.T) {
	for _, p := range peers() {
		for _, in := range inputs() {
			t.Run(p.name+"/"+in.name, func(t *testing.T) {
				r, err := p.runner(in)
				if errors.Is(err, errNotMade) {
					t.Skip(err)
				}
				if err != nil {
					t.Fatal(err)
				}
				// The parser must be as good the third time as the first.
				if err := r.run(3); err != nil {
					t.Fatal(err)
				}
				got, err := r.look()
				if err != nil {
					t.Fatal(err)
				}
				if err := in.want.check(got); err != nil {
					t.Error("after three runs:", err)
				}
			})
		}
	}
}

func TestInputSizes(t *testing.T) {
	tests := []struct {
		name     string
		min, max int
	}{
		{minimalGET, 30, 60},
		{browserGET, 680, 720},
		{typicalGET, 330, 350},
		{pipelinedGET, 16 * 330, 16 * 350},
		{chunkedPOST, 1350, 1450},
	}
	for _, tt := range tests {
		in := inputNamed(tt.name)
		if n := len(in.data); n < tt.min || n > tt.max {
			t.Errorf("%s has %d bytes, want %d to %d", tt.name, n, tt.min, tt.max)
		}
		if bytes.Contains(bytes.ReplaceAll(in.data, []byte("\r\n"), nil), []byte("\n")) {
			t.Errorf("%s has a bare LF", tt.name)
		}
	}
}

func TestPieces(t *testing.T) {
	for _, in := range inputs() {
		for step := 1; step <= len(in.data); step++ {
			c := newCork(httpparse.Options{})
			pending, err := c.feed(in.data, step)
			if err != nil || pending != 0 {
				t.Fatalf("%s in pieces of %d: %d bytes left, %v", in.name, step, pending, err)
			}
			if err := in.want.check(c.seen()); err != nil {
				t.Fatalf("%s in pieces of %d: %v", in.name, step, err)
			}
		}
	}
	for _, f := range feeders() {
		for _, name := range pieceInputs {
			for _, step := range []int{1, 64, 1 << 20} {
				if err := f.run(inputNamed(name).data, step, 3); err != nil {
					t.Errorf("%s, %s in pieces of %d: %v", f.name, name, step, err)
				}
			}
		}
	}
}

// Hostile bytes must be read to their end, or their time says nothing; and
// pieces must not change what is seen.
func TestHostile(t *testing.T) {
	for _, h := range hostiles() {
		t.Run(h.name, func(t *testing.T) {
			data := h.bytes(hostileSizes[0])
			if n := len(data); n > hostileSizes[0] || n < hostileSizes[0]-512 {
				t.Fatalf("made %d bytes, want about %d", n, hostileSizes[0])
			}
			var whole corkSums
			for i, step := range []int{len(data), 64, 1} {
				c := newCork(h.options())
				if _, err := c.feed(data, step); err != nil {
					t.Fatalf("in pieces of %d: %v", step, err)
				}
				c.sums.target = nil
				if i == 0 {
					whole = c.sums
					continue
				}
				if got := c.sums; got.requests != whole.requests || got.fields != whole.fields ||
					got.bodyBytes != whole.bodyBytes {
					t.Errorf("in pieces of %d: saw %+v, want %+v", step, got, whole)
				}
			}
		})
	}
}

func TestNoAllocations(t *testing.T) {
	for _, in := range inputs() {
		r, err := corkPeer().runner(in)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() {
			if err := r.run(1); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations, want 0", in.name, n)
		}
	}
}

func TestCheck(t *testing.T) {
	r := &report{Rows: []row{
		{Parser: corkName, Input: minimalGET, Nanos: 10, Requests: 1},
		{Parser: fasthttpName, Input: minimalGET, Nanos: 29, Requests: 1},
		{Parser: llhttpName, Input: minimalGET, Nanos: 15, Requests: 1},
		{Parser: portableName, Input: minimalGET, Nanos: 15, Requests: 1},
	}}
	var out strings.Builder
	if n := r.check(&out, 0.05); n != 1 {
		t.Errorf("%d bars missed, want only llhttp's:\n%s", n, out.String())
	}
	if n := r.check(&out, 0); n != 2 {
		t.Errorf("%d bars missed without tolerance, want 2:\n%s", n, out.String())
	}
}

func TestServe(t *testing.T) {
	tasks := []task{{"a", local(func(int) error { return nil })}}
	var out strings.Builder
	in := `{"Task":"a","Iters":3}` + "\n" + `{"Task":"b","Iters":3}` + "\n"
	if err := serve(tasks, strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], `"Error":""`) || !strings.Contains(lines[1], "no task") {
		t.Errorf("got %q", lines)
	}
}

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		xs   []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{3, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(tt.xs); got != tt.want {
			t.Errorf("median(%v) = %v, want %v", tt.xs, got, tt.want)
		}
	}
}

// BenchmarkParsers is the table for benchstat: one result per parser and input,
// ns/op for the whole input and ns/request beside it.
func BenchmarkParsers(b *testing.B) {
	for _, p := range peers() {
		for _, in := range inputs() {
			b.Run(benchName(p.name)+"/"+benchName(in.name), func(b *testing.B) {
				r, err := p.runner(in)
				if err != nil {
					b.Skip(err)
				}
				b.SetBytes(int64(len(in.data)))
				b.ReportAllocs()
				b.ResetTimer()
				if err := r.run(b.N); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*in.want.Requests), "ns/request")
			})
		}
	}
}

func BenchmarkPieces(b *testing.B) {
	for _, f := range feeders() {
		for _, name := range pieceInputs {
			data := inputNamed(name).data
			for _, step := range pieceSteps {
				b.Run(benchName(f.name)+"/"+benchName(name)+"/"+benchName(stepName(step)), func(b *testing.B) {
					b.SetBytes(int64(len(data)))
					b.ReportAllocs()
					if step == 0 {
						step = len(data)
					}
					if err := f.run(data, step, b.N); err != nil {
						b.Fatal(err)
					}
				})
			}
		}
	}
}

func BenchmarkHostile(b *testing.B) {
	for _, h := range hostiles() {
		data := h.bytes(hostileSize)
		for _, step := range pieceSteps {
			b.Run(benchName(h.name)+"/"+benchName(stepName(step)), func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				if step == 0 {
					step = len(data)
				}
				if err := h.feed(data, step, b.N); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

// benchName makes a name that benchstat can take apart.
func benchName(s string) string {
	return strings.NewReplacer(" ", "-", "/", "-", ",", "", "(", "", ")", "").Replace(s)
}
