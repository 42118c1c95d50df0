package main

import (
	"log/slog"
	"time"

	"github.com/cork-go/cork/http1"
)

// profile is one server: its name, and what it has besides the handler.
type profile struct {
	name  string
	setUp func(a *app, s *http1.Server)
}

// profiles in the order of their ports.
var profiles = []profile{
	{"default", func(_ *app, s *http1.Server) { s.OnUpgrade, s.OnConnect = onUpgrade, onConnect }},
	{"bare", nil},
	{"lenient", func(_ *app, s *http1.Server) { s.HTTPValidation = http1.ValidationInsecure }},
	{"nohost", func(_ *app, s *http1.Server) { s.AllowMissingHost = true }},
	{"join", func(_ *app, s *http1.Server) { s.JoinDuplicateHeaders = true }},
	{"limits", func(_ *app, s *http1.Server) { s.MaxHeaderBytes, s.MaxHeadersCount = 1024, 5 }},
	{"maxreq", func(a *app, s *http1.Server) {
		s.MaxRequestsPerSocket = 3
		s.OnDropRequest = func(req *http1.IncomingMessage, _ http1.Socket) {
			_, query := splitURL(req.URL())
			a.note(param(query, "drop", ""), "drop:"+req.URL())
		}
	}},
	{"timeouts", func(_ *app, s *http1.Server) {
		s.IdleTimeout = 300 * time.Millisecond
		s.ReadHeaderTimeout = 500 * time.Millisecond
		s.ReadTimeout = 900 * time.Millisecond
	}},
	{"expect", func(a *app, s *http1.Server) {
		s.OnCheckContinue, s.OnCheckExpectation = a.checkContinue(s), checkExpectation
	}},
	{"clienterr", func(_ *app, s *http1.Server) { s.OnClientError = onClientError }},
	{"socktimeout", func(_ *app, s *http1.Server) { s.Timeout = 500 * time.Millisecond }},
	{"unique", func(_ *app, s *http1.Server) { s.UniqueHeaders = []string{"X-Unique", "set-cookie"} }},
	{"rejectbody", func(_ *app, s *http1.Server) { s.RejectNonStandardBodyWrites = true }},
	{"halfopen", func(_ *app, s *http1.Server) { s.AllowHalfOpen = true }},
	{"rejections", nil},
	{"ctl", nil},
	{"timeoutevent", func(_ *app, s *http1.Server) {
		s.Timeout = 400 * time.Millisecond
		s.OnTimeout = func(socket http1.Socket) {
			_ = socket.End([]byte("HTTP/1.1 408 Idle\r\nConnection: close\r\n\r\n"))
		}
	}},
	{"noka", func(_ *app, s *http1.Server) { s.IdleTimeout = -1 }},
	{"maxconn", func(_ *app, s *http1.Server) { s.MaxConnections = 2 }},
}

// server makes the server of a profile. What all of them have makes Node's
// versions alike.
func (a *app) server(p profile, carrier http1.Carrier) *http1.Server {
	s := &http1.Server{
		IdleTimeout: 5 * time.Second, HighWaterMark: 16384,
		Carrier: carrier, Logger: slog.New(slog.DiscardHandler),
	}
	captures := p.name == "rejections"
	s.OnRequest = func(req *http1.IncomingMessage, res *http1.ServerResponse) {
		a.handle(s, captures, req, res)
	}
	if p.setUp != nil {
		p.setUp(a, s)
	}
	return s
}
