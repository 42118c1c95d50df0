package http1

import (
	"strconv"
	"strings"

	"github.com/cork-go/cork/internal/fieldname"
)

// Informational answers (RFC 9110 section 15.2) go before the answer, as many as
// one likes, and none to an HTTP/1.0 client, which does not know them: to it the
// calls below do nothing. They are sent at once, or when the turn of their
// response has come. All return ErrHeadersSent once the head has been built.

// WriteContinue sends 100 Continue. The server does it by itself for a request
// that expects it, unless it has OnCheckContinue.
func (res *ServerResponse) WriteContinue() error { return res.WriteInformation(100) }

// WriteProcessing sends 102 Processing.
func (res *ServerResponse) WriteProcessing() error { return res.WriteInformation(102) }

// WriteEarlyHints sends 103 Early Hints: the links in one Link field, and then
// the fields given as name, value, name, value. Without a link nothing is sent.
// A link is a target in angle brackets with parameters, as in
// "</a.css>; rel=preload; as=style"; a *HeaderError is returned for another.
func (res *ServerResponse) WriteEarlyHints(links []string, headers ...string) error {
	for _, link := range links {
		if !validLink(link) {
			return &HeaderError{Code: "ERR_INVALID_ARG_VALUE", Name: "Link"}
		}
	}
	if len(links) == 0 {
		return res.checkPairs(headers)
	}
	return res.WriteInformation(103, append([]string{"Link", strings.Join(links, ", ")}, headers...)...)
}

// WriteInformation sends an informational answer, 100 to 199 without 101, with
// the fields given as name, value, name, value. It returns a *HeaderError for
// another status and for a field that must not be sent, which Content-Length and
// Transfer-Encoding are here too (RFC 9110 section 8.6, RFC 9112 section 6.1).
func (res *ServerResponse) WriteInformation(status int, headers ...string) error {
	c, err := res.lock()
	if err != nil {
		return err
	}
	defer c.unlock()
	if res.built {
		return ErrHeadersSent
	}
	if status < 100 || status > 199 || status == 101 {
		return &HeaderError{Code: "ERR_HTTP_INVALID_STATUS_CODE", Name: strconv.Itoa(status)}
	}
	if err := res.checkPairs(headers); err != nil {
		return err
	}
	for i := 0; i < len(headers); i += 2 {
		switch idOf(headers[i]) {
		case fieldname.ContentLength, fieldname.TransferEncoding:
			return &HeaderError{Code: "ERR_INVALID_ARG_VALUE", Name: headers[i]}
		}
	}
	res.sendInformation(c, status, headers)
	return c.failure(res)
}

func (res *ServerResponse) sendInformation(c *conn, status int, headers []string) {
	if status == 100 {
		res.continued = true
	}
	if res.minor == 0 {
		return
	}
	w := headWriter{dst: c.tail[:0]}
	w.statusLine(status, StatusText(status))
	for i := 0; i < len(headers); i += 2 {
		w.dst = appendLine(w.dst, headers[i], headers[i+1])
	}
	c.tail = append(w.dst, crlf...)
	was := res.onWire
	c.send(res, nil, c.tail, nil)
	res.onWire = was // an informational answer is not the answer
	c.flush()
}
