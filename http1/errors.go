package http1

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/cork-go/cork/internal/httpparse"
)

// Errors to compare with errors.Is. The names in brackets are Node's codes.
// Besides these the package returns net/http's where it has one:
// http.ErrServerClosed, http.ErrBodyNotAllowed, http.ErrContentLength and
// http.ErrBodyReadAfterClose.
var (
	// ErrHeadersSent: the head has been built already [ERR_HTTP_HEADERS_SENT].
	ErrHeadersSent = errors.New("http1: headers are already sent")

	// ErrWriteAfterEnd: End has been called already [ERR_STREAM_WRITE_AFTER_END].
	ErrWriteAfterEnd = errors.New("http1: write after end")

	// ErrConnectionClosed: the client is gone or the server has closed the
	// connection; nothing can be sent any more [ERR_STREAM_DESTROYED].
	ErrConnectionClosed = errors.New("http1: connection is closed")

	// ErrAborted: the connection ended before the request's body did
	// [ECONNRESET].
	ErrAborted = errors.New("http1: request aborted")

	// ErrTrailerInvalid: a Trailer field on a response that is not chunked
	// [ERR_HTTP_TRAILER_INVALID].
	ErrTrailerInvalid = errors.New("http1: trailers need a chunked response")
)

// HeaderError is a field or a status line that must not be sent.
type HeaderError struct {
	// Code is Node's: ERR_INVALID_HTTP_TOKEN (the name is no token),
	// ERR_INVALID_CHAR (the value or the reason phrase holds a control
	// character), ERR_INVALID_ARG_VALUE (a name without a value; a
	// Content-Length that is no number), ERR_HTTP_INVALID_STATUS_CODE.
	Code string
	// Name is the field's name, or what else was wrong.
	Name string
}

func (e *HeaderError) Error() string {
	switch e.Code {
	case "ERR_INVALID_HTTP_TOKEN":
		return fmt.Sprintf("http1: header name must be a valid HTTP token: %q", e.Name)
	case "ERR_INVALID_CHAR":
		return fmt.Sprintf("http1: invalid character in the content of %q", e.Name)
	case "ERR_HTTP_INVALID_STATUS_CODE":
		return "http1: invalid status code: " + e.Name
	}
	return fmt.Sprintf("http1: invalid value of %q", e.Name)
}

// ClientError is why the server refused what a client sent. OnClientError gets
// it.
type ClientError struct {
	// Code is the parser's (HPE_…), or ERR_HTTP_REQUEST_TIMEOUT, or for the
	// rules that the server has beyond the parser HPE_ and the name of the
	// parser's nearest error.
	Code string
	// Reason is a sentence for a log.
	Reason string
	// Status is that of the answer.
	Status int
	// Offset is the byte of the connection's input that was not accepted; 0 for
	// a timeout.
	Offset uint64
	// BytesParsed is the same from the begin of RawPacket on, as in Node.
	BytesParsed int
	// RawPacket is what was read last, the byte at fault in it; nil if it was not
	// a byte but a timeout or the end of the input, or one that had to wait.
	RawPacket []byte
	// Answer is what will be sent before the connection is closed. OnClientError
	// may replace it; empty sends nothing. It is nil if nothing can be sent,
	// since the head of an answer to the same request is out already; setting
	// it has no effect then.
	Answer []byte
}

func (e *ClientError) Error() string {
	return "http1: " + e.Reason + " (" + e.Code + ", " + strconv.Itoa(e.Status) + ")"
}

// refusal is a rule of the server that a request broke.
type refusal struct {
	status int
	code   httpparse.Code
	reason string
}

func (r *refusal) clientError(offset uint64) *ClientError {
	return &ClientError{Code: r.code.String(), Reason: r.reason, Status: r.status, Offset: offset}
}

// parserRefusal chooses the answer to an error of the parser, as Node does, and
// 414 for a target that is too long.
func parserRefusal(code httpparse.Code, err *httpparse.Error) *ClientError {
	e := &ClientError{Code: code.String(), Reason: "parse error", Status: 400}
	if err != nil {
		e.Reason, e.Offset = err.Reason, err.Offset
	}
	switch code {
	case httpparse.HeaderOverflow, httpparse.TrailerOverflow, httpparse.URLOverflow:
		e.Status, e.Code = 431, httpparse.HeaderOverflow.String() // Node has one code for all
		if code == httpparse.URLOverflow {
			e.Status = 414 // RFC 9112 section 3
		}
	case httpparse.ChunkExtensionsOverflow:
		e.Status = 413
	}
	return e
}

// timeoutRefusal is what a client that is too slow gets.
func timeoutRefusal() *ClientError {
	return &ClientError{Code: "ERR_HTTP_REQUEST_TIMEOUT", Reason: "request timeout", Status: 408}
}

// cannedAnswer is the default answer to a refused request: a status line and
// nothing else but the promise to close.
func cannedAnswer(status int) []byte {
	return []byte("HTTP/1.1 " + strconv.Itoa(status) + " " + StatusText(status) + "\r\nConnection: close\r\n\r\n")
}
