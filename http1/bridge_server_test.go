package http1

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

type testKey string

// TestBridgeServer: the fields and methods that are net/http's.
func TestBridgeServer(t *testing.T) {
	var mu sync.Mutex
	var text bytes.Buffer
	states := map[net.Conn][]http.ConnState{}
	shutdown := make(chan bool, 1)
	s := &Server{
		ErrorLog: log.New(lockedWriter{&mu, &text}, "", 0),
		BaseContext: func(l net.Listener) context.Context {
			return context.WithValue(context.Background(), testKey("base"), l.Addr().String())
		},
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, testKey("conn"), c.RemoteAddr().String())
		},
		ConnState: func(c net.Conn, state http.ConnState) {
			mu.Lock()
			states[c] = append(states[c], state)
			mu.Unlock()
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx := r.Context()
			switch r.URL.Path {
			case "/values":
				if ctx.Value(testKey("base")) != ctx.Value(http.LocalAddrContextKey).(net.Addr).String() || ctx.Value(testKey("conn")) != r.RemoteAddr {
					t.Errorf("%v, %v", ctx.Value(testKey("base")), ctx.Value(testKey("conn")))
				}
			case "/panic":
				panic("on purpose")
			case "/twice":
				w.WriteHeader(200)
				w.WriteHeader(404)
			case "/hijack":
				c, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				io.WriteString(c, "mine")
				c.Close()
				w.WriteHeader(500)
			case "/shutdown":
				go ctx.Value(http.ServerContextKey).(*http.Server).Shutdown(context.Background())
				<-shutdown
			}
		}),
	}
	s.RegisterOnShutdown(func() { close(shutdown) })
	addr := startBridge(t, s)
	get := func(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n" }
	seen := func(want ...http.ConnState) {
		t.Helper()
		found := func() bool {
			mu.Lock()
			defer mu.Unlock()
			for _, all := range states {
				if slices.Equal(all, want) {
					clear(states)
					return true
				}
			}
			return false
		}
		if !soon(found) {
			mu.Lock()
			t.Errorf("states %v, want %v", states, want)
			clear(states)
			mu.Unlock()
		}
	}

	c := dial(t, addr)
	r := bufio.NewReader(c)
	for range 2 {
		io.WriteString(c, get("/values"))
		if res, err := http.ReadResponse(r, nil); err != nil || res.StatusCode != 200 {
			t.Errorf("%v, %v", res, err)
		}
	}
	c.Close()
	seen(http.StateNew, http.StateActive, http.StateIdle, http.StateActive, http.StateIdle, http.StateClosed)
	if out := talk(t, addr, get("/hijack")); out != "mine" {
		t.Errorf("hijack: %q", out)
	}
	seen(http.StateNew, http.StateActive, http.StateHijacked)
	c = dial(t, addr)
	io.WriteString(c, get("/panic"))
	if out, err := io.ReadAll(c); err != nil || len(out) > 0 {
		t.Errorf("panic: %q, %v", out, err)
	}
	c.Close() // the server waits for it
	seen(http.StateNew, http.StateActive, http.StateClosed)
	c = dial(t, addr)
	io.WriteString(c, get("/twice")+lastGet)
	io.ReadAll(c)
	c.Close()
	seen(http.StateNew, http.StateActive, http.StateIdle, http.StateActive, http.StateClosed)
	mu.Lock()
	for _, want := range []string{"http: panic serving 127.0.0.1:", "on purpose\ngoroutine ",
		"http: superfluous response.WriteHeader call from ",
		"http: response.WriteHeader on hijacked connection from "} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in the log:\n%s", want, text.String())
		}
	}
	mu.Unlock()

	s.SetKeepAlivesEnabled(false)
	if out := talk(t, addr, get("/")); !strings.Contains(out, "\r\nConnection: close\r\n") {
		t.Errorf("without keep-alive: %q", out)
	}
	s.SetKeepAlivesEnabled(true)
	c = dial(t, addr)
	io.WriteString(c, get("/"))
	if res, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || res.Close {
		t.Errorf("with keep-alive: %v, %v", res, err)
	}
	c.Close()
	if out := talk(t, addr, get("/shutdown")); !strings.Contains(out, "\r\nConnection: close\r\n") {
		t.Errorf("shutdown: %q", out)
	}
	if !soon(func() bool { _, err := net.DialTimeout("tcp", addr, time.Second); return err != nil }) {
		t.Error("Shutdown of the *http.Server is not handed on")
	}
}

type lockedWriter struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
