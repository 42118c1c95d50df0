package main

import (
	"bytes"
	"net/http"
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

	// pieceBytes is how much is written at once.
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
	http    http.HandlerFunc
}

func newRoutes() *routes {
	r := &routes{piece: bytes.Repeat([]byte("0123456789abcdef"), pieceBytes/16)}
	r.table = map[string]route{
		"/":     {[]string{"GET", "HEAD"}, r.hello, r.helloHTTP},
		"/echo": {[]string{"POST"}, r.echo, r.echoHTTP},
		"/big":  {[]string{"GET", "HEAD"}, r.big, r.bigHTTP},
		"/slow": {[]string{"GET", "HEAD"}, r.slow, r.slowHTTP},
	}
	return r
}

// onRequest is http1.Server.OnRequest, and OnCheckContinue too: a body that a
// route does not want is not asked for, and the one that wants it says so.
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

// echo answers with the request's body when it is complete: a client that sends
// everything before it reads is served too, and a body that turns out to be too
// long gets a 413. No goroutine waits for the client.
func (r *routes) echo(req *http1.IncomingMessage, res *http1.ServerResponse, _ string) {
	length := req.Header("Content-Length")
	if n, err := strconv.ParseUint(length, 10, 63); length != "" && (err != nil || n > echoBytesMax) {
		tooLarge(res)
		return
	}
	if req.Header("Expect") != "" { // 100-continue, see onRequest
		res.WriteContinue()
	}
	contentType := req.Header("Content-Type")
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	res.SetHeader("Content-Type", contentType)
	collect(req, res)
}

// collect sends a body back when it is complete.
func collect(req *http1.IncomingMessage, res *http1.ServerResponse) {
	var all blocks
	req.OnData(func(piece []byte) {
		if !res.WritableEnded() && !all.add(piece, echoBytesMax) {
			all = blocks{}
			tooLarge(res)
		}
	})
	req.OnEnd(func() {
		if res.WritableEnded() {
			return
		}
		res.SetHeader("Content-Length", strconv.Itoa(all.total))
		for _, block := range all.list {
			if _, err := res.Write(block); err != nil {
				break // the client has gone
			}
		}
		res.End()
	})
}

// blocks is a body. It is never copied as it grows, and its
// memory does not depend on how small the pieces are that it comes in.
type blocks struct {
	list  [][]byte // all full but the last
	total int
}

// add reports false, and adds nothing, if there would be more than most bytes.
func (b *blocks) add(p []byte, most int) bool {
	if len(p) > most-b.total {
		return false
	}
	b.total += len(p)
	for len(p) > 0 {
		last := len(b.list) - 1
		if last < 0 || len(b.list[last]) == pieceBytes {
			b.list = append(b.list, make([]byte, 0, pieceBytes))
			last++
		}
		n := min(len(p), pieceBytes-len(b.list[last]))
		b.list[last] = append(b.list[last], p[:n]...)
		p = p[n:]
	}
	return true
}

// big answers with n bytes. Here Write waits for the client, and with it the
// handler.
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
