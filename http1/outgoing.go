package http1

import (
	"slices"

	"github.com/cork-go/cork/internal/fieldname"
)

// OutgoingMessage is the part of an answer that is not about HTTP servers: the
// header, the trailers and whether they can still be changed. It is used
// through ServerResponse.
//
// Names are compared without regard to case and are sent as they were spelled.
// The fields leave in the order in which their names were first set. Values
// are checked when they are set: CR, LF, NUL and other controls never reach the
// wire, and neither does a Content-Length or Transfer-Encoding that says nothing.
type OutgoingMessage struct {
	headers  []headerLine
	trailers []headerLine
	removed  removedFields
	built    bool // the head exists: headers cannot be changed any more
	sealed   bool // the trailers too
	relaxed  bool // values may hold control characters: Server.HTTPValidation
}

// headerLine is one line of a head. Lines of one name stand together. Names that
// many programs use are told apart by their id, the others by what they are.
type headerLine struct {
	name, value string
	id          fieldname.ID
}

// is reports whether the line has a name, whose ID is id.
func (h *headerLine) is(id fieldname.ID, name string) bool {
	return h.id == id && (id != fieldname.Unknown || sameName(h.name, name))
}

// idOf returns the ID of a field name.
func idOf(name string) fieldname.ID { return fieldname.Lookup(bytesOf(name)) }

// removedFields are the fields that the server would add, and that
// RemoveHeader has forbidden.
type removedFields uint8

const (
	removedConnection removedFields = 1 << iota
	removedContentLength
	removedTransferEncoding
	removedDate
)

func (r removedFields) has(f removedFields) bool { return r&f != 0 }

// SetHeader sets a field, one line per value, in place of the ones of that name
// if there are any. Without values it takes the field away, and the server
// may still add its own. It returns ErrHeadersSent or a *HeaderError; then
// nothing has changed.
func (m *OutgoingMessage) SetHeader(name string, values ...string) error {
	if m.built {
		return ErrHeadersSent
	}
	id := idOf(name)
	if err := m.checkValues(id, name, values); err != nil {
		return err
	}
	m.removed &^= automatic(id)
	at := len(m.headers)
	if at > 0 {
		if i := m.find(id, name); i >= 0 {
			m.delete(id, name)
			at = i
		}
	}
	m.insert(at, id, name, values)
	return nil
}

// SetHeaders is SetHeader for many fields, given as name, value, name, value;
// what is given several times becomes several lines. As in Node Set-Cookie is
// set last, and it is added to, not replaced, within one call. If one of them
// is wrong, none is set.
func (m *OutgoingMessage) SetHeaders(fields ...string) error {
	if m.built {
		return ErrHeadersSent
	}
	if err := m.checkPairs(fields); err != nil {
		return err
	}
	for _, cookies := range [...]bool{false, true} {
		for i := 0; i < len(fields); i += 2 {
			if sameName(fields[i], "set-cookie") != cookies {
				continue
			}
			var err error
			if givenBefore(fields, i) {
				err = m.AppendHeader(fields[i], fields[i+1])
			} else {
				err = m.SetHeader(fields[i], fields[i+1])
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// givenBefore reports whether the name of the pair at i stands in an earlier
// pair.
func givenBefore(fields []string, i int) bool {
	for j := 0; j < i; j += 2 {
		if sameName(fields[j], fields[i]) {
			return true
		}
	}
	return false
}

// AppendHeader adds lines to a field, behind the ones it has. The name keeps
// its first spelling. Errors as SetHeader.
func (m *OutgoingMessage) AppendHeader(name string, values ...string) error {
	if m.built {
		return ErrHeadersSent
	}
	id := idOf(name)
	if err := m.checkValues(id, name, values); err != nil {
		return err
	}
	m.removed &^= automatic(id)
	at := len(m.headers)
	if first := m.find(id, name); first >= 0 {
		name = m.headers[first].name
		for at = first; at < len(m.headers) && m.headers[at].is(id, name); at++ {
		}
	}
	m.insert(at, id, name, values)
	return nil
}

// RemoveHeader takes a field away. If the server would add it by itself
// (Connection, Content-Length, Transfer-Encoding, Date), it does not, even if
// the field was never set; setting it again lifts that. It returns
// ErrHeadersSent or nil.
func (m *OutgoingMessage) RemoveHeader(name string) error {
	if m.built {
		return ErrHeadersSent
	}
	id := idOf(name)
	m.removed |= automatic(id)
	m.delete(id, name)
	return nil
}

// GetHeader returns the first value of a field that was set, or "".
func (m *OutgoingMessage) GetHeader(name string) string {
	if at := m.find(idOf(name), name); at >= 0 {
		return m.headers[at].value
	}
	return ""
}

// GetHeaderValues returns all values of a field that was set, as a new slice.
func (m *OutgoingMessage) GetHeaderValues(name string) (values []string) {
	id := idOf(name)
	for _, h := range m.headers {
		if h.is(id, name) {
			values = append(values, h.value)
		}
	}
	return values
}

// HasHeader reports whether a field was set.
func (m *OutgoingMessage) HasHeader(name string) bool { return m.find(idOf(name), name) >= 0 }

// GetHeaderNames returns the names that were set, in lower case and in order,
// as a new slice.
func (m *OutgoingMessage) GetHeaderNames() (names []string) {
	for i, h := range m.headers {
		if i == 0 || !h.is(m.headers[i-1].id, m.headers[i-1].name) {
			names = append(names, lowerName(h.name))
		}
	}
	return names
}

// GetRawHeaderNames returns the names that were set, as they were spelled and in
// order, as a new slice.
func (m *OutgoingMessage) GetRawHeaderNames() (names []string) {
	for i, h := range m.headers {
		if i == 0 || !h.is(m.headers[i-1].id, m.headers[i-1].name) {
			names = append(names, h.name)
		}
	}
	return names
}

// GetHeaders returns the fields that were set by lower-case name, as a new map.
func (m *OutgoingMessage) GetHeaders() map[string][]string {
	all := make(map[string][]string, len(m.headers))
	for _, h := range m.headers {
		name := lowerName(h.name)
		all[name] = append(all[name], h.value)
	}
	return all
}

// HeadersSent reports whether the head has been built; it need not have been
// sent.
func (m *OutgoingMessage) HeadersSent() bool { return m.built }

// AddTrailers sets the trailer fields, given as name, value, name, value, in
// place of earlier ones. They are sent only with a chunked body (RFC 9112
// section 7.1.2), else dropped. It returns ErrWriteAfterEnd or a *HeaderError.
//
// Fields that frame or route a message, or that say who sent it, do not belong
// into trailers (RFC 9110 section 6.5.1): Content-Length, Transfer-Encoding,
// Host, Trailer and Connection are refused.
func (m *OutgoingMessage) AddTrailers(fields ...string) error {
	if m.sealed {
		return ErrWriteAfterEnd
	}
	if err := m.checkPairs(fields); err != nil {
		return err
	}
	for i := 0; i < len(fields); i += 2 {
		switch lowerName(fields[i]) {
		case "content-length", "transfer-encoding", "host", "trailer", "connection":
			return &HeaderError{Code: "ERR_INVALID_ARG_VALUE", Name: fields[i]}
		}
	}
	m.trailers = m.trailers[:0]
	for i := 0; i < len(fields); i += 2 {
		m.trailers = append(m.trailers, headerLine{fields[i], fields[i+1], idOf(fields[i])})
	}
	return nil
}

// find returns where the first line of a name stands, or -1.
func (m *OutgoingMessage) find(id fieldname.ID, name string) int {
	for i := range m.headers {
		if m.headers[i].is(id, name) {
			return i
		}
	}
	return -1
}

func (m *OutgoingMessage) delete(id fieldname.ID, name string) {
	m.headers = slices.DeleteFunc(m.headers, func(h headerLine) bool { return h.is(id, name) })
}

func (m *OutgoingMessage) insert(at int, id fieldname.ID, name string, values []string) {
	switch n := len(m.headers) + len(values); {
	case at < len(m.headers):
		m.headers = slices.Insert(m.headers, at, make([]headerLine, len(values))...)
	case n <= cap(m.headers):
		m.headers = m.headers[:n]
	default:
		m.headers = slices.Grow(m.headers, len(values))[:n]
	}
	for i, v := range values {
		h := &m.headers[at+i] // not as one composite: that is built elsewhere and copied
		h.name, h.value, h.id = name, v, id
	}
}

// reset makes m ready for another message. It keeps the slices.
func (m *OutgoingMessage) reset() {
	for i := range m.headers { // few, as a rule, and clear would call the runtime
		h := &m.headers[i]
		h.name, h.value = "", ""
	}
	m.headers = m.headers[:0]
	if len(m.trailers) > 0 {
		clear(m.trailers)
		m.trailers = m.trailers[:0]
	}
	m.removed, m.built, m.sealed = 0, false, false
}

// automatic names the bit of a field that the server adds by itself.
func automatic(id fieldname.ID) removedFields {
	switch id {
	case fieldname.Connection:
		return removedConnection
	case fieldname.ContentLength:
		return removedContentLength
	case fieldname.TransferEncoding:
		return removedTransferEncoding
	case fieldname.Date:
		return removedDate
	}
	return 0
}

// checkValues returns the error of a field that must not be sent.
func (m *OutgoingMessage) checkValues(id fieldname.ID, name string, values []string) error {
	if id == fieldname.Unknown && !validName(name) {
		return &HeaderError{Code: "ERR_INVALID_HTTP_TOKEN", Name: name}
	}
	for _, v := range values {
		if !validValue(v) && !(m.relaxed && validRelaxed(v)) {
			return &HeaderError{Code: "ERR_INVALID_CHAR", Name: name}
		}
		if !validFraming(id, v) {
			return &HeaderError{Code: "ERR_INVALID_ARG_VALUE", Name: name}
		}
	}
	return nil
}

// validFraming reports whether a value may stand in a field, as far as framing
// goes: Content-Length is a number, and chunked stands at the end of
// Transfer-Encoding or not at all (RFC 9112 section 6.1).
func validFraming(id fieldname.ID, value string) bool {
	switch id {
	case fieldname.ContentLength:
		_, ok := parseLength(value)
		return ok
	case fieldname.TransferEncoding:
		return codingOf(value) != codingInvalid
	}
	return true
}

// checkPairs checks fields given as name, value, name, value.
func (m *OutgoingMessage) checkPairs(fields []string) error {
	if len(fields)%2 != 0 {
		return &HeaderError{Code: "ERR_INVALID_ARG_VALUE", Name: fields[len(fields)-1]}
	}
	for i := 0; i < len(fields); i += 2 {
		if err := m.checkValues(idOf(fields[i]), fields[i], fields[i+1:i+2]); err != nil {
			return err
		}
	}
	return nil
}
