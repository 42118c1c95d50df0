package main

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ServeHTTP implements http.Handler: the same routes for -handler nethttp, as a
// net/http programmer writes them. A handler waits where the native one is called
// back.
func (r *routes) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	route, ok := r.table[req.URL.Path]
	switch {
	case !ok:
		answerHTTP(w, 404, "no such path")
	case !slices.Contains(route.methods, req.Method):
		w.Header().Set("Allow", strings.Join(route.methods, ", "))
		answerHTTP(w, 405, "no such method here")
	default:
		route.http(w, req)
	}
}

func (r *routes) helloHTTP(w http.ResponseWriter, _ *http.Request) { sendHTTP(w, 200, hello) }

// echoHTTP answers with the request's body when it is complete.
func (r *routes) echoHTTP(w http.ResponseWriter, req *http.Request) {
	if req.ContentLength > echoBytesMax {
		tooLargeHTTP(w)
		return
	}
	var all blocks
	piece := make([]byte, pieceBytes)
	for {
		n, err := req.Body.Read(piece)
		if !all.add(piece[:n], echoBytesMax) {
			tooLargeHTTP(w)
			return
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return // the client has gone, or was told
		}
	}
	contentType := req.Header.Get("Content-Type")
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(all.total))
	for _, block := range all.list {
		if _, err := w.Write(block); err != nil {
			return // the client has gone
		}
	}
}

// bigHTTP answers with n bytes.
func (r *routes) bigHTTP(w http.ResponseWriter, req *http.Request) {
	n, ok := number(req.URL.RawQuery, "n", bigBytesMax)
	if !ok {
		answerHTTP(w, 400, "n must be a number from 0 to "+strconv.Itoa(bigBytesMax))
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(n))
	for req.Method != http.MethodHead && n > 0 {
		written, err := w.Write(r.piece[:min(n, len(r.piece))])
		if err != nil {
			return // the client has gone
		}
		n -= written
	}
}

// slowHTTP answers after a while.
func (r *routes) slowHTTP(w http.ResponseWriter, req *http.Request) {
	ms, ok := number(req.URL.RawQuery, "ms", slowMsMax)
	if !ok {
		answerHTTP(w, 400, "ms must be a number from 0 to "+strconv.Itoa(slowMsMax))
		return
	}
	time.Sleep(time.Duration(ms) * time.Millisecond)
	answerHTTP(w, 200, "waited "+strconv.Itoa(ms)+" ms")
}

func tooLargeHTTP(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	answerHTTP(w, 413, "the body must not be longer than "+strconv.Itoa(echoBytesMax)+" bytes")
}

func answerHTTP(w http.ResponseWriter, status int, text string) { sendHTTP(w, status, text+"\n") }

func sendHTTP(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // nothing is to be done if the client has gone
}
