package main

import (
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
	"log"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/cork-go/cork/http1"
)

// uploadsMax is how many files are received at once; each has a goroutine, a
// descriptor and pieceBytes of memory.
const uploadsMax = 64

//go:embed page.html
var page string

// app answers requests.
type app struct {
	store   *store
	options options
	log     *log.Logger
	board   board
	slots   chan struct{}  // one for each upload that is going on
	uploads sync.WaitGroup // those too
}

func newApp(s *store, o options, l *log.Logger) *app {
	return &app{store: s, options: o, log: l, slots: make(chan struct{}, uploadsMax)}
}

// onRequest is http1.Server.OnRequest, and OnCheckContinue too: a client that asks
// before it sends a file is not told to go on if the file is refused. It blocks while a file comes in, which
// holds up nothing but its own connection.
func (a *app) onRequest(req *http1.IncomingMessage, res *http1.ServerResponse) {
	target, err := url.ParseRequestURI(req.URL())
	if err != nil {
		refuse(req, res, &refusal{400, "malformed target"})
		return
	}
	name, isFile := strings.CutPrefix(target.EscapedPath(), "/files/")
	id, isProgress := strings.CutPrefix(target.Path, "/progress/")
	reading := req.Method() == "GET" || req.Method() == "HEAD"
	switch {
	case isFile && req.Method() == "PUT":
		a.upload(req, res, name, target.Query().Get("id"))
	case isFile:
		notAllowed(req, res, "PUT")
	case isProgress && reading:
		a.progress(req, res, id)
	case target.Path == "/" && reading:
		send(res, 200, "text/html; charset=utf-8", page)
	case isProgress || target.Path == "/":
		notAllowed(req, res, "GET, HEAD")
	default:
		refuse(req, res, &refusal{404, "no such path"})
	}
}

// refusal is why a request is not served.
type refusal struct {
	status int
	text   string
}

// plan is an upload that may begin.
type plan struct {
	name, id string
	replaces bool
}

// upload receives a file.
func (a *app) upload(req *http1.IncomingMessage, res *http1.ServerResponse, escaped, id string) {
	a.uploads.Add(1)
	defer a.uploads.Done()
	p, bad := a.admit(req, escaped, id)
	if bad != nil {
		refuse(req, res, bad)
		return
	}
	defer func() { <-a.slots }()
	if req.Header("Expect") != "" { // 100-continue, all else is the server's business
		res.WriteContinue()
	}
	err := a.store.save(p.name, req.Body(), a.options.max, func(n int) { a.board.add(p.id, n) })
	if err != nil {
		a.fail(req, res, p, err)
		return
	}
	end := a.board.finish(p.id, stateStored, "")
	a.log.Printf("%s: stored, %d bytes", p.name, end.Received)
	res.SetHeader("Location", "/files/"+url.PathEscape(p.name))
	status := 201
	if p.replaces {
		status = 200
	}
	sendJSON(res, status, end)
}

// fail answers an upload that came to nothing. The log gets the error, clients
// the kind of it: the disk's say where things are.
func (a *app) fail(req *http1.IncomingMessage, res *http1.ServerResponse, p plan, err error) {
	bad := &refusal{400, "the file is not complete"} // http1.ErrAborted: there is nobody to tell
	switch {
	case errors.Is(err, errTooLarge):
		bad = &refusal{413, a.tooLarge()}
	case errors.Is(err, errStorage):
		bad = &refusal{507, "the file cannot be stored"}
	}
	end := a.board.finish(p.id, stateFailed, bad.text)
	a.log.Printf("%s: failed after %d bytes: %v", p.name, end.Received, err)
	refuse(req, res, bad)
}

// admit decides by the head alone, before a byte of the body is read. It takes a
// slot if it returns no refusal.
func (a *app) admit(req *http1.IncomingMessage, escaped, id string) (p plan, bad *refusal) {
	name, err := url.PathUnescape(escaped)
	if err != nil || !validName(name) {
		return p, &refusal{400, "this is no name for a file here"}
	}
	there, replaceable := a.store.has(name)
	if !replaceable {
		return p, &refusal{409, "something that is no file has this name"}
	}
	if id == "" {
		id = rand.Text()
	}
	if !validID(id) {
		return p, &refusal{400, "an id is 1 to 64 letters, digits and hyphens"}
	}
	total := int64(-1)
	if length := req.Header("Content-Length"); length != "" {
		if total, err = strconv.ParseInt(length, 10, 64); err != nil || total > a.options.max {
			return p, &refusal{413, a.tooLarge()}
		}
	}
	select {
	case a.slots <- struct{}{}:
	default:
		return p, &refusal{503, "too many files at once, try again"}
	}
	if !a.board.begin(id, name, total) {
		<-a.slots
		return p, &refusal{409, "this id is in use"}
	}
	return plan{name, id, there}, nil
}

func (a *app) tooLarge() string {
	return "a file must not be longer than " + strconv.FormatInt(a.options.max, 10) + " bytes"
}

func (a *app) progress(req *http1.IncomingMessage, res *http1.ServerResponse, id string) {
	p, ok := a.board.get(id)
	if !ok {
		refuse(req, res, &refusal{404, "no such upload"})
		return
	}
	sendJSON(res, 200, p)
}

func validID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for _, c := range []byte(id) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

func notAllowed(req *http1.IncomingMessage, res *http1.ServerResponse, allow string) {
	res.SetHeader("Allow", allow)
	refuse(req, res, &refusal{405, "no such method here"})
}

// refuse answers, and closes the connection if a body follows that nobody wants:
// the server reads on for a while, so that the client can read the answer.
func refuse(req *http1.IncomingMessage, res *http1.ServerResponse, bad *refusal) {
	if !req.Complete() {
		res.SetHeader("Connection", "close")
	}
	if bad.status == 503 {
		res.SetHeader("Retry-After", "5")
	}
	send(res, bad.status, "text/plain; charset=utf-8", bad.text+"\n")
}

func sendJSON(res *http1.ServerResponse, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // a progress can be marshalled
	}
	res.SetHeader("Cache-Control", "no-store")
	send(res, status, "application/json", string(text)+"\n")
}

func send(res *http1.ServerResponse, status int, contentType, text string) {
	res.StatusCode = status
	res.SetHeader("Content-Type", contentType)
	res.SetHeader("X-Content-Type-Options", "nosniff")
	res.SetHeader("Content-Length", strconv.Itoa(len(text)))
	res.End(text)
}
