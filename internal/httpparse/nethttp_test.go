package httpparse_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"
	"testing"

	"github.com/cork-go/cork/internal/httpparse"
)

// request is what a server acts upon.
type request struct {
	method, target string
	major, minor   int
	fields         []string // "name: value", names in lower case, sorted by name
	trailers       []string
	body           []byte
	headOnly       bool // the body is not compared
}

// reader is a Handler that keeps the first request of a stream.
type reader struct {
	p    *httpparse.Parser
	req  request
	done bool
}

func (r *reader) add(block []byte, fields []httpparse.Field) (out []string) {
	for _, f := range fields {
		out = append(out, strings.ToLower(string(f.Name(block)))+": "+string(f.Value(block)))
	}
	return out
}

func (r *reader) OnMessageBegin() httpparse.Code {
	if r.done {
		return httpparse.User
	}
	return httpparse.OK
}

func (r *reader) OnHeaders(head []byte, fields []httpparse.Field) httpparse.Code {
	r.req.fields = append(r.req.fields, r.add(head, fields)...)
	return httpparse.OK
}

func (r *reader) OnHeadersComplete(head []byte, fields []httpparse.Field) httpparse.Verdict {
	r.OnHeaders(head, fields)
	m := &r.p.Message
	r.req.method, r.req.target = m.Method.String(), string(m.Target.Of(head))
	r.req.major, r.req.minor = int(m.Major), int(m.Minor)
	return httpparse.Proceed
}

func (r *reader) OnBody(data []byte) httpparse.Code {
	r.req.body = append(r.req.body, data...)
	return httpparse.OK
}

func (r *reader) OnTrailers(block []byte, fields []httpparse.Field) httpparse.Code {
	r.req.trailers = append(r.req.trailers, r.add(block, fields)...)
	return httpparse.OK
}

func (r *reader) OnChunkHeader(uint64) httpparse.Code { return httpparse.OK }
func (r *reader) OnChunkComplete() httpparse.Code     { return httpparse.OK }
func (r *reader) OnMessageComplete() httpparse.Code {
	r.done = true
	return httpparse.Paused
}

var errIncomplete = errors.New("incomplete")

// readOurs reads the first request of input.
func readOurs(input []byte) (*request, error) {
	var p httpparse.Parser
	r := &reader{p: &p}
	p.Init(httpparse.Request, r, httpparse.Options{Limits: httpparse.Limits{HeadBytesMax: 1 << 20, FieldsMax: 1 << 20,
		ChunkExtensionBytesMax: 1 << 20, ChunkExtensionBytesTotalMax: 1 << 20, TrailerBytesMax: 1 << 20}})
	_, code := p.Execute(input)
	switch {
	case r.done:
		r.req.headOnly = p.Upgrade
		return &r.req, nil
	case code == httpparse.OK:
		return nil, errIncomplete
	}
	return nil, fmt.Errorf("%s: %s", code, p.Err().Reason)
}

// readTheirs is the same by net/http.
func readTheirs(input []byte) (*request, error) {
	req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(input)))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	out := &request{method: req.Method, target: req.RequestURI, minor: req.ProtoMinor, body: body}
	if req.ProtoMajor != 1 {
		return nil, errors.New("another major version")
	}
	for name, values := range req.Header {
		for _, v := range values {
			out.fields = append(out.fields, strings.ToLower(name)+": "+v)
		}
	}
	for name, values := range req.Trailer {
		for _, v := range values {
			out.trailers = append(out.trailers, strings.ToLower(name)+": "+v)
		}
	}
	return out, nil
}

// weRefuse are the reasons for which we refuse what net/http.ReadRequest
// takes, each reviewed. RFC numbers are those of RFC 9112 unless said.
var weRefuse = map[string]string{
	"HPE_INVALID_METHOD":            "the table of methods is fixed, as llhttp's is",
	"HPE_CR_EXPECTED":               "net/http takes a bare LF as a line end (2.2 allows it, cork does not: smuggling)",
	"HPE_INVALID_VERSION":           "net/http takes any HTTP/d.d, a bare LF behind it, and blanks",
	"HPE_INVALID_CONSTANT":          "the word before the slash; a method of another protocol",
	"HPE_INVALID_HEADER_TOKEN":      "folds (5.2: must be refused or replaced), control characters in values, a bare LF",
	"HPE_STRICT":                    "a CR without LF; blanks in chunk extensions",
	"HPE_LF_EXPECTED":               "a CR inside of a value",
	"HPE_INVALID_URL":               "bytes that are not ASCII in a target; authority characters",
	"HPE_UNEXPECTED_SPACE":          "a blank before the first field (2.2)",
	"HPE_UNEXPECTED_CONTENT_LENGTH": "two Content-Length fields, also equal ones (6.3 allows both ways)",
	"HPE_INVALID_CONTENT_LENGTH":    "net/http takes Content-Length with blanks, and beside Transfer-Encoding (6.1: ought to be refused)",
	"HPE_INVALID_TRANSFER_ENCODING": "Content-Length beside Transfer-Encoding; Transfer-Encoding that net/http ignores in HTTP/1.0",
	"HPE_INVALID_CHUNK_SIZE":        "blanks behind a chunk size (7.1.1: bad whitespace)",
	"HPE_PAUSED_H2_UPGRADE":         "the preface of HTTP/2: for net/http a request with the method PRI",
	"incomplete":                    "in HTTP/1.0 net/http ignores Transfer-Encoding; a chunk's line end that is not here yet",
}

// theyRefuse are parts of net/http's error texts, for what we take.
var theyRefuse = map[string]string{
	"malformed HTTP":                "no version (HTTP/0.9), blanks around the target, CRLF before the request",
	"malformed MIME header":         "net/http finds no colon or a leading blank",
	"invalid method":                "cannot be: ours are tokens",
	"parse \"":                      "net/url wants whole percent-escapes, a host, no control characters, a valid port",
	"invalid URI":                   "the same",
	"unsupported transfer encoding": "codings before chunked: cork's server answers 501",
	"too many transfer encodings":   "the same in two fields",
	"another major version":         "2.0 and 0.9: cork's server answers 505",
	"invalid character":             "percent-escapes and hosts of net/url",
	"unexpected EOF":                "net/http reads the line behind the head, or a trailer, before it says that all is here",
	"EOF":                           "nothing but CRLF",
	"missing":                       "no host in a target",
	"invalid byte in chunk length":  "net/http has a limit of 16 digits",
	"http chunk length too large":   "the same",
	"chunked encoding contains too much non-data": "many extensions for few bytes",
	"chunked line":                 "line longer than the buffer",
	"line too long":                "the same",
	"bad trailer":                  "fields that may be no trailers: cork's server drops those",
	"bad Content-Length":           "a Content-Length beyond 2^63-1",
	"invalid content length":       "the same",
	"invalid empty Content-Length": "cannot be: ours is refused",
	"suspiciously long trailer":    "a limit of 64 KiB",
	"cannot parse":                 "the same",
	"bad Request":                  "the same",
	"invalid Host":                 "net/http looks at Host: cork's server does too, above the parser",
	"too many Host":                "the same",
	"too many colons":              "net/url's host",
	"message cannot contain multiple Content-Length": "cannot be",
}

func reviewed(list map[string]string, text string) bool {
	for part := range list {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// normalise takes out what net/http changes on its way.
func (r *request) normalise() {
	drop := func(f string) bool {
		name, _, _ := strings.Cut(f, ":")
		switch name {
		case "host", "transfer-encoding", "content-length", "trailer": // moved to fields of Request
			return true
		case "cache-control": // made up from Pragma
			return true
		}
		return false
	}
	r.fields = slices.DeleteFunc(r.fields, drop)
	slices.SortStableFunc(r.fields, func(a, b string) int {
		an, _, _ := strings.Cut(a, ":")
		bn, _, _ := strings.Cut(b, ":")
		return strings.Compare(an, bn)
	})
}

// FuzzReadRequest holds the parser against net/http's. What both take, both
// read alike; what one refuses, it refuses for a reason that is in the lists.
func FuzzReadRequest(f *testing.F) {
	for _, seed := range []string{
		"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
		"POST /a?b=c HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nX: \t y \r\n\r\nhello",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: v\r\n\r\n",
		"GET http://example.com/x HTTP/1.0\r\nPragma: no-cache\r\nCookie: a\r\nCookie: b\r\n\r\n",
		"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nrest",
		"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\nHost: a\n\n",
		"GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"GET /%zz HTTP/1.1\r\nHost: a b\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		ours, ourErr := readOurs(input)
		theirs, theirErr := readTheirs(input)
		switch {
		case ourErr != nil && theirErr != nil:
		case ourErr != nil:
			if !reviewed(weRefuse, ourErr.Error()) {
				t.Fatalf("%q: we refuse (%v) what net/http takes: %+v", input, ourErr, theirs)
			}
		case theirErr != nil:
			if !reviewed(theyRefuse, theirErr.Error()) {
				t.Fatalf("%q: net/http refuses (%v) what we take: %+v", input, theirErr, ours)
			}
		default:
			compareRequests(t, input, ours, theirs)
		}
	})
}

func compareRequests(t *testing.T, input []byte, ours, theirs *request) {
	if ours.major == 0 {
		return // HTTP/0.9: net/http sees an empty target before the version; cork's server answers 505
	}
	hasCoding := slices.ContainsFunc(ours.fields, func(f string) bool { return strings.HasPrefix(f, "transfer-encoding:") })
	ours.normalise()
	theirs.normalise()
	if ours.method != theirs.method || ours.target != theirs.target || ours.minor != theirs.minor {
		t.Fatalf("%q: request line %s %s 1.%d, net/http's %s %s 1.%d", input,
			ours.method, ours.target, ours.minor, theirs.method, theirs.target, theirs.minor)
	}
	if !slices.Equal(ours.fields, theirs.fields) {
		t.Fatalf("%q: fields\n%q, net/http's\n%q", input, ours.fields, theirs.fields)
	}
	// Transfer-Encoding in HTTP/1.0: net/http ignores it, cork's server
	// refuses it (RFC 9112 section 6.1), the parser reads it.
	if ours.headOnly || ours.minor == 0 && hasCoding {
		return
	}
	if !bytes.Equal(ours.body, theirs.body) {
		t.Fatalf("%q: body %q, net/http's %q", input, ours.body, theirs.body)
	}
}

// FuzzChunked holds the decoding of chunks against a plain decoder, and
// against net/http's where both take the body.
func FuzzChunked(f *testing.F) {
	for _, seed := range []string{
		"5\r\nhello\r\n0\r\n\r\n",
		"5;a=b;c=\"d\\\" e\";f\r\nhello\r\n00A\r\n0123456789\r\n0\r\nT: 1\r\n\r\n",
		"ffffffffffffffff\r\nx",
		"10000000000000000\r\n",
		"1\r\na\r\n1\nb\r\n0\r\n\r\n",
		"2\r\nabc\r\n0\r\n\r\n",
		"0;x\r\n\r\n",
	} {
		f.Add([]byte(seed), uint8(3))
	}
	const head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
	f.Fuzz(func(t *testing.T, input []byte, step uint8) {
		var p httpparse.Parser
		r := &reader{p: &p}
		p.Init(httpparse.Request, r, httpparse.Options{})
		stream := append([]byte(head), input...)
		from, code := 0, httpparse.OK
		for to := 0; to < len(stream) && code == httpparse.OK && !r.done; {
			to = min(to+int(step)+1, len(stream))
			var n int
			n, code = p.Execute(bytes.Clone(stream[from:to]))
			from += n
		}
		body, whole := decodeChunks(input)
		if whole != r.done {
			t.Fatalf("%q: complete is %v (%v), a plain decoder says %v", input, r.done, p.Err(), whole)
		}
		if !whole {
			if !bytes.HasPrefix(body, r.req.body) {
				t.Fatalf("%q: body %q is no begin of %q", input, r.req.body, body)
			}
			return
		}
		if !bytes.Equal(body, r.req.body) {
			t.Fatalf("%q: body %q, a plain decoder's %q", input, r.req.body, body)
		}
		if theirs, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(input))); err == nil && !bytes.Equal(theirs, body) {
			t.Fatalf("%q: body %q, net/http's %q", input, body, theirs)
		}
	})
}

// decodeChunks is RFC 9112 section 7.1 read line by line, with no blanks
// anywhere in extensions. It returns the body so far, data of an unfinished
// chunk too, and whether it is complete.
func decodeChunks(in []byte) (body []byte, whole bool) {
	total := 0
	for {
		line, rest, ok := bytes.Cut(in, []byte("\r\n"))
		size, ext, _ := strings.Cut(string(line), ";")
		if !ok || len(size) == 0 || strings.Trim(size, "0123456789abcdefABCDEF") != "" || !plainExtensions(string(line[len(size):])) {
			return body, false
		}
		_ = ext
		if total += len(line); total > 1<<14 {
			return body, true // near the limits: not for this decoder
		}
		n := strings.TrimLeft(size, "0")
		if len(n) > 16 {
			return body, false
		}
		var length uint64
		fmt.Sscanf("0"+n, "%x", &length)
		in = rest
		if length == 0 {
			return body, plainTrailers(in)
		}
		if uint64(len(in)) < length+2 || length+2 < length {
			return append(body, in[:min(uint64(len(in)), length)]...), false
		}
		body = append(body, in[:length]...)
		if string(in[length:length+2]) != "\r\n" {
			return body, false
		}
		in = in[length+2:]
	}
}

const tokenChars = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// plainExtensions: *( ";" token [ "=" ( token / quoted-string ) ] ).
func plainExtensions(s string) bool {
	for s != "" {
		name := strings.TrimLeft(s[1:], tokenChars)
		if s[0] != ';' || len(name) == len(s)-1 {
			return false
		}
		s = name
		if !strings.HasPrefix(s, "=") {
			continue
		}
		value := strings.TrimLeft(s[1:], tokenChars)
		if len(value) < len(s)-1 {
			s = value
			continue
		}
		if !strings.HasPrefix(value, `"`) {
			return false
		}
		i := 1
		for ; i < len(value) && value[i] != '"'; i++ {
			if value[i] == '\\' {
				i++
			}
			if i == len(value) || value[i] < ' ' && value[i] != '\t' || value[i] == 0x7f {
				return false
			}
		}
		if i >= len(value) {
			return false
		}
		s = value[i+1:]
	}
	return true
}

// plainTrailers: fields and an empty line.
func plainTrailers(in []byte) bool {
	for {
		line, rest, ok := bytes.Cut(in, []byte("\r\n"))
		if !ok {
			return false
		}
		if len(line) == 0 {
			return true
		}
		name, value, ok := strings.Cut(string(line), ":")
		lower := strings.ToLower(name)
		if !ok || name == "" || strings.Trim(name, tokenChars) != "" || lower == "content-length" || lower == "transfer-encoding" && strings.Trim(value, " \t") != "" {
			return false
		}
		for _, c := range []byte(value) {
			if c < ' ' && c != '\t' || c == 0x7f {
				return false
			}
		}
		in = rest
		if len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\t') {
			return false
		}
	}
}
