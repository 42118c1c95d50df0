package http1

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/cork-go/cork/internal/fieldname"
)

// fill makes the http.Request of a message whose text is there: field by field
// what net/http's readRequest makes. It reports false where that would refuse the
// request and the parser does not.
func (b *bridge) fill(req *IncomingMessage, at *site) bool {
	b.ctx.open(b.writer.c, &b.writer, at)
	r := &b.request
	*r = *new(http.Request).WithContext(&b.ctx) // the one way to set a context; nothing escapes
	r.Method = req.Method()
	r.RequestURI = req.text[req.target.Off : req.target.Off+req.target.Len]
	if !b.parseTarget(r) {
		return false
	}
	r.URL = &b.url
	r.Proto, r.ProtoMajor, r.ProtoMinor = protoOf(req.minor), 1, int(req.minor)
	r.RemoteAddr, r.TLS = at.remote, at.tls
	r.Close = req.last
	switch req.length.kind {
	case bodySized:
		r.ContentLength = int64(req.length.size)
	case bodyChunked:
		r.ContentLength = -1
		r.TransferEncoding = []string{"chunked"}
	}
	if req.length.kind == bodyNone {
		r.Body = http.NoBody
	} else {
		b.body.w = &b.writer
		r.Body = &b.body
	}
	return b.fillHeader(r, req)
}

func protoOf(minor uint8) string {
	switch minor {
	case 0:
		return "HTTP/1.0"
	case 1:
		return "HTTP/1.1"
	}
	return "HTTP/1." + string('0'+rune(minor)) // ValidationInsecure
}

// parseTarget fills in b.url and r.Host.
func (b *bridge) parseTarget(r *http.Request) bool {
	target := r.RequestURI
	if !plainTarget(target, &b.url) {
		authority := r.Method == http.MethodConnect && !strings.HasPrefix(target, "/")
		if authority {
			target = "http://" + target
		}
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return false
		}
		b.url = *u
		if authority {
			b.url.Scheme = ""
		}
	}
	r.Host = b.url.Host
	return true
}

// plainTarget is url.ParseRequestURI for a path of characters that stand for
// themselves, and perhaps a query. It reports false for all others.
func plainTarget(target string, u *url.URL) bool {
	if target == "" || target[0] != '/' {
		return false
	}
	end := len(target)
	for i := 1; i < len(target); i++ {
		if c := target[i]; !plainChars[c] {
			if c != '?' {
				return false
			}
			end = i
			break
		}
	}
	if end == len(target) {
		u.Path = target
		return true
	}
	query := target[end+1:]
	for i := 0; i < len(query); i++ {
		if c := query[i]; c < ' ' || c == 0x7f {
			return false
		}
	}
	u.Path, u.RawQuery, u.ForceQuery = target[:end], query, query == ""
	return true
}

// plainChars are the unreserved characters and the slash.
var plainChars = func() (t [256]bool) {
	for c := range 256 {
		t[c] = isAlphanumeric(byte(c)) || strings.IndexByte("/-._~", byte(c)) >= 0
	}
	return t
}()

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// fillHeader makes the map, without Host and what the framing has used up.
func (b *bridge) fillHeader(r *http.Request, req *IncomingMessage) bool {
	fields, text := req.fields, req.text
	h := make(http.Header, max(0, len(fields)-1))
	r.Header = h
	values := b.values[:]
	if len(fields) > len(values) {
		values = make([]string, len(fields))
	}
	chunked := req.length.kind == bodyChunked
	trailer := false
	for i := range fields {
		f := &fields[i]
		value := fieldValue(f, text)
		key := f.ID.Canonical()
		switch f.ID {
		case fieldname.Unknown:
			key = http.CanonicalHeaderKey(fieldName(f, text))
		case fieldname.Host:
			if r.Host == "" {
				r.Host = value
			}
			continue
		case fieldname.TransferEncoding:
			if chunked {
				continue
			}
		case fieldname.Trailer:
			trailer = chunked
		}
		if have, ok := h[key]; ok {
			h[key] = append(have, value)
			continue
		}
		values[i] = value
		h[key] = values[i : i+1 : i+1]
	}
	if req.known.Has(fieldname.Pragma) {
		fixPragma(h)
	}
	return !trailer || declareTrailers(r)
}

// fixPragma is RFC 7234 section 5.4, as net/http has it.
func fixPragma(h http.Header) {
	if pragma := h["Pragma"]; len(pragma) > 0 && pragma[0] == "no-cache" {
		if _, ok := h["Cache-Control"]; !ok {
			h["Cache-Control"] = []string{"no-cache"}
		}
	}
}

// declareTrailers moves the names of the Trailer field to r.Trailer. It reports
// false if one must not be a trailer.
func declareTrailers(r *http.Request) bool {
	names := r.Header["Trailer"]
	delete(r.Header, "Trailer")
	trailer := make(http.Header)
	for _, list := range names {
		for name := range strings.SplitSeq(list, ",") {
			switch name = http.CanonicalHeaderKey(trimBlanks(name)); name {
			case "":
				continue
			case "Transfer-Encoding", "Trailer", "Content-Length":
				return false
			}
			trailer[name] = nil
		}
	}
	if len(trailer) > 0 {
		r.Trailer = trailer
	}
	return true
}

// textOf is http.Request.RemoteAddr. A Unix socket without a name has a name in
// package net.
func textOf(a net.Addr) string {
	if a == nil {
		return ""
	}
	if u, ok := a.(*net.UnixAddr); ok && u.Name == "" {
		return "@"
	}
	return a.String()
}
