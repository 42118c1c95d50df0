package http1

import (
	"slices"
	"strconv"

	"github.com/cork-go/cork/internal/fieldname"
)

// needHead builds the head implicitly.
func (res *ServerResponse) needHead(known bool, size int) error {
	if res.built {
		return nil
	}
	return res.storeHead(res.StatusCode, res.reason(res.StatusCode), nil, known, size)
}

// reason returns the reason phrase of a head that says none itself.
func (res *ServerResponse) reason(status int) string {
	if res.StatusMessage != "" {
		return res.StatusMessage
	}
	return StatusText(status)
}

// failHead answers 500 in place of a head that could not be built at the end.
func (res *ServerResponse) failHead() {
	res.OutgoingMessage.reset()
	res.StatusMessage = ""
	res.ShouldKeepAlive = false
	_ = res.storeHead(500, StatusText(500), nil, true, 0)
	res.noBody = true
	res.conn.server.logger().Error("http1: response head could not be built")
}

// storeHead builds the head once: status line, the fields that were set and
// those given, Date, and what framing.go decides. headers are the pairs of
// WriteHead; known says that the whole body is at hand and is size bytes long.
func (res *ServerResponse) storeHead(status int, reason string, headers []string, known bool, size int) error {
	if res.built {
		return ErrHeadersSent
	}
	if err := res.checkHead(status, reason, headers); err != nil {
		return err
	}
	s := res.conn.server
	var w headWriter // filled in place: a composite would be copied
	w.dst = res.head[:0]
	a := &w.answer
	a.status, a.head, a.minor = status, res.headOnly, res.minor
	a.keepAlive, a.enough = res.mayKeepAlive(), res.enough
	a.known, a.size, a.removed = known, uint64(size), res.removed
	w.statusLine(status, reason)
	if len(res.headers)+len(headers) > 0 {
		w.fields(s, res.headers, headers)
	}
	var v framing
	frameResponse(&v, &w.facts, a)
	if w.facts.trailer && v.length.kind != bodyChunked && !a.bodyless() {
		return ErrTrailerInvalid
	}
	date := s.date.at(res.conn.t, s.keepAliveLine)
	switch dated := res.SendDate && !w.facts.date && !res.removed.has(removedDate); {
	case dated && v.connection == connectionKeepAlive && !w.facts.keepAlive:
		w.dst = append(w.dst, date.keepAlive...)
	case dated:
		w.dst = appendLine(w.dst, "Date", date.text)
		fallthrough
	default:
		w.connection(&v, s.keepAliveLine)
	}
	if v.addLength && v.connection == connectionKeepAlive && len(headers) == 0 && status == res.StatusCode && reason == StatusText(status) &&
		!w.facts.date && !w.facts.keepAlive && res.plain() {
		w.dst = append(w.dst, lengthBegin...)
		res.conn.memo.keep(res, w.dst, date)
		w.dst = w.dst[:len(w.dst)-len(lengthBegin)]
	}
	w.finish(&v)
	res.head = w.dst
	res.StatusCode = status
	res.length = v.length
	res.noBody = a.bodyless()
	res.built = true
	if v.last {
		res.conclude()
	}
	return nil
}

// conclude makes the response the connection's last one: no request behind it is
// read, since nobody would get its answer (RFC 9112 section 9.6).
func (res *ServerResponse) conclude() {
	res.last = true
	res.conn.conclude()
}

// mayKeepAlive reports whether another request may follow this answer, as far
// as the request, the application and the server have a say. A client that was
// told neither to send its body nor that it is not wanted might send either the
// body or the next request now: Node closes, and so do we.
func (res *ServerResponse) mayKeepAlive() bool {
	return res.keepAlive && res.ShouldKeepAlive && !res.conn.server.parting.Load() &&
		(res.continued || res.ex.req.expect != expectContinue)
}

// checkHead checks what was not checked when it was set.
func (res *ServerResponse) checkHead(status int, reason string, headers []string) error {
	if status < 200 || status > 999 {
		return &HeaderError{Code: "ERR_HTTP_INVALID_STATUS_CODE", Name: strconv.Itoa(status)}
	}
	if reason != "OK" && !validValue(reason) {
		return &HeaderError{Code: "ERR_INVALID_CHAR", Name: "StatusMessage"}
	}
	return res.checkPairs(headers)
}

// fields writes the fields that were set, and those of WriteHead on top: a name
// that was set already keeps its place and gets the new lines.
func (w *headWriter) fields(s *Server, set []headerLine, given []string) {
	if len(given) == 0 {
		for len(set) > 0 {
			n := sameNames(set)
			w.lines(s, set[:n])
			set = set[n:]
		}
		return
	}
	for rest := set; len(rest) > 0; {
		n := sameNames(rest)
		if !w.given(given, rest[0].id, rest[0].name) {
			w.lines(s, rest[:n])
		}
		rest = rest[n:]
	}
	for i := 0; i < len(given); i += 2 {
		id := idOf(given[i])
		if !slices.ContainsFunc(set, func(h headerLine) bool { return h.is(id, given[i]) }) {
			w.line(id, given[i], given[i+1])
		}
	}
}

// given writes the pairs of a name and reports whether there are any.
func (w *headWriter) given(pairs []string, id fieldname.ID, name string) (found bool) {
	for i := 0; i < len(pairs); i += 2 {
		if sameName(pairs[i], name) {
			w.line(id, pairs[i], pairs[i+1])
			found = true
		}
	}
	return found
}
