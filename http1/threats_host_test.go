package http1

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestHostFields: one Host, well-formed (RFC 9112 section 3.2), for HTTP/1.0 too
// if there is one.
func TestHostFields(t *testing.T) {
	v := newVictim(t, &Server{})
	var threats []threat
	for _, host := range []string{
		"a b", "a\tb", "a/b", "/", "a/", "a?b", "a#b", "a\\b", "u@a", "u:p@a", "@a", "http://a", "//a", "a,b", "a, b", "<a>", `"a"`, "a|b", "a^b", "a`b", "{a}",
		":80", ":", "a:b", "a:80:80", "a:+80", "a:-1", "a:65536", "a:99999999999999999999", "a: 80", "a :80", "a:80 ", "a:8_0", "a:0x50", "a:\u0668",
		"[", "]", "[]", "[::1", "::1", "[::1]x", "[::1]80", "[::1]:x", "[::1]:65536", "[[::1]]", "[::1%25eth0]", "[::1%eth0]", "[1.2.3.4]", "[v1.a]", "[:::1]", "[g::1]", "a[::1]",
		"%", "%2", "%zz", "a%00b%", "\xe9", "b\u00fccher", "\x01", "a\x00b", "a\x7f",
	} {
		want := 400
		if host == "a:80 " || host == "a,b" {
			continue // a blank at the end is not the value's, a comma may stand in a name
		}
		threats = append(threats,
			threat{fmt.Sprintf("%q", host), "GET /bad HTTP/1.1\r\nHost: " + host + "\r\n\r\n", want},
			threat{fmt.Sprintf("%q of HTTP/1.0", host), "GET /bad HTTP/1.0\r\nHost: " + host + "\r\n\r\n", want},
		)
	}
	for name, fields := range map[string]string{
		"none":                  "",
		"two":                   "Host: a\r\nHost: b\r\n",
		"two alike":             "Host: a\r\nHost: a\r\n",
		"two, the first empty":  "Host:\r\nHost: a\r\n",
		"two, the second empty": "Host: a\r\nHost:\r\n",
		"two in other letters":  "Host: a\r\nhOST: a\r\n",
		"two, apart":            "Host: a\r\n" + lines(manyFields(40)) + "Host: b\r\n",
		"three":                 "Host: a\r\nHost: a\r\nHost: a\r\n",
		"space before colon":    "Host : a\r\n",
		"folded":                "Host:\r\n a\r\n",
		"folded behind":         "Host: a\r\n b\r\n",
		"indented":              " Host: a\r\n",
		"indented second":       "Host: a\r\n Host: b\r\n",
		"another's name":        "Hos: a\r\nHosts: a\r\nX-Host: a\r\n",
	} {
		threats = append(threats, threat{name, "GET /bad HTTP/1.1\r\n" + fields + "\r\n", 400})
	}
	slices.SortFunc(threats, func(a, b threat) int { return strings.Compare(a.name, b.name) })
	v.run(t, threats)
}

// TestGoodHosts: what the grammar knows is served.
func TestGoodHosts(t *testing.T) {
	v := newVictim(t, &Server{})
	for _, host := range []string{
		"", "a", "a.b", "A.B", "a.b.", "xn--bcher-kva", "a_b", "a~b!$&'()*+,;=", "a%20b", "a:80", "a:", "a:0", "a:65535", "a:00080", "1.2.3.4", "1.2.3.4:80", "999.999.999.999",
		"[::1]", "[::1]:80", "[::]", "[2001:DB8::1]:8080", "[::ffff:1.2.3.4]",
	} {
		answers, seen := v.attack(t, "GET /good HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
		if got := statuses(answers); !slices.Equal(got, []int{200}) || len(seen) != 1 {
			t.Errorf("Host %q: answers %v, handled %q", host, got, seen)
		}
	}
}

// TestAbsoluteHosts: a target that names a host is served, and whatever Host says
// beside it nobody sees (RFC 9112 section 3.2.2). One that names none is refused.
func TestAbsoluteHosts(t *testing.T) {
	v := newVictim(t, &Server{})
	var threats []threat
	for _, target := range []string{
		"http://", "http:///bad", "http://?", "http://:80/", "http://u@a/", "http://u:p@a/", "http://@a/", "http://a@/", "http://a:b/", "http://a:65536/",
		"http://[::1/", "http://[]/", "http://a b/", "http://a\\b/", "http:/a", "http:a", "http//a", "://a", "http://a/#b", "http://a/\x00",
	} {
		threats = append(threats, threat{fmt.Sprintf("%q", target), "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n", 400})
	}
	for name, fields := range map[string]string{
		"none": "", "two": "Host: a\r\nHost: a\r\n", "a malformed one": "Host: a/b\r\n", "one of the name's form": "Host: http://a\r\n",
	} {
		threats = append(threats, threat{"Host: " + name, "GET http://a/ HTTP/1.1\r\n" + fields + "\r\n", 400})
	}
	v.run(t, threats)
	if answers, _ := v.attack(t, "GET http://a/ HTTP/1.0\r\n\r\n"); len(answers) != 1 || answers[0].status != 200 {
		t.Errorf("HTTP/1.0 without Host: answers %v", statuses(answers))
	}
	for _, c := range []struct{ target, host, want string }{
		{"http://a/", "a", "a"}, {"http://a/", "b", "a"}, {"http://a", "b", "a"}, {"HTTP://A?x", "b", "A"}, {"http://a/?b://c/", "b", "a"}, {"https://a:80/", "a", "a:80"},
		{"http://a:81/", "a:82", "a:81"}, {"http://[::1]:81/", "[::2]", "[::1]:81"}, {"http://a.very.long.name/", "b", "a.very.long.name"}, {"http://a/", "", "a"},
		{"http://a%62/", "ab", "a%62"}, {"http://a:/", "b", "a:"},
		{"/", "b", "b"}, {"/http://a/", "b", "b"}, {"*", "b", "b"}, {"ftp://a/", "b", "b"}, {"httpx://a/", "b", "b"},
	} {
		for _, version := range []string{"1.0", "1.1"} {
			in := fmt.Sprintf("OPTIONS %s HTTP/%s\r\nX-A: x\r\nhost:  %s \r\nX-B: y\r\n\r\n", c.target, version, c.host)
			splits(in, func(how string, pieces [][]byte) {
				var got []string
				f := newFake(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
					raw := req.RawHeaders()
					got = append(got, req.URL(), req.Header("Host"), req.Headers()["host"], strings.Join(req.HeadersDistinct()["host"], "|"), raw[2], raw[3],
						req.Header("X-A")+req.Header("X-B"))
					res.End()
				}})
				f.pieces = pieces
				f.drive()
				if want := []string{c.target, c.want, c.want, c.want, "host", c.want, "xy"}; !slices.Equal(got, want) {
					t.Errorf("%s %s, %s: %q, want %q", c.target, c.host, how, got, want)
				}
			})
		}
	}
}
