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

// TestAbsoluteHosts: a target that names a host names the one that Host names, or
// two servers would route it in two ways.
func TestAbsoluteHosts(t *testing.T) {
	v := newVictim(t, &Server{})
	var threats []threat
	for _, pair := range [][2]string{
		{"http://a/", "b"}, {"http://a/", "a.b"}, {"http://a.b/", "a"}, {"http://a/", "a:81"}, {"http://a:81/", "a"}, {"http://a:81/", "a:80"},
		{"https://a/", "a:80"}, {"https://a:80/", "a"}, {"http://a:443/", "a"}, {"http://a/", ""}, {"http://[::1]/", "[::2]"}, {"http://a?b", "b"}, {"HTTP://a", "b"},
		{"http://a/", "a."}, {"http://a%62/", "ab"},
	} {
		threats = append(threats, threat{pair[0] + " " + pair[1], "GET " + pair[0] + " HTTP/1.1\r\nHost: " + pair[1] + "\r\n\r\n", 400})
	}
	for _, target := range []string{
		"http://", "http:///bad", "http://?", "http://:80/", "http://u@a/", "http://u:p@a/", "http://@a/", "http://a@/", "http://a:b/", "http://a:65536/",
		"http://[::1/", "http://[]/", "http://a b/", "http://a\\b/", "http:/a", "http:a", "http//a", "://a", "http://a/#b", "http://a/\x00",
	} {
		threats = append(threats, threat{fmt.Sprintf("%q", target), "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n", 400})
	}
	v.run(t, threats)
	for _, pair := range [][2]string{
		{"http://a/", "a"}, {"http://a", "a"}, {"HTTP://A/", "a"}, {"http://a/", "A"}, {"http://a:80/", "a"}, {"http://a/", "a:80"}, {"https://a/", "a:443"},
		{"https://a:443/", "a"}, {"http://a:81/", "a:81"}, {"http://[::1]:81/", "[::1]:81"}, {"http://a:/", "a"}, {"http://a/", "a:"}, {"http://a:080/", "a"},
	} {
		answers, seen := v.attack(t, "GET "+pair[0]+" HTTP/1.1\r\nHost: "+pair[1]+"\r\nConnection: close\r\n\r\n")
		if got := statuses(answers); !slices.Equal(got, []int{200}) || len(seen) != 1 {
			t.Errorf("%q: answers %v, handled %q", pair, got, seen)
		}
	}
	if answers, _ := v.attack(t, "GET http://a/ HTTP/1.0\r\n\r\n"); len(answers) != 1 || answers[0].status != 200 {
		t.Errorf("HTTP/1.0 without Host: answers %v", statuses(answers))
	}
}
