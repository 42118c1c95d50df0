package http1

import (
	"strings"

	"github.com/cork-go/cork/internal/fieldname"
	"github.com/cork-go/cork/internal/httpparse"
)

// Header returns the value of a request field, "" if it is not there. The name
// may be in any case. A field that was sent several times is joined or cut to
// its first by Node's rules, see Headers; the usual single one costs no
// allocation beyond the message's string.
func (req *IncomingMessage) Header(name string) string {
	id := fieldname.Lookup(bytesOf(name))
	if id != fieldname.Unknown && !req.known.Has(id) {
		return ""
	}
	text := req.headText()
	value, found := "", false
	var all []string // of a field that was sent several times: joined once
	for i := range req.fields {
		f := &req.fields[i]
		if f.ID != id || id == fieldname.Unknown && !sameName(fieldName(f, text), name) {
			continue
		}
		v := fieldValue(f, text)
		if !found {
			value, found = v, true
			continue
		}
		if req.rule(id) == ruleFirst {
			break
		}
		if all == nil {
			all = append(all, value)
		}
		all = append(all, v)
	}
	if all != nil {
		return strings.Join(all, req.rule(id).separator())
	}
	return value
}

// RawHeaders returns name, value, name, value, … as they were received, values
// without surrounding blanks; but see URL for the Host. The slice is new.
func (req *IncomingMessage) RawHeaders() []string {
	return rawFields(req.fields, req.headText())
}

// Headers returns the request's fields by lower-case name, with repeated ones
// treated as Node does:
//
//   - age, authorization, content-length, content-type, etag, expires, from,
//     host, if-modified-since, if-unmodified-since, last-modified, location,
//     max-forwards, proxy-authorization, referer, retry-after, server and
//     user-agent: the first counts, unless Server.JoinDuplicateHeaders is set,
//   - cookie: joined with "; ",
//   - all others: joined with ", ". (Node keeps set-cookie as a list; see
//     HeadersDistinct.)
//
// The map is built at the first call and belongs to the request.
func (req *IncomingMessage) Headers() map[string]string {
	if req.headers == nil {
		req.headers = req.joinFields(req.fields, req.headText())
	}
	return req.headers
}

// HeadersDistinct returns all values of the request's fields by lower-case name.
// The map is built at the first call and belongs to the request.
func (req *IncomingMessage) HeadersDistinct() map[string][]string {
	if req.distinct == nil {
		req.distinct = collectFields(req.fields, req.headText())
	}
	return req.distinct
}

// RawTrailers is RawHeaders for the trailers of a chunked body. Trailers are
// there when Complete reports true, before that there are none.
func (req *IncomingMessage) RawTrailers() []string { return rawFields(req.trailerFields()) }

// Trailers is Headers for trailers, as a new map.
func (req *IncomingMessage) Trailers() map[string]string { return req.joinFields(req.trailerFields()) }

// TrailersDistinct is HeadersDistinct for trailers, as a new map.
func (req *IncomingMessage) TrailersDistinct() map[string][]string {
	return collectFields(req.trailerFields())
}

func (req *IncomingMessage) trailerFields() ([]httpparse.Field, string) {
	req.conn.mu.Lock()
	defer req.conn.unlock()
	if !req.complete {
		return nil, ""
	}
	return req.trailers, req.trailerText
}

// joinRule is what becomes of a field that was sent several times.
type joinRule uint8

const (
	ruleComma joinRule = iota
	ruleSemicolon
	ruleFirst
)

func (r joinRule) separator() string {
	if r == ruleSemicolon {
		return "; "
	}
	return ", "
}

// rule is ruleOf with the server's option.
func (req *IncomingMessage) rule(id fieldname.ID) joinRule {
	r := ruleOf(id)
	if r == ruleFirst && req.conn.server.JoinDuplicateHeaders {
		return ruleComma
	}
	return r
}

func ruleOf(id fieldname.ID) joinRule {
	switch id {
	case fieldname.Age, fieldname.Authorization, fieldname.ContentLength, fieldname.ContentType,
		fieldname.ETag, fieldname.Expires, fieldname.From, fieldname.Host, fieldname.IfModifiedSince,
		fieldname.IfUnmodifiedSince, fieldname.LastModified, fieldname.Location, fieldname.MaxForwards,
		fieldname.ProxyAuthorization, fieldname.Referer, fieldname.RetryAfter, fieldname.Server,
		fieldname.UserAgent:
		return ruleFirst
	case fieldname.Cookie:
		return ruleSemicolon
	}
	return ruleComma
}

func fieldName(f *httpparse.Field, text string) string {
	return text[f.NameOff : f.NameOff+uint32(f.NameLen)]
}

func fieldValue(f *httpparse.Field, text string) string {
	v := text[f.ValueOff : f.ValueOff+f.ValueLen]
	if f.Folded {
		v = strings.NewReplacer("\r", "", "\n", "").Replace(v)
	}
	return v
}

// fieldKey returns the name in lower case, a constant for known names.
func fieldKey(f *httpparse.Field, text string) string {
	if f.ID != fieldname.Unknown {
		return f.ID.String()
	}
	return lowerName(fieldName(f, text))
}

func rawFields(fields []httpparse.Field, text string) []string {
	raw := make([]string, 0, 2*len(fields))
	for i := range fields {
		raw = append(raw, fieldName(&fields[i], text), fieldValue(&fields[i], text))
	}
	return raw
}

func (req *IncomingMessage) joinFields(fields []httpparse.Field, text string) map[string]string {
	joined := make(map[string]string, len(fields))
	var all map[string][]string // of fields that were sent several times: joined once
	for i := range fields {
		f := &fields[i]
		key, v := fieldKey(f, text), fieldValue(f, text)
		first, found := joined[key]
		switch {
		case !found:
			joined[key] = v
		case req.rule(f.ID) != ruleFirst:
			if all == nil {
				all = make(map[string][]string)
			}
			if all[key] == nil {
				all[key] = append(all[key], first)
			}
			all[key] = append(all[key], v)
		}
	}
	for key, values := range all {
		joined[key] = strings.Join(values, req.rule(fieldname.Lookup(bytesOf(key))).separator())
	}
	return joined
}

func collectFields(fields []httpparse.Field, text string) map[string][]string {
	all := make(map[string][]string, len(fields))
	for i := range fields {
		key := fieldKey(&fields[i], text)
		all[key] = append(all[key], fieldValue(&fields[i], text))
	}
	return all
}
