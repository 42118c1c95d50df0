package http1

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// get is a GET with more bytes behind its Host field.
func get(fields string) string { return "GET /bad HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" }

// TestFieldNames: a name is a token, and the colon stands right behind it (RFC
// 9112 section 5.1).
func TestFieldNames(t *testing.T) {
	v := newVictim(t, &Server{})
	var threats []threat
	for _, name := range []string{
		"X ", "X\t", "X  ", "X \t ", "X\x0b", "X\x0c", "X\xa0", "X\r", "X\n", // before the colon
		"", " ", " X", "\tX", "\x0bX", "\x00X",
		"X(", "X)", "X<", "X>", "X@", "X,", "X;", `X\`, `X"`, "X/", "X[", "X]", "X?", "X=", "X{", "X}", "X Y", "X\tY",
		"X\x00", "X\x01", "X\x1f", "X\x7f", "X\x80", "X\xff", "X\xe9", "\u212a", "X\rY", "X\nY", "X\r\nY",
	} {
		threats = append(threats,
			threat{fmt.Sprintf("%q", name), get(name + ": v\r\n"), 400},
			threat{fmt.Sprintf("%q first", name), "GET /bad HTTP/1.1\r\n" + name + ": v\r\nHost: a\r\n\r\n", 400},
			threat{fmt.Sprintf("%q in a long head", name), get(lines(manyFields(60)) + name + ": v\r\n"), 400},
		)
	}
	for _, name := range []string{"X", "NoColonHere", "Content-Length 3", "Transfer-Encoding chunked"} {
		threats = append(threats, threat{fmt.Sprintf("no colon %q", name), get(name + "\r\n"), 400})
	}
	v.run(t, threats)
}

// TestFieldValues: values hold no controls, lines end in CRLF and are not folded
// (RFC 9112 sections 2.2 and 5.2).
func TestFieldValues(t *testing.T) {
	v := newVictim(t, &Server{})
	var threats []threat
	add := func(name, fields string) {
		threats = append(threats,
			threat{name, get(fields), 400},
			threat{name + ", in a long head", get(lines(manyFields(60)) + fields + lines(manyFields(3))), 400})
	}
	for c := range 256 {
		if c < ' ' && c != '\t' || c == 0x7f {
			add(fmt.Sprintf("%#x in a value", c), "X: a"+string([]byte{byte(c)})+"b\r\n")
		}
	}
	for name, fields := range map[string]string{
		"LF as line end":              "X: a\nY: b\r\n",
		"LF as line end of an empty":  "X:\nY: b\r\n",
		"CR as line end":              "X: a\rY: b\r\n",
		"CR as line end of an empty":  "X:\rY: b\r\n",
		"CR CRLF":                     "X: a\r\r\n",
		"CR CRLF of an empty":         "X:\r\r\n",
		"LF CR":                       "X: a\n\rY: b\r\n",
		"CR at the begin of a value":  "X: \ra\r\n",
		"LF at the begin of a value":  "X: \na\r\n",
		"NUL at the begin of a value": "X: \x00a\r\n",
		"NUL at the end of a value":   "X: a\x00\r\n",
		"fold with a space":           "X: a\r\n b\r\n",
		"fold with a tab":             "X: a\r\n\tb\r\n",
		"fold of an empty value":      "X:\r\n b\r\n",
		"fold into nothing":           "X: a\r\n \r\n",
		"fold with a field in it":     "X: a\r\n Content-Length: 3\r\n",
		"fold behind LF":              "X: a\n b\r\n",
		"LF LF":                       "X: a\n\n",
		"LF CRLF":                     "X: a\n\r\n",
		"CRLF LF":                     "X: a\r\n\n",
		"CRLF CR text":                "X: a\r\n\rY",
		"CRLF CR CRLF":                "X: a\r\n\r\r\n",
		"CRLF CR, coding behind it":   "X: a\r\n\rTransfer-Encoding: chunked\r\n",
		"CRLF NUL CRLF":               "X: a\r\n\x00\r\n",
	} {
		add(name, fields)
	}
	slices.SortFunc(threats, func(a, b threat) int { return strings.Compare(a.name, b.name) })
	v.run(t, threats)
}

// TestHeadEndsInCRLF: nothing but CRLF CRLF ends a head that has no fields behind
// Host.
func TestHeadEndsInCRLF(t *testing.T) {
	v := newVictim(t, &Server{})
	var threats []threat
	for _, end := range []string{"\n\n", "\n\r\n", "\r\n\n", "\r\n\rX", "\r\n\r\r\n", "\r\r\n\r\n", "\r\r", "\n\r\n\r", "\r\n \r\n", "\r\n\t\r\n", "\r\n\x00\r\n", "\x00\r\n\r\n"} {
		threats = append(threats,
			threat{fmt.Sprintf("GET %q", end), "GET /bad HTTP/1.1\r\nHost: a" + end, 400},
			threat{fmt.Sprintf("POST %q", end), "POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 3" + end + "abc", 400},
			threat{fmt.Sprintf("HTTP/1.0 %q", end), "GET /bad HTTP/1.0\r\nConnection: keep-alive" + end, 400},
		)
	}
	v.run(t, threats)
}

// TestRequestLines: three parts, one version out of two, a target of a known form,
// and CRLF behind them.
func TestRequestLines(t *testing.T) {
	v := newVictim(t, &Server{})
	var threats []threat
	for line, want := range map[string]int{
		"GET /bad HTTP/2.0": 505, "GET /bad HTTP/0.9": 505, "GET /bad HTTP/1.2": 505, "GET /bad HTTP/1.9": 505, "GET /bad HTTP/3.0": 505,
		"GET /bad HTTP/9.9": 505, "GET /bad HTTP/0.0": 505, "GET /bad HTTP/2.1": 505, "GET /bad": 505, "GET /bad HTTP/0.1": 505,
		"GET /bad HTTP/1.10": 400, "GET /bad HTTP/11.1": 400, "GET /bad HTTP/11": 400, "GET /bad HTTP/1": 400, "GET /bad HTTP/1.": 400,
		"GET /bad HTTP/.1": 400, "GET /bad HTTP/": 400, "GET /bad HTTP": 400, "GET /bad HTTP/1,1": 400, "GET /bad HTTP/-1.1": 400,
		"GET /bad HTTP/ 1.1": 400, "GET /bad HTTP /1.1": 400, "GET /bad HTTP/1.1 ": 400, "GET /bad HTTP/1.1\t": 400, "GET /bad HTTP/1.1x": 400,
		"GET /bad HTTP/1.1\x00": 400, "GET /bad http/1.1": 400, "GET /bad Http/1.1": 400, "GET /bad HTTPS/1.1": 400, "GET /bad XTTP/1.1": 400,
		"GET /bad HTTP/1.\uff11": 400, "GET /bad HTTP/1.1 HTTP/1.1": 400, "GET /bad RTSP/1.0": 400, "GET /bad ICE/1.0": 400,
		"GET /bad x HTTP/1.1": 400, "GET /bad\tHTTP/1.1": 400, "GET\t/bad HTTP/1.1": 400, "GET /b\x00d HTTP/1.1": 400,
		"GET /b\x01d HTTP/1.1": 400, "GET /b\x7fd HTTP/1.1": 400, "GET /b\xe9d HTTP/1.1": 400, "GET /b\rd HTTP/1.1": 400,
		"GET /b\nd HTTP/1.1": 400, "GET /b#d HTTP/1.1": 400, "GET #bad HTTP/1.1": 400, "GET bad HTTP/1.1": 400, "GET a:80 HTTP/1.1": 400,
		"GET ?bad HTTP/1.1": 400, "GET  HTTP/1.1": 400, "GET": 400, "GET ": 400, " GET /bad HTTP/1.1": 400, "\tGET /bad HTTP/1.1": 400,
		"\x00GET /bad HTTP/1.1": 400, "\xef\xbb\xbfGET /bad HTTP/1.1": 400, "get /bad HTTP/1.1": 400, "Get /bad HTTP/1.1": 400,
		"GETX /bad HTTP/1.1": 400, "GE /bad HTTP/1.1": 400, "G\x00T /bad HTTP/1.1": 400, "G(T /bad HTTP/1.1": 400, "HTTP/1.1 200 OK": 400,
		"GET /bad HTTP/1.1\n": 400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03": 400, "PRI * HTTP/2.0": 400,
	} {
		threats = append(threats, threat{fmt.Sprintf("%q", line), line + "\r\nHost: a\r\n\r\n", want})
	}
	for name, in := range map[string]string{
		"LF":            "GET /bad HTTP/1.1\nHost: a\r\n\r\n",
		"LFs":           "GET /bad HTTP/1.1\nHost: a\n\n",
		"CR":            "GET /bad HTTP/1.1\rHost: a\r\n\r\n",
		"CRs":           "GET /bad HTTP/1.1\rHost: a\r\r",
		"CR CRLF":       "GET /bad HTTP/1.1\r\r\nHost: a\r\n\r\n",
		"fold":          "GET /bad HTTP/1.1\r\n Host: a\r\n\r\n",
		"fold, no Host": "GET /bad HTTP/1.1\r\n \r\nHost: a\r\n\r\n",
	} {
		threats = append(threats, threat{"line end " + name, in, 400})
	}
	slices.SortFunc(threats, func(a, b threat) int { return strings.Compare(a.name, b.name) })
	v.run(t, threats)
}
