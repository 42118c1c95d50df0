package http1

import (
	"strings"
	"testing"
)

// TestRefusals: requests that a careful server refuses get their status and
// nothing of them is executed; what was asked before them is answered first.
func TestRefusals(t *testing.T) {
	const good = "GET /good HTTP/1.1\r\nHost: a\r\n\r\n"
	long := strings.Repeat("x", 20000)
	post := func(fields string) string { return "POST / HTTP/1.1\nHost: a\n" + fields + "\n" }
	for _, test := range []struct {
		name, in string
		status   string
	}{
		{"no method", " / HTTP/1.1\n\n", "400"},
		{"NUL", "\x00", "400"},
		{"TLS hello", "\x16\x03\x01\x02\x00", "400"},
		{"no version", "GET /\n\n", "505"},
		{"HTTP/0.9", "GET / HTTP/0.9\nHost: a\n\n", "505"},
		{"HTTP/2.0", "GET / HTTP/2.0\nHost: a\n\n", "505"},
		{"HTTP/2 preface", "PRI * HTTP/2.0\n\nSM\n\n", "400"},
		{"HTTP/1.2", "GET / HTTP/1.2\nHost: a\n\n", "505"},
		{"RTSP", "DESCRIBE / RTSP/1.0\nHost: a\n\n", "400"},
		{"ICE", "SOURCE / ICE/1.0\nHost: a\n\n", "400"},
		{"fragment", "GET /a#b HTTP/1.1\nHost: a\n\n", "400"},
		{"absolute without host", "GET http:///a HTTP/1.1\nHost: a\n\n", "400"},
		{"absolute with user", "GET http://u@a/ HTTP/1.1\nHost: a\n\n", "400"},
		{"absolute with bad port", "GET HTTPS://a:65536?b HTTP/1.1\nHost: a\n\n", "400"},
		{"two Hosts", "GET / HTTP/1.1\nHost: a\nHost: a\n\n", "400"},
		{"two Hosts of HTTP/1.0", "GET / HTTP/1.0\nHost: a\nHost: a\n\n", "400"},
		{"bad Host", "GET / HTTP/1.1\nHost: a/b\n\n", "400"},
		{"bad Host of HTTP/1.0", "GET / HTTP/1.0\nHost: a b\n\n", "400"},
		{"space before the colon", "GET / HTTP/1.1\nHost : a\n\n", "400"},
		{"fold", "GET / HTTP/1.1\nHost: a\nX: a\n b\n\n", "400"},
		{"length and coding", post("Content-Length: 5\nTransfer-Encoding: chunked\n") + "0\n\n", "400"},
		{"two lengths", post("Content-Length: 5\nContent-Length: 5\n") + "hello", "400"},
		{"length list", post("Content-Length: 5, 5\n") + "hello", "400"},
		{"signed length", post("Content-Length: +5\n") + "hello", "400"},
		{"length of 2^63", post("Content-Length: 9223372036854775808\n"), "413"},
		{"length of 2^64", post("Content-Length: 18446744073709551616\n"), "400"},
		{"empty coding", post("Transfer-Encoding:\n") + "0\n\n", "400"},
		{"identity", post("Transfer-Encoding: identity\n"), "400"},
		{"gzip", post("Transfer-Encoding: gzip\n"), "400"},
		{"gzip, chunked", post("Transfer-Encoding: gzip, chunked\n") + "0\n\n", "501"},
		{"gzip and chunked", post("Transfer-Encoding: gzip\nTransfer-Encoding: chunked\n") + "0\n\n", "400"},
		{"chunked, gzip", post("Transfer-Encoding: chunked, gzip\n") + "0\n\n", "400"},
		{"chunked, chunked", post("Transfer-Encoding: chunked, chunked\n") + "0\n\n", "400"},
		{"chunked twice", post("Transfer-Encoding: chunked\nTransfer-Encoding: chunked\n") + "0\n\n", "400"},
		{"comma chunked", post("Transfer-Encoding: ,chunked\n") + "0\n\n", "400"},
		{"chunked comma", post("Transfer-Encoding: chunked,\n") + "0\n\n", "400"},
		{"chunked with parameter", post("Transfer-Encoding: chunked;a=b\n") + "0\n\n", "400"},
		{"coding with parameter", post("Transfer-Encoding: a;b, chunked\n") + "0\n\n", "400"},
		{"xchunked", post("Transfer-Encoding: xchunked\n") + "0\n\n", "400"},
		{"coding of HTTP/1.0", "POST / HTTP/1.0\nTransfer-Encoding: chunked\n\n0\n\n", "400"},
		{"long target", "GET /" + long + " HTTP/1.1\nHost: a\n\n", "414"},
		{"long field", "GET / HTTP/1.1\nHost: a\nX: " + long + "\n\n", "431"},
		{"many fields", "GET / HTTP/1.1\nHost: a\n" + manyFields(1001) + "\n", "431"},
		{"CONNECT with user", "CONNECT u@a:1 HTTP/1.1\nHost: a:1\n\n", "400"},
		{"CONNECT without port", "CONNECT a HTTP/1.1\nHost: a\n\n", "400"},
		{"CONNECT of a path", "CONNECT /a HTTP/1.1\nHost: a\n\n", "400"},
		{"CONNECT", "CONNECT a:1 HTTP/1.1\nHost: a:1\n\n", "501"},
	} {
		t.Run(test.name, func(t *testing.T) {
			splits(good+lines(test.in)+"GET /behind HTTP/1.1\r\nHost: a\r\n\r\n", func(how string, pieces [][]byte) {
				var seen []string
				var told *ClientError
				f := newFake(t, &Server{
					OnRequest: func(req *IncomingMessage, res *ServerResponse) {
						seen = append(seen, req.URL())
						res.End("x")
					},
					OnClientError: func(e *ClientError) { told = e },
				})
				f.pieces = pieces
				f.drive()
				if len(seen) != 1 || seen[0] != "/good" {
					t.Fatalf("%s: handled %q, want only /good", how, seen)
				}
				answers := strings.SplitAfterN(string(f.out), "\r\n\r\nx", 2)
				if len(answers) != 2 || !strings.HasPrefix(answers[0], "HTTP/1.1 200 OK\r\n") {
					t.Fatalf("%s: first answer: %q", how, f.out)
				}
				want := "HTTP/1.1 " + test.status + " "
				if !strings.HasPrefix(answers[1], want) || !strings.HasSuffix(answers[1], "\r\nConnection: close\r\n\r\n") {
					t.Fatalf("%s: second answer: %q, want %s", how, answers[1], test.status)
				}
				if strings.Count(string(f.out), "HTTP/1.1 ") != 2 {
					t.Fatalf("%s: more than two answers: %q", how, f.out)
				}
				if f.state() != "ended" {
					t.Fatalf("%s: connection is %s, want ended", how, f.state())
				}
				if told == nil || told.Code == "" || told.Reason == "" {
					t.Fatalf("%s: OnClientError got %+v", how, told)
				}
			})
		})
	}
}

func TestHosts(t *testing.T) {
	for _, test := range []struct {
		host string
		want bool
	}{
		{"", true}, {"a", true}, {"a.b-c_d~", true}, {"a:80", true}, {"a:", true}, {"a%20b", true},
		{"127.0.0.1:8080", true}, {"[::1]", true}, {"[::1]:80", true}, {"[1:2::3.4.5.6]", true}, {"a:65535", true},
		{":80", false}, {"a:b", false}, {"a:80:80", false}, {"a:65536", false}, {"a:-1", false}, {"a b", false},
		{"a\tb", false}, {"a/b", false}, {"a?b", false}, {"a#b", false}, {"u@a", false}, {"a\\b", false}, {"a%2", false},
		{"a%zz", false}, {"[", false}, {"[]", false}, {"[::1", false}, {"::1", false}, {"[::1]x", false}, {"[::1%25e]", false},
		{"[1.2.3.4]", false}, {"[v1.a]", false}, {"\xe9", false}, {"<a>", false}, {"a[", false},
	} {
		if got := validHost([]byte(test.host)); got != test.want {
			t.Errorf("validHost(%q) = %v, want %v", test.host, got, test.want)
		}
	}
}

func TestAbsoluteTargets(t *testing.T) {
	for _, target := range []string{"http://a", "http://a/b?c=d://", "HTTP://A:80?x", "https://a:443/", "ftp://u@a/b", "*"} {
		out := answerOf(t, "OPTIONS "+target+" HTTP/1.1\r\nHost: a\r\n\r\n", hello)
		if !strings.HasPrefix(out, "HTTP/1.1 200 ") {
			t.Errorf("%s: %q", target, out)
		}
	}
}

// TestClientErrorHook: the hook may change the answer, and a panic in it does
// no harm.
func TestClientErrorHook(t *testing.T) {
	for name, test := range map[string]struct {
		hook func(*ClientError)
		want string
	}{
		"other answer": {func(e *ClientError) { e.Answer = []byte("HTTP/1.1 418 x\r\n\r\n") }, "HTTP/1.1 418 x\r\n\r\n"},
		"no answer":    {func(e *ClientError) { e.Answer = nil }, ""},
		"panic":        {func(e *ClientError) { panic("boom") }, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"},
	} {
		f := newFake(t, &Server{OnRequest: hello, OnClientError: test.hook})
		f.feed("nonsense\r\n\r\n")
		if string(f.out) != test.want || f.state() != "ended" {
			t.Errorf("%s: got %q, %s, want %q", name, f.out, f.state(), test.want)
		}
	}
}
