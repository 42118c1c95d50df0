package main

import (
	"io"
	"sync"
	"testing"
	"time"
)

// What a client gets that takes more time than it is given, and when. All of
// them are late at once, so that the test lasts no longer than the latest.
func TestTimeouts(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as the timeouts are")
	}
	t.Parallel()
	const bodyGrace = 5 * time.Second // before MinBodyRate counts
	tests := []struct {
		name, request string
		answers       int // that come at once
		status        int // of the one that comes when the time is over, 0 for none
		after         time.Duration
	}{
		{"no byte", "", 0, 408, headTimeout},
		{"half a head", "GET / HTTP/1.1\nHo", 0, 408, headTimeout},
		{"half a body", "POST /echo HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n5\nhe", 0, 408, bodyGrace},
		{"half a body, half of it answered", "POST /echo HTTP/1.1\nHost: a\nContent-Length: 5\n\nhe", 0, 0, bodyGrace},
		{"idle", "GET / HTTP/1.1\nHost: a\n\n", 1, 0, idleTimeout},
	}
	var late sync.WaitGroup
	defer late.Wait()
	for _, of := range kinds(t) {
		addr := start(t, of)
		for _, tt := range tests {
			c := dial(t, addr)
			began := time.Now()
			c.send(tt.request)
			for range tt.answers {
				c.receive("GET")
			}
			late.Go(func() {
				if tt.status != 0 {
					if got := c.receive("GET"); got.StatusCode != tt.status {
						t.Errorf("%s, %s: status %d, want %d", of, tt.name, got.StatusCode, tt.status)
					}
				}
				_, _ = io.Copy(io.Discard, c.r)
				if d := time.Since(began); d < tt.after-time.Second || d > tt.after+4*time.Second {
					t.Errorf("%s, %s: over after %v, want %v", of, tt.name, d, tt.after)
				}
				c.Close()
			})
		}
		c := dial(t, addr)
		narrow(c.TCPConn)
		c.send("GET /big?n=200000000 HTTP/1.1\nHost: a\n\n")
		late.Go(func() {
			time.Sleep(writeTimeout + time.Second)
			if n, _ := io.Copy(io.Discard, c.r); n >= 200000000 {
				t.Errorf("%s, not reading: the answer is still whole", of)
			}
		})
	}
}
