package http1

import (
	"strconv"
	"strings"

	"github.com/cork-go/cork/internal/fieldname"
)

// headWriter builds a head into dst and notes what its lines say.
type headWriter struct {
	dst    []byte
	facts  headFacts
	answer answerFacts

	lengthAt, lengthEnd int // where the Content-Length line stands in dst
}

// lines writes the lines that stand for one name. Several of them are joined to
// one where Node does that: those of Cookie and of Server.UniqueHeaders.
func (w *headWriter) lines(s *Server, group []headerLine) {
	if len(group) > 1 && s.joins(group[0].name) {
		w.line(group[0].id, group[0].name, joinLines(group))
		return
	}
	for _, h := range group {
		w.line(h.id, h.name, h.value)
	}
}

// joins reports whether a field of several values is sent as one line.
func (s *Server) joins(name string) bool {
	if sameName(name, "cookie") {
		return true
	}
	for _, unique := range s.UniqueHeaders {
		if sameName(name, unique) {
			return true
		}
	}
	return false
}

func joinLines(group []headerLine) string {
	var b strings.Builder
	for i, h := range group {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(h.value)
	}
	return b.String()
}

// sameNames returns how many of the lines at the begin have the name of the
// first one.
func sameNames(all []headerLine) int {
	n := 1
	for n < len(all) && all[n].is(all[0].id, all[0].name) {
		n++
	}
	return n
}

// line writes a field and notes it. A line that must not stand in this answer
// is left out: framing fields on 204, Transfer-Encoding for HTTP/1.0 (RFC 9112
// section 6.1) and with it Trailer, which only chunked bodies have, a second
// Content-Length or Transfer-Encoding, a Content-Length beside a
// Transfer-Encoding (section 6.2).
func (w *headWriter) line(id fieldname.ID, name, value string) {
	f := &w.facts
	switch id {
	case fieldname.Connection:
		f.connection = true
		f.connectionClose = f.connectionClose || hasWord(value, "close")
	case fieldname.KeepAlive:
		f.keepAlive = true
	case fieldname.Date:
		f.date = true
	case fieldname.Trailer:
		if w.answer.minor == 0 || w.answer.status == 204 {
			return
		}
		f.trailer = true
	case fieldname.ContentLength:
		if f.contentLength || f.coded || w.answer.status == 204 {
			return
		}
		f.contentLength = true
		f.size, _ = parseLength(value)
		w.lengthAt = len(w.dst)
		w.dst = appendLine(w.dst, name, value)
		w.lengthEnd = len(w.dst)
		return
	case fieldname.TransferEncoding:
		if f.coded || w.answer.minor == 0 {
			return
		}
		kind := codingOf(value) // not invalid: validFraming has seen to it
		f.coded, f.chunked = true, kind != codingOther
		if w.answer.status == 204 {
			return
		}
		if f.contentLength {
			f.contentLength = false
			w.dst = append(w.dst[:w.lengthAt], w.dst[w.lengthEnd:]...)
		}
	}
	w.dst = appendLine(w.dst, name, value)
}

// statusLine writes the status line, HTTP/1.1 whatever the client speaks (RFC
// 9110 section 6.2).
func (w *headWriter) statusLine(status int, reason string) {
	if status == 200 && reason == "OK" {
		w.dst = append(w.dst, "HTTP/1.1 200 OK\r\n"...)
		return
	}
	w.dst = append(w.dst, "HTTP/1.1 "...)
	w.dst = strconv.AppendInt(w.dst, int64(status), 10)
	w.dst = append(w.dst, ' ')
	w.dst = append(w.dst, reason...)
	w.dst = append(w.dst, "\r\n"...)
}

// connection writes what the server says about the connection. Node's order is
// Date, Connection, Keep-Alive, then what finish writes.
func (w *headWriter) connection(v *framing, keepAliveLine string) {
	switch v.connection {
	case connectionKeepAlive:
		w.dst = append(w.dst, "Connection: keep-alive\r\n"...)
		if !w.facts.keepAlive {
			w.dst = append(w.dst, keepAliveLine...)
		}
	case connectionClose:
		w.dst = append(w.dst, "Connection: close\r\n"...)
	}
}

const lengthBegin = "Content-Length: "

// finish writes the framing that the server adds, and the end of the head.
func (w *headWriter) finish(v *framing) {
	if v.addLength {
		w.dst = append(w.dst, lengthBegin...)
		w.dst = strconv.AppendUint(w.dst, v.length.size, 10)
		w.dst = append(w.dst, "\r\n"...)
	}
	if v.addCoding {
		w.dst = append(w.dst, "Transfer-Encoding: chunked\r\n"...)
	}
	w.dst = append(w.dst, "\r\n"...)
}

func appendLine(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}
