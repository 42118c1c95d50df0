package http1

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// chunked is a POST with a chunked body.
func chunked(body string) string { return post("Transfer-Encoding: chunked\r\n", body) }

// badSizes are no chunk sizes (RFC 9112 section 7.1), though some server has
// read a number in each.
var badSizes = []string{
	"", " ", "0x3", "0X3", "x3", "+3", "-3", "-0", "3_0", "_3", "g", "3g", `"3"`, " 3", "\t3", "3 ", "3\t", "3\x00", "\x003", "3\x0b", "\x0b3",
	"3\x0c", "\uff13", "\u0663", "3\xa0", "\xa03", "3,", "3,3", "3.0", "3 3", "3h", "h3", "3#", "(3)", "=3", "03x", "0o3", "\xff", "\\3", "3\\",
	// More than 64 bits.
	"10000000000000000", "10000000000000003", "1000000000000000000000003", "fffffffffffffffff", "80000000000000000000000000000003",
	"00000000000000010000000000000003", strings.Repeat("f", 100),
}

// TestChunkSizes: what is not a hexadecimal number of 64 bits is no chunk size,
// for the first chunk and for later ones.
func TestChunkSizes(t *testing.T) {
	v := newVictim(t, &Server{})
	var threats []threat
	for _, size := range badSizes {
		threats = append(threats, threat{fmt.Sprintf("%.40q", size), chunked(size + "\r\nabc\r\n0\r\n\r\n"), 400})
	}
	for _, size := range badSizes {
		threats = append(threats, threat{fmt.Sprintf("second %.40q", size), chunked("1\r\nx\r\n" + size + "\r\nabc\r\n0\r\n\r\n"), 400})
	}
	for _, size := range badSizes {
		threats = append(threats, threat{fmt.Sprintf("%.40q with extension", size), chunked(size + ";a=b\r\nabc\r\n0\r\n\r\n"), 400})
	}
	v.run(t, threats)
}

// TestChunkLines: lines end in CRLF and extensions have the grammar's form (RFC
// 9112 section 7.1.1). Where one server ends a chunk line at a byte and another
// does not, the rest is a request for one of them.
func TestChunkLines(t *testing.T) {
	v := newVictim(t, &Server{})
	var threats []threat
	for name, body := range map[string]string{
		"LF behind the size":                  "3\nabc\r\n0\r\n\r\n",
		"CR behind the size":                  "3\rabc\r\n0\r\n\r\n",
		"CR CRLF behind the size":             "3\r\r\nabc\r\n0\r\n\r\n",
		"LF CR behind the size":               "3\n\rabc\r\n0\r\n\r\n",
		"NUL behind the size":                 "3\x00\r\nabc\r\n0\r\n\r\n",
		"LF in an extension":                  "3;a\nabc\r\n0\r\n\r\n",
		"LF in an empty extension":            "3;\nabc\r\n0\r\n\r\n",
		"two LF in an extension":              "2;\n\n  34\r\n\r\n0\r\n\r\n",
		"CR in an extension":                  "3;a\rb\r\nabc\r\n0\r\n\r\n",
		"CR in an empty extension":            "3;\rabc\r\n0\r\n\r\n",
		"CR CRLF behind an extension":         "3;a\r\r\nabc\r\n0\r\n\r\n",
		"NUL in an extension":                 "3;a\x00b\r\nabc\r\n0\r\n\r\n",
		"NUL in a value":                      "3;a=b\x00\r\nabc\r\n0\r\n\r\n",
		"control in a value":                  "3;a=\x01\r\nabc\r\n0\r\n\r\n",
		"LF in a value":                       "3;a=b\nabc\r\n0\r\n\r\n",
		"CR in a value":                       "3;a=b\rabc\r\n0\r\n\r\n",
		"quoted LF":                           "3;a=\"\n\"\r\nabc\r\n0\r\n\r\n",
		"quoted CR":                           "3;a=\"\r\"\r\nabc\r\n0\r\n\r\n",
		"quoted CRLF":                         "3;a=\"\r\nabc\r\n0\r\n\r\n\"\r\nabc\r\n0\r\n\r\n",
		"quoted pair of LF":                   "3;a=\"\\\n\"\r\nabc\r\n0\r\n\r\n",
		"quoted pair of CR":                   "3;a=\"\\\r\n\"\r\nabc\r\n0\r\n\r\n",
		"quoted NUL":                          "3;a=\"\x00\"\r\nabc\r\n0\r\n\r\n",
		"quoted DEL":                          "3;a=\"\x7f\"\r\nabc\r\n0\r\n\r\n",
		"quote without end":                   "3;a=\"b\r\nabc\r\n0\r\n\r\n",
		"quote that ends in a quoted pair":    "3;a=\"b\\\"\r\nabc\r\n0\r\n\r\n",
		"text behind a quote":                 "3;a=\"b\"c\r\nabc\r\n0\r\n\r\n",
		"quote in a token":                    "3;a=b\"c\"\r\nabc\r\n0\r\n\r\n",
		"quoted name":                         "3;\"a\"=b\r\nabc\r\n0\r\n\r\n",
		"empty extension":                     "3;\r\nabc\r\n0\r\n\r\n",
		"empty extension before another":      "3;;a\r\nabc\r\n0\r\n\r\n",
		"empty extension behind another":      "3;a;\r\nabc\r\n0\r\n\r\n",
		"empty name":                          "3;=b\r\nabc\r\n0\r\n\r\n",
		"empty value":                         "3;a=\r\nabc\r\n0\r\n\r\n",
		"empty value before another":          "3;a=;b\r\nabc\r\n0\r\n\r\n",
		"two values":                          "3;a=b=c\r\nabc\r\n0\r\n\r\n",
		"space in a name":                     "3;a b\r\nabc\r\n0\r\n\r\n",
		"space in a value":                    "3;a=b c\r\nabc\r\n0\r\n\r\n",
		"comma in a value":                    "3;a=b,c\r\nabc\r\n0\r\n\r\n",
		"brackets in a name":                  "3;(a)=b\r\nabc\r\n0\r\n\r\n",
		"slash in a value":                    "3;a=b/c\r\nabc\r\n0\r\n\r\n",
		"at sign in a name":                   "3;a@b\r\nabc\r\n0\r\n\r\n",
		"high byte in a name":                 "3;a\xe9\r\nabc\r\n0\r\n\r\n",
		"high byte in a value":                "3;a=\xe9\r\nabc\r\n0\r\n\r\n",
		"fold in an extension":                "3;a\r\n b\r\nabc\r\n0\r\n\r\n",
		"LF behind the data":                  "3\r\nabc\n0\r\n\r\n",
		"CR behind the data":                  "3\r\nabc\r0\r\n\r\n",
		"CR CRLF behind the data":             "3\r\nabc\r\r\n0\r\n\r\n",
		"nothing behind the data":             "3\r\nabc0\r\n\r\n",
		"blank behind the data":               "3\r\nabc \r\n0\r\n\r\n",
		"more data than announced":            "3\r\nabcd\r\n0\r\n\r\n",
		"less data than announced":            "4\r\nabc\r\n0\r\n\r\n",
		"empty line between chunks":           "3\r\nabc\r\n\r\n0\r\n\r\n",
		"empty line before the first chunk":   "\r\n3\r\nabc\r\n0\r\n\r\n",
		"LF behind the last chunk's size":     "3\r\nabc\r\n0\n\r\n",
		"LFs behind the last chunk":           "3\r\nabc\r\n0\n\n",
		"LF behind the last chunk":            "3\r\nabc\r\n0\r\n\n",
		"CR behind the last chunk's size":     "3\r\nabc\r\n0\r\r\n",
		"CR CR behind the last chunk":         "3\r\nabc\r\n0\r\n\r\r\n",
		"CR and text behind the last chunk":   "3\r\nabc\r\n0\r\n\rX",
		"quoted CRLF behind the last chunk":   "3\r\nabc\r\n0;a=\"\r\n\r\n\"\r\n\r\n",
		"two zeros":                           "3\r\nabc\r\n0 0\r\n\r\n",
		"minus zero":                          "3\r\nabc\r\n-0\r\n\r\n",
		"LF in trailers":                      "3\r\nabc\r\n0\r\nX: y\nZ: z\r\n\r\n",
		"LF behind trailers":                  "3\r\nabc\r\n0\r\nX: y\r\n\n",
		"LFs behind trailers":                 "3\r\nabc\r\n0\r\nX: y\n\n",
		"CR in trailers":                      "3\r\nabc\r\n0\r\nX: y\rZ: z\r\n\r\n",
		"CR and text behind trailers":         "3\r\nabc\r\n0\r\nX: y\r\n\rX",
		"CR CR behind trailers":               "3\r\nabc\r\n0\r\nX: y\r\n\r\r\n",
		"NUL in trailers":                     "3\r\nabc\r\n0\r\nX: a\x00b\r\n\r\n",
		"fold in trailers":                    "3\r\nabc\r\n0\r\nX: y\r\n z\r\n\r\n",
		"fold at the beginning of trailers":   "3\r\nabc\r\n0\r\n X: y\r\n\r\n",
		"space before the colon of a trailer": "3\r\nabc\r\n0\r\nX : y\r\n\r\n",
		"trailer without colon":               "3\r\nabc\r\n0\r\nX\r\n\r\n",
		"trailer without name":                "3\r\nabc\r\n0\r\n: y\r\n\r\n",
		"Content-Length as trailer":           "3\r\nabc\r\n0\r\nContent-Length: 7\r\n\r\n",
		"Transfer-Encoding as trailer":        "3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
		"request as trailer":                  "3\r\nabc\r\n0\r\n" + hidden,
	} {
		threats = append(threats, threat{name, chunked(body), 400})
	}
	slices.SortFunc(threats, func(a, b threat) int { return strings.Compare(a.name, b.name) })
	v.run(t, threats)
}

// TestGoodChunks: what the grammar lets through is read, extensions and trailers
// are dropped from the body, and the next request is where it should be.
func TestGoodChunks(t *testing.T) {
	v := newVictim(t, &Server{})
	for _, body := range []string{
		"3\r\nabc\r\n0\r\n\r\n",
		"003\r\nabc\r\n000\r\n\r\n",
		"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n",
		"3;a\r\nabc\r\n0;b\r\n\r\n",
		"3;a=b;c;d=\"e f;\\\"\t,\"\r\nabc\r\n0\r\n\r\n",
		"3;a=\"0\"\r\nabc\r\n0\r\n\r\n",
		"3\r\nabc\r\n0\r\nX: y\r\nZ:\r\n\r\n",
		"3\r\nabc\r\n0\r\nHost: evil\r\nX-Forwarded-For: evil\r\n\r\n",
	} {
		_, seen := v.attack(t, chunked(body)+lastGet)
		if want := []string{"POST /bad [abc]", "GET / []"}; !slices.Equal(seen, want) {
			t.Errorf("%q: handled %q, want %q", body, seen, want)
		}
	}
	_, seen := v.attack(t, chunked("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n")+lastGet)
	if want := []string{"POST /bad [01234567890123456789]", "GET / []"}; !slices.Equal(seen, want) {
		t.Errorf("handled %q, want %q", seen, want)
	}
}

// TestTrailersStayApart: a trailer field never becomes one of the head's.
func TestTrailersStayApart(t *testing.T) {
	s := &Server{}
	s.OnRequest = func(req *IncomingMessage, res *ServerResponse) {
		_, err := handled(req)
		res.End(fmt.Sprint(req.Header("host"), req.Header("x-user"), req.Header("authorization"), req.Trailers()["x-user"], err))
	}
	out := talk(t, start(t, s), "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nX-User: b\r\n\r\n"+
		"0\r\nX-User: root\r\nHost: evil\r\nAuthorization: evil\r\n\r\n")
	if want := "ab" + "root<nil>"; !strings.HasSuffix(out, want) {
		t.Errorf("%q, want %q at its end", out, want)
	}
}
