package http1

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/cork-go/cork/internal/fieldname"
)

// headLines is what the handler's header says about framing and connection, when
// it was written down. Everything else stands in res.head already.
type headLines struct {
	coding      string   // the first Transfer-Encoding
	connection  []string // Connection
	trailer     bool     // trailers are to come
	date        bool
	length      bool // Content-Length, whatever it says
	contentType bool
	encoded     bool // Content-Encoding
	upgrade     bool
}

// snapshot writes status line and header into res.head. What depends on how long
// the body turns out to be is kept for commit. mu is held.
func (w *responseWriter) snapshot(ex *exchange, status int) {
	res := &ex.res
	w.status, w.wroteHeader = status, true
	dst := appendStatusLine(res.head[:0], res.minor, status)
	switch len(w.header) {
	case 0:
	case 1:
		for name, values := range w.header {
			dst = w.field(dst, name, values)
		}
	default:
		for _, name := range sortedNames(w.header) {
			dst = w.field(dst, name, w.header[name])
		}
	}
	res.head = dst
}

// appendStatusLine is net/http's: the version is the client's.
func appendStatusLine(dst []byte, minor uint8, status int) []byte {
	if status == 200 && minor > 0 {
		return append(dst, "HTTP/1.1 200 OK\r\n"...)
	}
	version := "HTTP/1.1 "
	if minor == 0 {
		version = "HTTP/1.0 "
	}
	dst = strconv.AppendInt(append(dst, version...), int64(status), 10)
	dst = append(dst, ' ')
	if text := http.StatusText(status); text != "" {
		dst = append(dst, text...)
	} else {
		dst = strconv.AppendInt(append(dst, "status code "...), int64(status), 10)
	}
	return append(dst, crlf...)
}

// sortedNames returns the names of a header in net/http's order.
func sortedNames(h http.Header) []string {
	names := make([]string, 0, 16)
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// field writes the lines of one name, or notes what they say.
func (w *responseWriter) field(dst []byte, name string, values []string) []byte {
	l := &w.lines
	id := idOf(name)
	switch id {
	case fieldname.Unknown:
		if strings.HasPrefix(name, http.TrailerPrefix) {
			l.trailer = true
			return dst
		}
		if !validName(name) {
			return dst
		}
	case fieldname.ContentType:
		l.contentType = true
		if w.status == 304 {
			return dst
		}
	case fieldname.ContentEncoding:
		l.encoded = len(values) > 0 && values[0] != ""
	case fieldname.Upgrade:
		l.upgrade = true
	case fieldname.ContentLength:
		w.declareLength(values)
		return dst
	case fieldname.TransferEncoding:
		if len(values) > 0 {
			l.coding = trimBlanks(values[0])
		}
		return dst
	case fieldname.Connection:
		l.connection = values
		return dst
	case fieldname.Date:
		l.date = true
	case fieldname.Trailer:
		for _, list := range values {
			l.trailer = true
			w.declareTrailers(list)
		}
	}
	for _, value := range values {
		dst = appendLine(dst, name, cleanValue(value))
	}
	return dst
}

// declareLength reads the handler's Content-Length. One that is none is dropped.
func (w *responseWriter) declareLength(values []string) {
	w.lines.length = true
	if len(values) == 0 || values[0] == "" {
		return
	}
	n, ok := parseLength(values[0])
	if !ok {
		w.c.server.logf("http: invalid Content-Length of %q", values[0])
		w.header.Del("Content-Length")
		return
	}
	w.contentLength = int64(n)
}

// declareTrailers notes the names of a Trailer field that may be trailers.
func (w *responseWriter) declareTrailers(list string) {
	for name := range strings.SplitSeq(list, ",") {
		name = http.CanonicalHeaderKey(trimBlanks(name))
		if validName(name) && trailerAllowed(name) {
			w.trailers = append(w.trailers, name)
		}
	}
}

// trailerAllowed is RFC 9110 section 6.5.1: not what frames, routes or controls.
func trailerAllowed(name string) bool {
	switch name {
	case "Authorization", "Cache-Control", "Connection", "Content-Encoding", "Content-Length", "Content-Range",
		"Content-Type", "Expect", "Host", "Keep-Alive", "Max-Forwards", "Pragma", "Proxy-Authenticate",
		"Proxy-Authorization", "Proxy-Connection", "Range", "Realm", "Te", "Trailer", "Transfer-Encoding",
		"Www-Authenticate":
		return false
	}
	return !strings.HasPrefix(name, "If-")
}

// appendTrailers returns the trailers that the handler has set: those that it had
// declared and those with http.TrailerPrefix.
func (w *responseWriter) appendTrailers(lines []headerLine) []headerLine {
	if !w.lines.trailer && len(w.header) == 0 {
		return lines
	}
	for _, name := range w.trailers {
		lines = appendTrailer(lines, name, w.header[name])
	}
	for name, values := range w.header {
		if name, found := strings.CutPrefix(name, http.TrailerPrefix); found && validName(name) && trailerAllowed(http.CanonicalHeaderKey(name)) {
			lines = appendTrailer(lines, name, values)
		}
	}
	return lines
}

func appendTrailer(lines []headerLine, name string, values []string) []headerLine {
	for _, value := range values {
		lines = append(lines, headerLine{name, cleanValue(value), idOf(name)})
	}
	return lines
}

// cleanValue returns value without what must not be in a line: net/http puts a
// blank in the place of a line end, and so do we for every other control character.
func cleanValue(value string) string {
	value = trimBlanks(value)
	if validValue(value) {
		return value
	}
	clean := []byte(value)
	for i, c := range clean {
		if c < ' ' && c != '\t' || c == 0x7f {
			clean[i] = ' '
		}
	}
	return trimBlanks(string(clean))
}

// commit completes the head. p is the begin of the body, or with whole all of it.
// mu is held; commit may wait for the rest of the request's body, so that the client
// is told if the connection ends because of it.
func (w *responseWriter) commit(ex *exchange, p []byte, whole bool) {
	c, res, l := w.c, &ex.res, &w.lines
	coded := l.coding != ""
	if coded && w.contentLength >= 0 && l.coding != "identity" {
		c.server.logf("http: WriteHeader called with both Transfer-Encoding of %q and a Content-Length of %d", l.coding, w.contentLength)
		w.contentLength = -1
	}
	if whole && w.contentLength < 0 && !l.trailer && !l.length && !coded && bodyAllowed(w.status) && (!res.headOnly || len(p) > 0) {
		w.contentLength = int64(len(p))
	}

	var f headFacts
	var a answerFacts
	a.status, a.head, a.minor = w.status, res.headOnly, res.minor
	a.keepAlive = res.keepAlive && res.ShouldKeepAlive && !res.enough && !c.server.parting.Load()
	f.contentLength = w.contentLength >= 0 || a.bodyless()
	f.size = uint64(max(w.contentLength, 0))
	f.coded = coded && w.contentLength < 0 && res.minor > 0
	f.chunked = f.coded && l.coding != "identity"
	for _, v := range l.connection {
		f.connectionClose = f.connectionClose || hasWord(v, "close")
	}
	var v framing
	if frameResponse(&v, &f, &a); !v.last {
		switch kind := ex.req.length.kind; {
		case kind == bodyNone:
		case whole && kind == bodySized: // it will be dropped in passing
			v.last = w.tooMuchLeft(ex)
		case whole || !w.fullDuplex:
			v.last = w.discard(ex)
			if w.ex != ex || w.committed {
				return // somebody else has gone on meanwhile
			}
		}
	}
	w.last, w.committed = v.last, true
	res.length, res.noBody, res.built = v.length, a.bodyless(), true
	res.StatusCode = w.status
	if !l.contentType && !l.encoded && !coded && bodyAllowed(w.status) && len(p) > 0 {
		res.head = appendLine(res.head, "Content-Type", http.DetectContentType(p))
	}
	res.head = w.appendRest(res.head, res.minor, &v)
}

// appendRest writes the lines that commit has decided on.
func (w *responseWriter) appendRest(dst []byte, minor uint8, v *framing) []byte {
	l, s := &w.lines, w.c.server
	if !l.date {
		dst = appendLine(dst, "Date", s.date.at(w.c.t, s.keepAliveLine).text)
	}
	switch {
	case !bodyAllowed(w.status):
	case v.length.kind == bodyChunked:
		dst = appendLine(dst, "Transfer-Encoding", codingLine(l.coding))
	case w.contentLength >= 0:
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, w.contentLength, 10)
		dst = append(dst, crlf...)
	}
	switching := w.status == http.StatusSwitchingProtocols && l.upgrade
	closes := slices.ContainsFunc(l.connection, func(value string) bool { return hasWord(value, "close") })
	switch {
	case v.last && !closes && !switching:
		if minor > 0 {
			dst = append(dst, "Connection: close\r\n"...)
		}
	case len(l.connection) > 0:
		for _, value := range l.connection {
			dst = appendLine(dst, "Connection", cleanValue(value))
		}
	case minor == 0 && !v.last:
		dst = append(dst, "Connection: keep-alive\r\n"...)
	}
	return append(dst, crlf...)
}

// codingLine is the Transfer-Encoding of a chunked body, given the handler's.
func codingLine(given string) string {
	switch codingOf(given) {
	case codingLastChunked:
		return given
	case codingOther:
		return given + ", chunked"
	}
	return "chunked"
}
