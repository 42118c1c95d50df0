package main

import (
	"bytes"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cork-go/cork/http1"
)

const (
	echoBytesMax = 16 << 20
	bigBytesMax  = 256 << 20
	slowMsMax    = 10_000

	// pieceBytes is how much of a body is in memory at once.
	pieceBytes = 32 << 10
)

const hello = "Hello from the testbed\n"

// routes is what the program answers: one table, path to route.
type routes struct {
	table map[string]route
	piece []byte // what /big repeats; never changed
}

type route struct {
	methods []string
	serve   func(req *http1.IncomingMessage, res *http1.ServerResponse, query string)
}

func newRoutes() *routes {
	r := &routes{piece: bytes.Repeat([]byte("0123456789abcdef"), pieceBytes/16)}
	r.table = map[string]route{
		"/":     {[]string{"GET", "HEAD"}, r.hello},
		"/echo": {[]string{"POST"}, r.echo},
		"/big":  {[]string{"GET", "HEAD"}, r.big},
		"/slow": {[]string{"GET", "HEAD"}, r.slow},
	}
	return r
}

// onRequest is http1.Server.OnRequest.
func (r *routes) onRequest(req *http1.IncomingMessage, res *http1.ServerResponse) {
	target, err := url.ParseRequestURI(req.URL())
	if err != nil {
		answer(res, 400, "malformed target")
		return
	}
	route, ok := r.table[target.Path]
	switch {
	case !ok:
		answer(res, 404, "no such path")
	case !slices.Contains(route.methods, req.Method()):
		res.SetHeader("Allow", strings.Join(route.methods, ", "))
		answer(res, 405, "no such method here")
	default:
		route.serve(req, res, target.RawQuery)
	}
}

func (r *routes) hello(_ *http1.IncomingMessage, res *http1.ServerResponse, _ string) {
	sendText(res, 200, hello)
}

// echo answers with the request's body. If its length is known it is sent back
// as it comes: Write waits for the client, and while it does nothing more is
// read. A chunked one has to be collected, since only its end shows that it is
// not too long, and a head that has gone out cannot become a 413.
func (r *routes) echo(req *http1.IncomingMessage, res *http1.ServerResponse, _ string) {
	length := req.Header("Content-Length")
	if length == "" {
		r.echoCollected(req, res)
		return
	}
	n, err := strconv.ParseUint(length, 10, 63)
	if err != nil || n > echoBytesMax {
		tooLarge(res)
		return
	}
	res.SetHeader("Content-Type", echoType(req))
	res.SetHeader("Content-Length", length)
	// A client that goes away in the middle ends the copying; End then says so
	// too, and there is nobody to tell.
	_, _ = io.CopyBuffer(res, req.Body(), make([]byte, min(n+1, pieceBytes)))
	res.End()
}

// echoCollected keeps at most echoBytesMax, in pieces, so that nothing is
// copied while it grows.
func (r *routes) echoCollected(req *http1.IncomingMessage, res *http1.ServerResponse) {
	var pieces [][]byte
	total := 0
	body := io.LimitReader(req.Body(), echoBytesMax+1)
	for {
		piece := make([]byte, pieceBytes)
		n, err := io.ReadFull(body, piece)
		pieces = append(pieces, piece[:n])
		if total += n; total > echoBytesMax {
			tooLarge(res)
			return
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return // the client has gone
		}
	}
	res.SetHeader("Content-Type", echoType(req))
	res.SetHeader("Content-Length", strconv.Itoa(total))
	for _, piece := range pieces {
		if _, err := res.Write(piece); err != nil {
			break
		}
	}
	res.End()
}

func echoType(req *http1.IncomingMessage) string {
	if t := req.Header("Content-Type"); t != "" {
		return t
	}
	return "application/octet-stream"
}

// big answers with n bytes.
func (r *routes) big(req *http1.IncomingMessage, res *http1.ServerResponse, query string) {
	n, ok := number(query, "n", bigBytesMax)
	if !ok {
		answer(res, 400, "n must be a number from 0 to "+strconv.Itoa(bigBytesMax))
		return
	}
	res.SetHeader("Content-Type", "application/octet-stream")
	res.SetHeader("Content-Length", strconv.Itoa(n))
	for req.Method() != "HEAD" && n > 0 {
		written, err := res.Write(r.piece[:min(n, len(r.piece))])
		if err != nil {
			break // the client has gone
		}
		n -= written
	}
	res.End()
}

// slow answers after a while, from a timer: the connection waits, no handler
// does.
func (r *routes) slow(_ *http1.IncomingMessage, res *http1.ServerResponse, query string) {
	ms, ok := number(query, "ms", slowMsMax)
	if !ok {
		answer(res, 400, "ms must be a number from 0 to "+strconv.Itoa(slowMsMax))
		return
	}
	// If the client goes away meanwhile, the answer comes to nothing.
	time.AfterFunc(time.Duration(ms)*time.Millisecond, func() {
		answer(res, 200, "waited "+strconv.Itoa(ms)+" ms")
	})
}

// tooLarge answers 413 and closes: what the client goes on sending is nothing
// that anybody wants to read.
func tooLarge(res *http1.ServerResponse) {
	res.SetHeader("Connection", "close")
	answer(res, 413, "the body must not be longer than "+strconv.Itoa(echoBytesMax)+" bytes")
}

// number reads a parameter that must be there once, as digits.
func number(query, name string, most int) (n int, ok bool) {
	values, err := url.ParseQuery(query)
	if err != nil || len(values[name]) != 1 {
		return 0, false
	}
	u, err := strconv.ParseUint(values[name][0], 10, 31)
	return int(u), err == nil && u <= uint64(most)
}

// answer sends a line of text.
func answer(res *http1.ServerResponse, status int, text string) { sendText(res, status, text+"\n") }

// sendText says how long the text is, which the server does not do for HEAD and
// for HTTP/1.0.
func sendText(res *http1.ServerResponse, status int, text string) {
	res.StatusCode = status
	res.SetHeader("Content-Type", "text/plain; charset=utf-8")
	res.SetHeader("Content-Length", strconv.Itoa(len(text)))
	res.End(text)
}
