package main

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cork-go/cork/http1"
)

// app is what the servers share.
type app struct {
	mu     sync.Mutex
	counts map[string]int
	logs   map[string][]string
}

func newApp() *app {
	return &app{counts: make(map[string]int), logs: make(map[string][]string)}
}

// note adds an event to a log.
func (a *app) note(id, event string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.logs[id] = append(a.logs[id], event)
}

// call is one request on its way through a route. What a route returns as an
// error, Node's version throws.
type call struct {
	app      *app
	server   *http1.Server
	captures bool // a rejected promise is answered
	req      *http1.IncomingMessage
	res      *http1.ServerResponse
	query    string
}

func (a *app) handle(s *http1.Server, captures bool, req *http1.IncomingMessage, res *http1.ServerResponse) {
	path, query := splitURL(req.URL())
	c := &call{a, s, captures, req, res, query}
	if id := c.param("cid", ""); id != "" {
		a.mu.Lock()
		a.counts[id]++
		a.mu.Unlock()
	}
	route := routes[path]
	if route == nil {
		route = echo
	}
	c.fail(route(c))
}

// routes by exact path; everything else is echo.
var routes = func() map[string]func(*call) error {
	all := make(map[string]func(*call) error)
	for _, some := range []map[string]func(*call) error{
		bodyRoutes, simpleRoutes, headRoutes, headerRoutes, extraRoutes, orderRoutes, bookRoutes,
	} {
		for path, route := range some {
			all[path] = route
		}
	}
	return all
}()

// fail answers an error, if there is one.
func (c *call) fail(err error) {
	if err == nil {
		return
	}
	res := c.res
	if res.HeadersSent() {
		res.Destroy()
		return
	}
	c.removeAll()
	res.StatusCode, res.StatusMessage = 500, ""
	_ = res.SetHeader("Content-Type", "text/plain")
	_ = res.End("error " + codeOf(err) + "\n")
}

func (c *call) removeAll() {
	for _, name := range c.res.GetHeaderNames() {
		_ = c.res.RemoveHeader(name)
	}
}

// later runs fn after some milliseconds.
func (c *call) later(ms int, fn func() error) {
	time.AfterFunc(time.Duration(ms)*time.Millisecond, func() { c.fail(fn()) })
}

// body collects the request's body.
func (c *call) body(then func(body []byte) error) {
	var all []byte
	c.req.OnData(func(data []byte) { all = append(all, data...) })
	c.req.OnEnd(func() { c.fail(then(all)) })
}

func (c *call) text(s string) error {
	if err := c.res.SetHeader("Content-Type", "text/plain"); err != nil {
		return err
	}
	return c.res.End(s)
}

func (c *call) json(v any) error {
	if err := c.res.SetHeader("Content-Type", "application/json"); err != nil {
		return err
	}
	return c.res.EndBytes(appendJSON(nil, v))
}

// write writes pieces and ends.
func (c *call) write(pieces ...string) error {
	for _, p := range pieces {
		if _, err := c.res.WriteString(p); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) param(name, def string) string { return param(c.query, name, def) }

// number reads a parameter as JavaScript's Number does, as far as anybody asks;
// what is none is math.MinInt.
func (c *call) number(name, def string) int {
	s := c.param(name, def)
	if s == "" {
		return 0
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return math.MinInt
	}
	return int(f)
}

func splitURL(url string) (path, query string) {
	path, query, _ = strings.Cut(url, "?")
	return path, query
}

func param(query, name, def string) string {
	for part := range strings.SplitSeq(query, "&") {
		if key, value, _ := strings.Cut(part, "="); key == name {
			return value
		}
	}
	return def
}

// appError is an error of the application's own.
type appError struct{ code string }

func (e appError) Error() string { return "oracleapp: " + e.code }

// codeOf returns Node's code of an error, ok for none.
func codeOf(err error) string {
	var header *http1.HeaderError
	var own appError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &header):
		return header.Code
	case errors.As(err, &own):
		return own.code
	case errors.Is(err, http1.ErrHeadersSent):
		return "ERR_HTTP_HEADERS_SENT"
	case errors.Is(err, http1.ErrTrailerInvalid):
		return "ERR_HTTP_TRAILER_INVALID"
	case errors.Is(err, http.ErrContentLength):
		return "ERR_HTTP_CONTENT_LENGTH_MISMATCH"
	case errors.Is(err, http.ErrBodyNotAllowed):
		return "ERR_HTTP_BODY_NOT_ALLOWED"
	case errors.Is(err, http1.ErrWriteAfterEnd):
		return "ERR_STREAM_WRITE_AFTER_END"
	case errors.Is(err, http1.ErrConnectionClosed):
		return "ERR_STREAM_DESTROYED"
	case errors.Is(err, http1.ErrAborted):
		return "ECONNRESET"
	}
	return "Error"
}
