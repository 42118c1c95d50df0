package http1

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestHandlerEnds: an http.Handler that ends its goroutine, or panics, before its
// answer, behind a part of it, or behind Hijack: earlier answers are delivered,
// nothing behind it is executed, and nothing is left of it.
func TestHandlerEnds(t *testing.T) {
	for _, how := range []string{"panic", "late panic", "abort", "late abort", "Goexit", "late Goexit"} {
		for _, place := range []string{"/handler", "/small", "/flushed", "/read", "/hijacked"} {
			t.Run(how+" "+place, func(t *testing.T) {
				contexts := make(chan context.Context, 1)
				hijacked := make(chan io.Closer, 1)
				s := &Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path != place {
						io.WriteString(w, r.URL.Path)
						return
					}
					contexts <- r.Context()
					switch place {
					case "/small":
						io.WriteString(w, "piece")
					case "/flushed":
						io.WriteString(w, "piece")
						w.(http.Flusher).Flush()
					case "/read":
						r.Body.Read(make([]byte, 1))
					case "/hijacked":
						c, _, err := w.(http.Hijacker).Hijack()
						if err != nil {
							t.Error(err)
						}
						hijacked <- c
						io.WriteString(c, "mine")
					}
					ends[how]()
				})}
				addr := startWarm(t, s)
				c := dial(t, addr)
				io.WriteString(c, before+postOf(place)+strings.Repeat(hidden, 3))
				if place == "/hijacked" {
					time.AfterFunc(20*time.Millisecond, func() { (<-hijacked).Close() })
				}
				r := bufio.NewReader(c)
				res, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Fatal(err)
				}
				if b, err := io.ReadAll(res.Body); string(b) != "/before" || err != nil {
					t.Errorf("the answer before: %q, %v", b, err)
				}
				rest, err := io.ReadAll(r)
				switch {
				case place == "/hijacked":
					if string(rest) != "mine" {
						t.Errorf("hijacked: %q, %v", rest, err)
					}
				case place == "/flushed":
					if err != nil || !strings.HasSuffix(string(rest), "piece\r\n") {
						t.Errorf("%q, %v", rest, err)
					}
				case err != nil || len(rest) != 0:
					t.Errorf("%q, %v", rest, err)
				}
				if place != "/hijacked" {
					select {
					case <-(<-contexts).Done():
					case <-time.After(5 * time.Second):
						t.Error("its context goes on")
					}
				}
				c.Close()
				eventually(t, "all connections gone", func() bool { return s.alive.Load() == 0 && s.orphans.Load() == 0 })
				if err := s.Shutdown(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
	}
}
