package http1

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestContentLengths: what is not one number is no length.
func TestContentLengths(t *testing.T) {
	v := newVictim(t, &Server{})
	var threats []threat
	add := func(name, fields string, want int) {
		threats = append(threats, threat{name, post(fields, "abc"), want})
	}
	for _, value := range []string{
		"+3", "-3", "--3", "", " ", "\t", "0x3", "0b11", "0o3", "3,", ",3", "3,3", "3, 3", "3 3", "3;", "3.0", "3e0", "1_0",
		`"3"`, "'3'", "three", "NaN", "\uff13", "\u0663", "\xa03", "3\xa0", "3\u2003", "(3)", "%33", "3#", "*",
	} {
		add(fmt.Sprintf("value %q", value), "Content-Length: "+value+"\r\n", 400)
	}
	for _, value := range []string{"\x003", "3\x00", "3\x00\x00", "\x0b3", "3\x0b", "3\x0c", "\x0c3", "3\x1f", "3\x7f", "\x1b3"} {
		add(fmt.Sprintf("control %q", value), "Content-Length: "+value+"\r\n", 400)
	}
	for value, want := range map[string]int{
		"9223372036854775808":                     413, // 2^63
		"18446744073709551615":                    413, // 2^64-1
		"18446744073709551616":                    400, // 2^64
		"18446744073709551619":                    400, // 2^64+3, which is 3 where it wraps
		"36893488147419103235":                    400, // 2^65+3
		"340282366920938463463374607431768211459": 400, // 2^128+3
		strings.Repeat("9", 1000):                 400,
	} {
		add(fmt.Sprintf("overflow %.40s", value), "Content-Length: "+value+"\r\n", want)
	}
	for _, pair := range [][2]string{
		{"3", "3"}, {"3", "4"}, {"4", "3"}, {"3", "03"}, {"0", "3"}, {"3", "0"}, {"3", ""}, {"", "3"}, {"3", "x"}, {"3", "+3"},
	} {
		add(fmt.Sprintf("twice %q", pair), "Content-Length: "+pair[0]+"\r\nContent-Length: "+pair[1]+"\r\n", 400)
	}
	add("twice, apart", "Content-Length: 3\r\nX: y\r\ncontent-length: 3\r\n", 400)
	add("three times", "Content-Length: 3\r\nContent-Length: 3\r\nContent-Length: 3\r\n", 400)
	add("folded", "Content-Length:\r\n 3\r\n", 400)
	add("folded behind", "Content-Length: 3\r\n\t0\r\n", 400)
	add("bare LF behind", "Content-Length: 3\nX: y\r\n", 400)
	add("bare CR behind", "Content-Length: 3\rX: y\r\n", 400)
	add("space before the colon", "Content-Length : 3\r\n", 400)
	add("tab before the colon", "Content-Length\t: 3\r\n", 400)
	add("control before the colon", "Content-Length\x0b: 3\r\n", 400)
	v.run(t, threats)
}

// TestGoodLengths: what the grammar lets through means the same to everybody.
func TestGoodLengths(t *testing.T) {
	v := newVictim(t, &Server{})
	for _, fields := range []string{
		"Content-Length: 3", "content-length:3", "CONTENT-LENGTH:\t 3 \t", "Content-Length: 03",
		"Content-Length: 00000000000000000000000000000003",
		"Content-Length: 3\r\nContent_Length: 99", "Content_Length: 99\r\nContent-Length: 3", "Content-Length: 3\r\nContent-Length-X: 99",
		"Content-Length: 3\r\nContentLength: 99",
	} {
		_, seen := v.attack(t, post(fields+"\r\n", "abc")+lastGet)
		if want := []string{"POST /bad [abc]", "GET / []"}; !slices.Equal(seen, want) {
			t.Errorf("%q: handled %q, want %q", fields, seen, want)
		}
	}
}

// codings are Transfer-Encoding fields, good and bad, that some server has taken
// for chunked and another one has not.
var codings = []string{
	"Transfer-Encoding: chunked",
	"Transfer-Encoding: Chunked",
	"transfer-encoding:CHUNKED",
	"Transfer-Encoding:   chunked",
	"Transfer-Encoding: chunked ",
	"Transfer-Encoding:\tchunked\t",
	"Transfer-Encoding: xchunked",
	"Transfer-Encoding: chunkedx",
	"Transfer-Encoding: chunk",
	"Transfer-Encoding: chunked, chunked",
	"Transfer-Encoding: chunked, identity",
	"Transfer-Encoding: identity, chunked",
	"Transfer-Encoding: identity",
	"Transfer-Encoding: gzip, chunked",
	"Transfer-Encoding: chunked, gzip",
	"Transfer-Encoding: gzip",
	"Transfer-Encoding: x",
	"Transfer-Encoding: trailers",
	"Transfer-Encoding: ,chunked",
	"Transfer-Encoding: chunked,",
	"Transfer-Encoding: ,",
	"Transfer-Encoding:",
	"Transfer-Encoding: chunked;q=1",
	"Transfer-Encoding: chunked;",
	`Transfer-Encoding: "chunked"`,
	"Transfer-Encoding: 'chunked'",
	"Transfer-Encoding: (chunked)",
	"Transfer-Encoding: chun ked",
	"Transfer-Encoding: c\thunked",
	"Transfer-Encoding: \xa0chunked",
	"Transfer-Encoding: chunked\xa0",
	"Transfer-Encoding: \xffchunked",
	"Transfer-Encoding: chun\u212aed", // the Kelvin sign, whose lower case is k
	"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
	"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
	"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
	"Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
	"Transfer-Encoding:\r\nTransfer-Encoding: chunked",
	// Not even fields.
	"Transfer-Encoding: \x0bchunked",
	"Transfer-Encoding: \x0cchunked",
	"Transfer-Encoding: chunked\x0b",
	"Transfer-Encoding: chunked\x00",
	"Transfer-Encoding: \x00chunked",
	"Transfer-Encoding: chunked\x7f",
	"Transfer-Encoding : chunked",
	"Transfer-Encoding\t: chunked",
	"Transfer-Encoding\x0b: chunked",
	"Transfer-Encoding\x00: chunked",
	"Transfer Encoding: chunked",
	"\x0bTransfer-Encoding: chunked",
	" Transfer-Encoding: chunked",
	"Transfer-Encoding:\r\n chunked",
	"Transfer-Encoding:\n chunked",
	"Transfer-Encoding: chunked\r\n x",
	"Transfer-Encoding: x\r\n , chunked",
	"X: y\nTransfer-Encoding: chunked",
	"X: y\rTransfer-Encoding: chunked",
	"X: y\r\rTransfer-Encoding: chunked",
	"X: y\n\rTransfer-Encoding: chunked",
	"X: y\r\n\rTransfer-Encoding: chunked",
	"Transfer-Encoding chunked",
	"Transfer-Encoding=chunked",
}

// TestCodingBesideLength: a request with both framings is refused, whatever the
// coding looks like (RFC 9112 section 6.1), in either order.
func TestCodingBesideLength(t *testing.T) {
	v := newVictim(t, &Server{})
	var threats []threat
	for _, coding := range codings {
		body := "0\r\n\r\n" + hidden
		length := fmt.Sprintf("Content-Length: %d\r\n", len(body))
		threats = append(threats,
			threat{fmt.Sprintf("length, %q", coding), post(length+coding+"\r\n", body), 400},
			threat{fmt.Sprintf("%q, length", coding), post(coding+"\r\n"+length, body), 400},
		)
	}
	v.run(t, threats)
}

// TestCodings: only chunked is chunked, in any case and with blanks around it.
func TestCodings(t *testing.T) {
	v := newVictim(t, &Server{})
	var threats []threat
	for _, coding := range codings {
		in := post(coding+"\r\n", "3\r\nabc\r\n0\r\n\r\n")
		_, value, _ := strings.Cut(coding, ":")
		switch {
		case strings.HasPrefix(strings.ToLower(coding), "transfer-encoding:") && equalFold(strings.Trim(value, " \t"), "chunked"):
			_, seen := v.attack(t, in+lastGet)
			if want := []string{"POST /bad [abc]", "GET / []"}; !slices.Equal(seen, want) {
				t.Errorf("%q: handled %q, want %q", coding, seen, want)
			}
		case value == " gzip, chunked" || value == " identity, chunked":
			threats = append(threats, threat{coding, in, 501})
		default:
			threats = append(threats, threat{fmt.Sprintf("%q", coding), in, 400})
		}
	}
	v.run(t, threats)
}

// TestCodingOfHTTP10: HTTP/1.0 has no Transfer-Encoding (RFC 9112 section 6.1).
func TestCodingOfHTTP10(t *testing.T) {
	v := newVictim(t, &Server{})
	var threats []threat
	for _, connection := range []string{"", "Connection: keep-alive\r\n", "Connection: close\r\n"} {
		for _, coding := range []string{"chunked", "identity", "gzip, chunked", ""} {
			for _, length := range []string{"", "Content-Length: 5\r\n"} {
				threats = append(threats, threat{
					fmt.Sprintf("%q %q %q", connection, coding, length),
					"POST /bad HTTP/1.0\r\nHost: a\r\n" + connection + length + "Transfer-Encoding: " + coding + "\r\n\r\n0\r\n\r\n" + hidden, 400,
				})
			}
		}
	}
	v.run(t, threats)
}

// TestUnframedBody: a body without framing is none: what stands in its place is
// the next request, or nonsense, for everybody alike.
func TestUnframedBody(t *testing.T) {
	v := newVictim(t, &Server{})
	for _, version := range []string{"1.0", "1.1"} {
		answers, seen := v.attack(t, "POST /first HTTP/"+version+"\r\nHost: a\r\nConnection: keep-alive\r\n\r\nabc\r\n\r\n"+hidden)
		if got := statuses(answers); got[0] != 200 || version == "1.1" && !slices.Equal(got, []int{200, 400}) {
			t.Errorf("HTTP/%s: answers %v", version, got)
		}
		if want := []string{"POST /first []"}; !slices.Equal(seen, want) {
			t.Errorf("HTTP/%s: handled %q, want %q", version, seen, want)
		}
	}
}
