package httpparse

import (
	"testing"

	"github.com/cork-go/cork/internal/invariants"
)

// TestHeldBytes: with invariants on, a caller that does not keep the bytes of
// an unfinished head is found out.
func TestHeldBytes(t *testing.T) {
	if !invariants.Enabled {
		t.Skip("needs -race or -tags invariants, with which CI runs it")
	}
	for name, second := range map[string]string{
		"another byte": "GET /b HTTP/1.1\r\nHost: a\r\n\r\n",
		"bytes gone":   "GE",
	} {
		var p Parser
		p.Init(Request, handlerOnly{}, Options{})
		p.Execute([]byte("GET /a HTT"))
		func() {
			defer func() {
				if _, ok := recover().(invariants.Violation); !ok {
					t.Errorf("%s: not noticed", name)
				}
			}()
			p.Execute([]byte(second))
		}()
	}
}
