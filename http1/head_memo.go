package http1

import (
	"slices"
	"strconv"
)

// headMemo is a head that was built before, up to the digits of its
// Content-Length. Most answers of a server differ in nothing but these: they are
// written from here in one piece. storeHead is its plain twin, and says what goes
// in.
type headMemo struct {
	text   []byte // empty: there is none
	status int
	lines  []headerLine // the fields that were set
	date   *dateEntry   // of the second for which it was built
	passed int          // length of the last one that was built and is not here
}

// plain reports whether the head of an answer whose whole body is at hand has
// nothing about it but status and fields.
func (res *ServerResponse) plain() bool {
	return res.minor > 0 && !res.headOnly && !res.enough && res.removed == 0 && res.SendDate &&
		res.StatusMessage == "" && res.mayKeepAlive()
}

// fits reports whether the memo is the head of a plain answer.
func (m *headMemo) fits(res *ServerResponse) bool {
	if len(m.text) == 0 || m.status != res.StatusCode || len(m.lines) != len(res.headers) {
		return false
	}
	for i := range m.lines {
		if known, line := &m.lines[i], &res.headers[i]; known.value != line.value || known.name != line.name {
			return false
		}
	}
	s := res.conn.server
	return m.date == s.date.at(res.conn.t, s.keepAliveLine)
}

// keep remembers the head of a plain answer, if it has come twice. text ends
// before the digits.
func (m *headMemo) keep(res *ServerResponse, text []byte, date *dateEntry) {
	if m.passed != len(text) || len(text) > memoBytesMax || len(res.headers) > memoLinesMax {
		m.passed = len(text)
		return
	}
	m.text = append(m.text[:0], text...)
	clear(m.lines)
	m.lines = append(m.lines[:0], res.headers...)
	m.status, m.date, m.passed = res.StatusCode, date, 0
}

// endAtOnce is finish for an answer that is whole, owns the transport and has a
// head that is remembered. It reports false if that is not so.
func (res *ServerResponse) endAtOnce(c *conn, p []byte) bool {
	if res.built || len(p) > copyBytesMax || c.writing != writeOpen || res.closed ||
		c.outgoing.front() != res || !res.plain() || !c.memo.fits(res) {
		return false
	}
	if need := len(c.out) + len(c.memo.text) + lengthBytesMax + len(p); need > cap(c.out) && c.outBuf == nil {
		c.growOut(need)
	}
	out := append(c.out, c.memo.text...)
	out = strconv.AppendUint(out, uint64(len(p)), 10)
	out = append(out, "\r\n\r\n"...)
	c.out = append(out, p...)
	res.length = bodyLength{bodySized, uint64(len(p))}
	res.written = uint64(len(p))
	res.built, res.onWire = true, true
	res.concluded(c)
	return true
}

// lengthBytesMax is the most that stands between the memo and the body.
const lengthBytesMax = len("18446744073709551615\r\n\r\n")

// spoil is for tests: nothing is remembered.
func (m *headMemo) spoil() {
	*m = headMemo{lines: slices.Delete(m.lines, 0, len(m.lines))}
}
