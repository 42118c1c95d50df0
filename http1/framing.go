package http1

import (
	"strconv"

	"github.com/cork-go/cork/internal/fieldname"
	"github.com/cork-go/cork/internal/httpparse"
)

// This file alone decides where a message ends, in both directions, and with it
// whether the connection can carry another one.

// bodyKind says how the end of a body is found.
type bodyKind uint8

const (
	bodyNone       bodyKind = iota // there is none
	bodySized                      // after a number of bytes
	bodyChunked                    // after the last chunk and its trailers
	bodyUntilClose                 // with the connection; answers only
)

// bodyLength is the length of a body; size is meant for bodySized only.
type bodyLength struct {
	kind bodyKind
	size uint64
}

// expectation is what a request's Expect field asks for.
type expectation uint8

const (
	expectNothing  expectation = iota
	expectContinue             // 100-continue
	expectUnknown              // anything else
)

// requestFacts is what checkRequest finds out about a request.
type requestFacts struct {
	length    bodyLength
	expect    expectation
	ambiguous bool // its length is said in two ways: nothing may follow it
	hosts     int
	codes     int // Transfer-Encoding fields
}

const bodyBytesMax = 1<<63 - 1 // fits every signed counter

// The rules for requests, beyond the parser's, which follows llhttp and lets
// more through than a server on a network should:
//
//  1. Only HTTP (not RTSP, ICE) is spoken: 400. Only 1.0 and 1.1: 505; an insecure
//     server takes 1.2 to 1.9 as 1.1 (RFC 9110 section 2.5).
//  2. A target has no fragment (RFC 9112 section 3.2), and the authority of an
//     absolute http or https one is a host without user (RFC 9110 sections
//     4.2.1 and 4.2.4), for it counts and not the Host field. That of CONNECT is
//     host and port (RFC 9112 section 3.2.3). Else 400.
//  3. Nobody may send two Hosts or a malformed one (RFC 9112 section 3.2): 400. The
//     host of an absolute http or https target takes the place of the Host field
//     (section 3.2.2), so that nobody goes by the other one. The missing one is the
//     connection's business, like unknown expectations.
//  4. Transfer-Encoding is one field, `chunked` (RFC 9112 section 6.1). Other
//     codings before a final chunked: 501, since we cannot decode them. All
//     else, the empty field too, and any on HTTP/1.0: 400.
//  5. A body of 2^63 bytes or more: 413.
//  6. No blank stands between name and colon (RFC 9112 section 5.1): 400.
//  7. Expect on HTTP/1.1 is 100-continue or unknown (RFC 9110 section 10.1.1);
//     on HTTP/1.0 it is ignored.
func checkRequest(facts *requestFacts, m *httpparse.Message, head []byte, fields []httpparse.Field, v Validation, seen *seen) (bad *refusal) {
	if m.Protocol != httpparse.ProtocolHTTP {
		return &refusal{400, httpparse.InvalidConstant, "not HTTP"}
	}
	if m.Major != 1 || m.Minor > 1 && v != ValidationInsecure {
		return &refusal{505, httpparse.InvalidVersion, "HTTP version is neither 1.0 nor 1.1"}
	}
	target := m.Target.Of(head)
	if bad = checkTarget(m, target); bad != nil {
		return bad
	}
	if v == ValidationInsecure && !colonsFollow(fields, head) {
		return &refusal{400, httpparse.InvalidHeaderToken, "blank between name and colon"}
	}
	if bad = facts.setHost(fields, head, seen); bad != nil {
		return bad
	}
	if m.Known.Has(fieldname.TransferEncoding) || m.Known.Has(fieldname.Expect) {
		for i := range fields {
			if bad = facts.note(&fields[i], head, m.Minor); bad != nil {
				return bad
			}
		}
	}
	if facts.hosts > 0 && len(target) > 0 && target[0] != '/' {
		replaceHost(fields, m.Target.Off, target)
	}
	facts.ambiguous = facts.codes > 0 && m.Flags&httpparse.FlagContentLength != 0
	return facts.setLength(m)
}

// checkTarget is rule 2.
func checkTarget(m *httpparse.Message, target []byte) *refusal {
	for _, c := range target {
		if c == '#' {
			return &refusal{400, httpparse.InvalidURL, "fragment in the request target"}
		}
	}
	switch {
	case len(target) == 0 || target[0] == '/' && m.Method != httpparse.MethodConnect:
		return nil
	case m.Method == httpparse.MethodConnect && validAuthority(target):
		return nil
	case m.Method != httpparse.MethodConnect && validAbsolute(target):
		return nil
	}
	return &refusal{400, httpparse.InvalidURL, "malformed authority in the request target"}
}

// colonsFollow is rule 6, which a strict parser has seen to.
func colonsFollow(fields []httpparse.Field, head []byte) bool {
	for i := range fields {
		if f := &fields[i]; head[f.NameOff+uint32(f.NameLen)] != ':' {
			return false
		}
	}
	return true
}

// replaceHost has the Host field say what the target says, which stands at off.
func replaceHost(fields []httpparse.Field, off uint32, target []byte) {
	at, n, known := authorityOf(target)
	if !known {
		return
	}
	for i := range fields {
		if f := &fields[i]; f.ID == fieldname.Host {
			f.ValueOff, f.ValueLen, f.Folded = off+uint32(at), uint32(n), false
		}
	}
}

// setHost looks at the Host fields.
func (facts *requestFacts) setHost(fields []httpparse.Field, head []byte, seen *seen) *refusal {
	for i := range fields {
		if fields[i].ID != fieldname.Host {
			continue
		}
		if facts.hosts++; facts.hosts > 1 {
			return &refusal{400, httpparse.InvalidHeaderToken, "second Host field"}
		}
		if !seen.wellFormedHost(fields[i].Value(head)) {
			return &refusal{400, httpparse.InvalidHeaderToken, "malformed Host field"}
		}
	}
	return nil
}

// note looks at a field that says something about the body.
func (facts *requestFacts) note(f *httpparse.Field, head []byte, minor uint8) *refusal {
	switch f.ID {
	case fieldname.TransferEncoding:
		facts.codes++
		return checkCoding(string(f.Value(head)), facts.codes, minor)
	case fieldname.Expect:
		switch {
		case minor == 0 || facts.expect == expectContinue:
		case hasWord(string(f.Value(head)), "100-continue"):
			facts.expect = expectContinue
		default:
			facts.expect = expectUnknown
		}
	}
	return nil
}

// checkCoding is rule 4 for the n-th Transfer-Encoding field.
func checkCoding(value string, n int, minor uint8) *refusal {
	malformed := &refusal{400, httpparse.InvalidTransferEncoding, "Transfer-Encoding is not chunked"}
	if minor == 0 || n > 1 {
		return malformed
	}
	switch codingOf(value) {
	case codingChunked:
		return nil
	case codingLastChunked:
		return &refusal{501, httpparse.InvalidTransferEncoding, "unknown transfer coding"}
	}
	return malformed
}

// coding is what a Transfer-Encoding field says.
type coding uint8

const (
	codingInvalid     coding = iota
	codingChunked            // chunked and nothing else
	codingLastChunked        // others, and then chunked
	codingOther              // others, and no chunked
)

// codingOf reads the value of a Transfer-Encoding field: a list of tokens, of
// which only the last may be chunked.
func codingOf(value string) coding {
	if equalFold(value, "chunked") {
		return codingChunked
	}
	rest, more := value, true
	var last string
	for more {
		last = rest
		rest, more = "", false
		for i := 0; i < len(last); i++ {
			if last[i] == ',' {
				last, rest, more = last[:i], last[i+1:], true
				break
			}
		}
		last = trimBlanks(last)
		if !validName(last) || more && equalFold(last, "chunked") {
			return codingInvalid
		}
	}
	if equalFold(last, "chunked") {
		return codingLastChunked
	}
	return codingOther
}

// setLength is RFC 9112 section 6.3 for requests that the rules above let through:
// Transfer-Encoding beside Content-Length is refused by the parser.
func (facts *requestFacts) setLength(m *httpparse.Message) *refusal {
	switch {
	case facts.codes > 0:
		facts.length.kind = bodyChunked
	case m.Flags&httpparse.FlagContentLength == 0 || m.ContentLength == 0:
	case m.ContentLength > bodyBytesMax:
		return &refusal{413, httpparse.InvalidContentLength, "Content-Length too large"}
	default:
		facts.length.kind, facts.length.size = bodySized, m.ContentLength
	}
	return nil
}

// headFacts is what the lines of an answer's head say about framing and
// connection. It is filled while they are written; nothing is looked up again.
type headFacts struct {
	connection      bool // a Connection field was given
	connectionClose bool // … with the word close
	keepAlive       bool // a Keep-Alive field was given
	coded           bool // a Transfer-Encoding field was given
	chunked         bool // … that ends in chunked
	contentLength   bool // a Content-Length field was given
	size            uint64
	date            bool
	trailer         bool
}

// answerFacts is what is known about an answer besides its lines.
type answerFacts struct {
	status    int
	head      bool // it answers a HEAD request
	minor     uint8
	keepAlive bool // request, response and server allow another request
	enough    bool // it is the last one by Server.MaxRequestsPerSocket
	known     bool // the whole body is at hand
	size      uint64
	removed   removedFields
}

// framing is the verdict of frameResponse.
type framing struct {
	length     bodyLength
	addLength  bool // write Content-Length
	addCoding  bool // write Transfer-Encoding: chunked
	connection connectionLine
	last       bool // the connection is closed after this answer
}

// connectionLine is what the server says about the connection by itself.
type connectionLine uint8

const (
	connectionUnsaid connectionLine = iota
	connectionKeepAlive
	connectionClose
)

// bodyless reports whether an answer has no body whatever its head says (RFC
// 9110 section 6.4.1).
func (a *answerFacts) bodyless() bool {
	return a.head || a.status < 200 || a.status == 204 || a.status == 304
}

// frameResponse is RFC 9112 section 6.3 from the sender's side, in Node's order
// of choice. The length:
//
//  1. HEAD, 204, 304: no body, and no line is added.
//  2. Transfer-Encoding given: chunked if that is its end, else until close.
//  3. Content-Length given: that.
//  4. HTTP/1.0: until close, and nothing is added even if the length is known.
//  5. The whole body at hand, no Trailer given, Content-Length not removed: that
//     length.
//  6. Chunked, unless it was removed; then until close.
//
// The connection: the request, the response's ShouldKeepAlive, a Connection
// field with close, a body until close, and 204 or 304 with Transfer-Encoding
// each end it. An HTTP/1.0 client keeps it only for an answer whose end it can
// find, so only with a Content-Length of the application. The last answer by
// MaxRequestsPerSocket says close and leaves it to the client, as in Node.
//
// Differences from Node, for safety: a body until close is never announced as
// keep-alive, an application's Connection field does not overrule the client's
// close (a second one with close follows it, and close wins: RFC 9112 section
// 9.3), nothing is chunked for HTTP/1.0, and 204 carries no framing fields.
func frameResponse(v *framing, f *headFacts, a *answerFacts) {
	switch {
	case a.bodyless():
	case f.chunked:
		v.length.kind = bodyChunked
	case f.coded:
		v.length.kind = bodyUntilClose
	case f.contentLength:
		v.length.kind, v.length.size = bodySized, f.size
	case a.minor == 0:
		v.length.kind = bodyUntilClose
	case a.known && !f.trailer && !a.removed.has(removedContentLength):
		v.length.kind, v.length.size, v.addLength = bodySized, a.size, true
	case !a.removed.has(removedTransferEncoding):
		v.length.kind, v.addCoding = bodyChunked, true
	default:
		v.length.kind = bodyUntilClose
	}
	keep := a.keepAlive && v.length.kind != bodyUntilClose && (a.minor > 0 || f.contentLength) &&
		!(f.chunked && (a.status == 204 || a.status == 304))
	v.last = !keep || f.connectionClose
	switch {
	case f.connection && v.last && !f.connectionClose:
		v.connection = connectionClose // beside the application's
	case f.connection || a.removed.has(removedConnection):
	case keep && !a.enough:
		v.connection = connectionKeepAlive
	default:
		v.connection = connectionClose
	}
}

// parseLength reads a Content-Length that the application has set: digits, less
// than 2^63.
func parseLength(s string) (uint64, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 63)
	return n, err == nil
}
