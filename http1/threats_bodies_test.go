package http1

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestBodiesOfAllMethods: a body is the request's, whatever the method makes of
// it and whoever reads it, and the next request stands behind it.
func TestBodiesOfAllMethods(t *testing.T) {
	read := &Server{}
	v := newVictim(t, read)
	ignored := &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		if req.URL() == "/404" {
			res.StatusCode = 404
		}
		res.End(req.Method() + " " + req.URL())
	}}
	addr := start(t, ignored)
	framings := map[string]string{
		"length":           lengthOf(hidden) + "\r\n" + hidden,
		"chunked":          "Transfer-Encoding: chunked\r\n\r\n" + chunkOf(hidden),
		"chunked in lines": "Transfer-Encoding: chunked\r\n\r\n2\r\n\r\n\r\n" + chunkOf(hidden),
		"no length":        "Content-Length: 0\r\n\r\n",
	}
	var all []string
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "M-SEARCH"} {
		for framing := range framings {
			all = append(all, method+" "+framing)
		}
	}
	together(t, 8, all, self, func(t *testing.T, name string) {
		method, framing, _ := strings.Cut(name, " ")
		in := method + " /bad HTTP/1.1\r\nHost: a\r\n" + framings[framing]
		c := dial(t, v.addr)
		io.WriteString(c, in)
		time.Sleep(time.Millisecond)
		io.WriteString(c, in+lastGet)
		out, err := io.ReadAll(c)
		seen := v.requests(c)
		if err != nil || len(seen) != 3 || !strings.HasPrefix(seen[0], method+" /bad ") || seen[1] != seen[0] || seen[2] != "GET / []" {
			t.Errorf("handled %q; %v after %q", seen, err, out)
		}
		for _, url := range []string{"/bad", "/404"} {
			out := talk(t, addr, strings.Replace(in+in, "/bad", url, 2)+lastGet)
			r := newStrictReader([]byte(out))
			for i := range 3 {
				a, err := r.answer(method == "HEAD" && i < 2)
				if want := map[bool]int{true: 404, false: 200}[url == "/404" && i < 2]; err != nil || a.status != want {
					t.Errorf("%s: answer %d is %d, %v; want %d", url, i, a.status, err, want)
				}
			}
			if !r.done() || strings.Contains(out, "/hidden") {
				t.Errorf("%s: %q behind three answers", url, r.rest)
			}
		}
	})
}

func lengthOf(body string) string { return fmt.Sprintf("Content-Length: %d\r\n", len(body)) }

func chunkOf(body string) string { return fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body) }

// TestExpectations: 100 is sent for a request that can be read, once and to nobody
// who would not know it (RFC 9110 section 10.1.1).
func TestExpectations(t *testing.T) {
	v := newVictim(t, &Server{})
	const expect = "Expect: 100-continue\r\n"
	for _, test := range []struct {
		name, in string
		want     []int
		seen     string
	}{
		{"with a length", post(expect+"Content-Length: 3\r\nConnection: close\r\n", "abc"), []int{100, 200}, "POST /bad [abc]"},
		{"in other letters", post("EXPECT: 100-Continue\r\nContent-Length: 3\r\nConnection: close\r\n", "abc"), []int{100, 200}, "POST /bad [abc]"},
		{"chunked", post(expect+"Transfer-Encoding: chunked\r\nConnection: close\r\n", "3\r\nabc\r\n0\r\n\r\n"), []int{100, 200}, "POST /bad [abc]"},
		{"of HTTP/1.0", "POST /bad HTTP/1.0\r\n" + expect + "Content-Length: 3\r\n\r\nabc", []int{200}, "POST /bad [abc]"},
		{"of HTTP/1.0, kept alive", "POST /bad HTTP/1.0\r\n" + expect + "Connection: keep-alive\r\nContent-Length: 3\r\n\r\nabc", []int{200}, "POST /bad [abc]"},
		{"unknown of HTTP/1.0", "POST /bad HTTP/1.0\r\nExpect: x\r\nContent-Length: 3\r\n\r\nabc", []int{200}, "POST /bad [abc]"},
		{"unknown", post("Expect: 100-continued\r\nContent-Length: 3\r\n", "abc"), []int{417}, ""},
		{"empty", post("Expect:\r\nContent-Length: 3\r\n", "abc"), []int{417}, ""},
		{"with a parameter", post("Expect: 100-continue;q=1\r\nContent-Length: 3\r\n", "abc"), []int{417}, ""},
		{"bad length", post(expect+"Content-Length: x\r\n", "abc"), []int{400}, ""},
		{"bad length before", post("Content-Length: 3, 3\r\n"+expect, "abc"), []int{400}, ""},
		{"huge length", post(expect+"Content-Length: 9223372036854775808\r\n", "abc"), []int{413}, ""},
		{"two lengths", post("Content-Length: 3\r\n"+expect+"Content-Length: 3\r\n", "abc"), []int{400}, ""},
		{"length and coding", post(expect+"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), []int{400}, ""},
		{"bad coding", post(expect+"Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), []int{400}, ""},
		{"unknown coding", post(expect+"Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), []int{501}, ""},
		{"two Hosts", post(expect+"Content-Length: 3\r\nHost: a\r\n", "abc"), []int{400}, ""},
		{"bad version", "POST /bad HTTP/2.0\r\nHost: a\r\n" + expect + "Content-Length: 3\r\n\r\nabc", []int{505}, ""},
		{"bad chunk", post(expect+"Transfer-Encoding: chunked\r\n", "x\r\n"), []int{100, 400}, ""},
		{"CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n" + expect + "Content-Length: 3\r\n\r\nabc", []int{501}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, cut := range []bool{false, true} {
				pieces := []string{test.in + hidden}
				if cut {
					end := strings.Index(test.in, "\r\n\r\n") + 4
					pieces = []string{test.in[:end], test.in[end:] + hidden}
				}
				answers, seen := v.attack(t, pieces...)
				if got := statuses(answers); !slices.Equal(got, test.want) {
					t.Errorf("answers %v, want %v", got, test.want)
				}
				if got := strings.Join(seen, ", "); got != test.seen {
					t.Errorf("handled %q, want %q", got, test.seen)
				}
			}
		})
	}
}

// TestExpectPipelined: the 100 of a request stands behind the answers to earlier
// ones, and before its own.
func TestExpectPipelined(t *testing.T) {
	v := newVictim(t, &Server{})
	answers, seen := v.attack(t, before+post("Expect: 100-continue\r\nContent-Length: 3\r\n", "abc")+lastGet)
	if got, want := statuses(answers), []int{200, 100, 200, 200}; !slices.Equal(got, want) || len(seen) != 3 {
		t.Errorf("answers %v, want %v; handled %q", got, want, seen)
	}
}

// TestConnectRefused: a server that does not tunnel refuses CONNECT, and does not
// look for requests in what the client takes for the tunnel.
func TestConnectRefused(t *testing.T) {
	newVictim(t, &Server{}).run(t, []threat{
		{"plain", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 501},
		{"with a length", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 3\r\n\r\nabc", 501},
		{"with chunks", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunkOf("abc"), 501},
		{"of a path", "CONNECT /bad HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"of HTTP/1.0", "CONNECT a:1 HTTP/1.0\r\nHost: a:1\r\n\r\n", 501},
		{"without a port", "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"with an upgrade", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", 501},
	})
}

// TestUpgradeIgnored: an Upgrade that the server does not want is an ordinary
// request with its body, h2c too, and the next one stands behind it.
func TestUpgradeIgnored(t *testing.T) {
	v := newVictim(t, &Server{})
	for _, protocol := range []string{"h2c", "websocket", "TLS/1.3", "x, h2c", "", "HTTP/2.0"} {
		upgrade := "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: " + protocol + "\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"
		for _, test := range []struct{ in, body string }{
			{post(upgrade, ""), ""},
			{post(upgrade+lengthOf(hidden), hidden), hidden},
			{post(upgrade+"Transfer-Encoding: chunked\r\n", chunkOf(hidden)), hidden},
		} {
			answers, seen := v.attack(t, test.in+lastGet)
			if want := []string{"POST /bad [" + test.body + "]", "GET / []"}; !slices.Equal(seen, want) || !slices.Equal(statuses(answers), []int{200, 200}) {
				t.Errorf("%q: answers %v, handled %q", test.in, statuses(answers), seen)
			}
		}
		v.run(t, []threat{
			{"bad length " + protocol, post(upgrade+"Content-Length: 3, 3\r\n", "abc"), 400},
			{"bad expectation " + protocol, post(upgrade+"Expect: x\r\n", ""), 417},
		})
	}
}

// TestTunnelIsNoHTTP: behind a request that has left HTTP nothing is a request,
// whatever the hook answers; with a body it has not left.
func TestTunnelIsNoHTTP(t *testing.T) {
	hook := func(_ *IncomingMessage, socket net.Conn, head []byte) {
		defer socket.Close()
		io.WriteString(socket, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
		rest, _ := io.ReadAll(socket)
		fmt.Fprintf(socket, "%d", len(head)+len(rest))
	}
	v := newVictim(t, &Server{OnUpgrade: hook, OnConnect: hook})
	upgrade := "GET /up HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"
	for _, in := range []string{upgrade, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 3\r\n\r\n"} {
		for _, pause := range []time.Duration{0, 2 * time.Millisecond} {
			c := dial(t, v.addr)
			io.WriteString(c, before+in+hidden)
			time.Sleep(pause)
			io.WriteString(c, hidden)
			c.CloseWrite()
			out, err := io.ReadAll(c)
			if err != nil || !strings.HasSuffix(string(out), fmt.Sprint("\r\n\r\n", 2*len(hidden))) {
				t.Errorf("%q: %q, %v", in, out, err)
			}
			if seen := v.requests(c); !slices.Equal(seen, []string{"GET /before []"}) {
				t.Errorf("%q: handled %q", in, seen)
			}
		}
	}
	_, seen := v.attack(t, strings.Replace(upgrade, "\r\n\r\n", "\r\n"+lengthOf(hidden)+"\r\n", 1)+hidden+lastGet)
	if want := []string{"GET /up [" + hidden + "]", "GET / []"}; !slices.Equal(seen, want) {
		t.Errorf("Upgrade with a body: handled %q, want %q", seen, want)
	}
}
