package nethttp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// echoWebSocket sends back what it gets.
func echoWebSocket(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // it has answered
	}
	defer c.CloseNow()
	c.SetReadLimit(1 << 20)
	for {
		kind, data, err := c.Read(r.Context())
		if err != nil {
			return
		}
		if err := c.Write(r.Context(), kind, data); err != nil {
			return
		}
	}
}

func talkWebSocket(t *testing.T, url string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	c.SetReadLimit(1 << 20)
	for _, size := range []int{0, 1, 125, 126, 5000, 100_000} {
		want := bytes.Repeat([]byte{'x'}, size)
		if err := c.Write(ctx, websocket.MessageBinary, want); err != nil {
			t.Fatal(err)
		}
		if _, got, err := c.Read(ctx); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes of %d back, %v", len(got), size, err)
		}
	}
	if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestWebSocket(t *testing.T) {
	each(t, http.HandlerFunc(echoWebSocket), func(t *testing.T, addr string) {
		for range 5 {
			talkWebSocket(t, "ws://"+addr)
		}
		if r := get(t, "http://"+addr); r.StatusCode != http.StatusUpgradeRequired {
			t.Errorf("without upgrade: %d", r.StatusCode)
		}
	})
}

// The proxy runs on cork, and what is behind it too.
func TestReverseProxy(t *testing.T) {
	back := http.NewServeMux()
	back.HandleFunc("/ws", echoWebSocket)
	back.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		data, _ := io.ReadAll(r.Body)
		w.Write(data)
		w.Header().Set("X-Sum", fmt.Sprint(len(data)))
	})
	back.HandleFunc("/hints", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</a.css>")
		w.WriteHeader(http.StatusEarlyHints)
		fmt.Fprint(w, r.Header.Get("X-Forwarded-For"), " ", r.Host)
	})
	back.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 5 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			http.NewResponseController(w).Flush()
			time.Sleep(5 * time.Millisecond)
		}
	})
	back.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	each(t, back, func(t *testing.T, addr string) {
		target := &url.URL{Scheme: "http", Host: addr}
		proxy := &httputil.ReverseProxy{ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.SetXForwarded()
		}}
		each(t, proxy, func(t *testing.T, front string) {
			talkWebSocket(t, "ws://"+front+"/ws")
			front = "http://" + front
			big := strings.Repeat("0123456789", 100_000)
			for _, body := range []string{"", "x", big} {
				r := do(t, "POST", front+"/echo", strings.NewReader(body))
				r.want(t, 200, body)
				if r.Trailer.Get("X-Sum") != fmt.Sprint(len(body)) {
					t.Errorf("trailer %v", r.Trailer)
				}
				do(t, "POST", front+"/echo", io.MultiReader(strings.NewReader(body))).want(t, 200, body)
			}
			get(t, front+"/hints").want(t, 200, "127.0.0.1 "+addr)
			get(t, front+"/events").want(t, 200, "data: 0\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n")
			get(t, front+"/none").want(t, 404, "404 page not found\n")
			res, err := http.Get(front + "/cut")
			if err == nil {
				_, err = io.ReadAll(res.Body)
				res.Body.Close()
			}
			if err == nil {
				t.Error("an answer that was cut looks whole")
			}
		})
	})
}
