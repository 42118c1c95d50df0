package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/cork-go/cork/http1"
)

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		args string
		want options
		err  string
	}{
		{"18200", options{18200, "127.0.0.1", http1.CarrierAuto}, ""},
		{"18200 ::1 -carrier net", options{18200, "::1", http1.CarrierNet}, ""},
		{"-carrier loop 1 0.0.0.0", options{1, "0.0.0.0", http1.CarrierLoop}, ""},
		{"1 -carrier=net a", options{1, "a", http1.CarrierNet}, ""},
		{"", options{}, "a port"},
		{"1 a b", options{}, "a port"},
		{"x", options{}, `BASE_PORT is "x"`},
		{"0", options{}, "1 to 65517"},
		{"65518", options{}, "1 to 65517"},
		{"1 -carrier x", options{}, "loop or net"},
		{"1 -x", options{}, "-x"},
	} {
		got, err := optionsOf(strings.Fields(c.args))
		if c.err == "" && (err != nil || got != c.want) || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%q: %v, %v", c.args, got, err)
		}
	}
}

func TestRun(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		out  string
	}{{"-h", 0, "usage"}, {"x", 2, "usage"}, {"65000 256.0.0.1", 1, "profile default"}} {
		var out, errs bytes.Buffer
		if code := run(context.Background(), strings.Fields(c.args), &out, &errs); code != c.code || !strings.Contains(out.String()+errs.String(), c.out) {
			t.Errorf("%q: %d, %s%s", c.args, code, out.String(), errs.String())
		}
	}
}

func TestJSON(t *testing.T) {
	got := string(appendJSON(nil, object{
		{"a\"\\\b\t\n\f\r\x01/<é\xff\x7f", []any{true, 42, []string{"x", ""}, object{}}},
	}))
	want := `{"a\"\\\b\t\n\f\r\u0001/<\u00c3\u00a9\u00ff\u007f":[true,42,["x",""],{}]}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestParams(t *testing.T) {
	for query, want := range map[string]string{
		"a=1": "1", "a=1&a=2": "1", "b=1&a=x=y": "x=y", "a": "", "": "no", "ab=1": "no", "a=%20": "%20",
	} {
		if got := param(query, "a", "no"); got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
	for query, want := range map[string]int{"n=5": 5, "n=": 0, "": 7, "n=x": math.MinInt, "n=-1": -1, "n=2.5": 2} {
		if got := (&call{query: query}).number("n", "7"); got != want {
			t.Errorf("%q: %d, want %d", query, got, want)
		}
	}
}

// TestRoutes: each route answers, or closes, and none of them brings a server
// down.
func TestRoutes(t *testing.T) {
	waits := []string{"/reject", "/reject-after", "/stall", "/set-timeout-res", "/set-timeout-req", "/set-timeout-none"}
	a := newApp()
	for _, p := range profiles {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s := a.server(p, http1.CarrierAuto)
		served := make(chan error, 1)
		go func() { served <- s.Serve(l) }()
		for path := range routes {
			if strings.Contains(strings.Join(waits, " "), path) {
				continue
			}
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			c.SetDeadline(time.Now().Add(10 * time.Second))
			fmt.Fprintf(c, "POST %s?ms=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab", path)
			out, err := io.ReadAll(c)
			if err != nil && !strings.Contains(err.Error(), "reset") || len(out) > 0 && !bytes.HasPrefix(out, []byte("HTTP/1.1 ")) {
				t.Errorf("%s %s: %q, %v", p.name, path, out, err)
			}
			c.Close()
		}
		s.Close()
		<-served
	}
}
