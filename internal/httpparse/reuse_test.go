package httpparse

import "testing"

// TestReuse: a parser that has read one stream reads another as a new one does.
func TestReuse(t *testing.T) {
	reused := 0
	for _, first := range splitSeeds {
		for _, second := range splitSeeds {
			for _, cut := range []func(int) int{whole, func(int) int { return 1 }, func(int) int { return 17 }} {
				var p Parser
				p.Init(Request, nil, Options{})
				if !p.Reuse(&transcript{p: &p}) {
					t.Fatal("a new parser cannot be reused")
				}
				p.handler.(*transcript).read(t, []byte(first), cut)
				p.Release()
				again := &transcript{p: &p}
				if !p.Reuse(again) {
					continue
				}
				reused++
				want := readStream(t, Request, Options{}, []byte(second), cut)
				if got := again.read(t, []byte(second), cut); got != want {
					t.Fatalf("after %q another result for %q\ngot:\n%s\nwant:\n%s", first, second, got, want)
				}
			}
		}
	}
	if reused == 0 {
		t.Error("no parser was reused")
	}
	var p Parser
	if p.Reuse(&transcript{p: &p}) {
		t.Error("a parser without Init was reused")
	}
}
