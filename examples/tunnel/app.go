package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cork-go/cork/http1"
)

const (
	dialTimeout = 10 * time.Second

	// answerTimeout bounds what is written before a tunnel has an idle time, and
	// the reading behind a refusal.
	answerTimeout = 5 * time.Second

	// lingerBytesMax is how much a client that was refused may go on sending
	// before its answer is taken from it by a reset.
	lingerBytesMax = 256 << 10
)

// app answers requests, and owns the connections that have left HTTP.
type app struct {
	options options
	log     *log.Logger
	tunnels *tunnels
}

func newApp(o options, l *log.Logger) *app {
	return &app{options: o, log: l, tunnels: newTunnels()}
}

// reply is an answer without the fields that every answer has.
type reply struct {
	status int
	text   string
	fields []string // name, value, …
}

// answer decides about everything that stays with HTTP.
func answer(method, uri string) reply {
	target, err := url.ParseRequestURI(uri)
	switch {
	case err != nil:
		return reply{400, "malformed target", nil}
	case target.Host != "":
		return reply{501, "this proxy knows CONNECT only", nil}
	case target.Path == "/" && (method == "GET" || method == "HEAD"):
		return reply{200, "CONNECT leads through here, and GET /echo with Upgrade: echo comes back", nil}
	case target.Path == "/":
		return reply{405, "no such method here", []string{"Allow", "GET, HEAD"}}
	case target.Path != "/echo":
		return reply{404, "no such path", nil}
	case method != "GET":
		return reply{405, "no such method here", []string{"Allow", "GET"}}
	}
	// RFC 9110 section 15.5.22: a 426 names the protocol.
	return reply{426, "this needs Upgrade: echo", echoFields()}
}

func echoFields() []string { return []string{"Upgrade", "echo", "Connection", "Upgrade"} }

// onRequest is http1.Server.OnRequest.
func (a *app) onRequest(req *http1.IncomingMessage, res *http1.ServerResponse) {
	r := answer(req.Method(), req.URL())
	res.StatusCode = r.status
	res.SetHeader("Content-Type", "text/plain; charset=utf-8")
	for i := 0; i < len(r.fields); i += 2 {
		res.SetHeader(r.fields[i], r.fields[i+1])
	}
	res.End(r.text + "\n")
}

// shouldUpgrade is http1.Server.ShouldUpgrade: a request for another path or
// protocol is an ordinary one (RFC 9110 section 7.8).
func (a *app) shouldUpgrade(req *http1.IncomingMessage) bool {
	path, _, _ := strings.Cut(req.URL(), "?")
	return req.Method() == "GET" && path == "/echo" && offers(req.Header("Upgrade"), "echo")
}

// offers reports whether a protocol is in an Upgrade field.
func offers(upgrade, protocol string) bool {
	for offer := range strings.SplitSeq(upgrade, ",") {
		if strings.EqualFold(strings.TrimSpace(offer), protocol) {
			return true
		}
	}
	return false
}

// onUpgrade is http1.Server.OnUpgrade. The connection is ours: to answer, to
// time and to close.
func (a *app) onUpgrade(_ *http1.IncomingMessage, socket net.Conn, head []byte) {
	defer socket.Close()
	ctx, leave, ok := a.tunnels.enter()
	if !ok {
		refuse(socket, tooMany())
		return
	}
	defer leave()
	if writeHead(socket, reply{status: 101, fields: echoFields()}) != nil {
		return
	}
	n, err := echo(ctx, socket, head, a.options.idle)
	a.log.Printf("echo: %d bytes: %s", n, ending(err))
}

// onConnect is http1.Server.OnConnect, of which the same is true.
func (a *app) onConnect(req *http1.IncomingMessage, socket net.Conn, head []byte) {
	defer socket.Close()
	ctx, leave, ok := a.tunnels.enter()
	if !ok {
		refuse(socket, tooMany())
		return
	}
	defer leave()
	t, err := parseTarget(req.URL())
	if err != nil {
		refuse(socket, reply{400, err.Error(), nil})
		return
	}
	if !a.options.allow.permits(t) {
		a.log.Printf("%v: refused", t)
		refuse(socket, reply{403, "this target is not allowed", nil})
		return
	}
	dialer := net.Dialer{Timeout: dialTimeout, Control: a.options.allow.control}
	peer, err := dialer.DialContext(ctx, "tcp", t.String())
	if err != nil {
		a.log.Printf("%v: %v", t, err)
		refuse(socket, reply{502, "the target cannot be reached", nil})
		return
	}
	defer peer.Close()
	if writeHead(socket, reply{status: 200}) != nil {
		return
	}
	out, back, err := relay(ctx, socket, peer, head, a.options.idle)
	a.log.Printf("%v: %d bytes out, %d back: %s", t, out, back, ending(err))
}

func tooMany() reply { return reply{503, "too many connections", []string{"Retry-After", "5"}} }

// writeHead writes an answer without a body: what follows is another protocol. A
// 2xx for CONNECT and a 101 have no framing fields (RFC 9110 sections 8.6 and
// 9.3.6).
func writeHead(socket net.Conn, r reply) error {
	_ = socket.SetDeadline(time.Now().Add(answerTimeout))
	_, err := io.WriteString(socket, headOf(r)+"\r\n")
	return err
}

// refuse answers and lets the client read the answer: a close with bytes unread
// would reset the connection (RFC 9112 section 9.6). The caller closes.
func refuse(socket net.Conn, r reply) {
	_ = socket.SetDeadline(time.Now().Add(answerTimeout))
	text := r.text + "\n"
	r.fields = append(r.fields, "Connection", "close", "Content-Type", "text/plain; charset=utf-8", "Content-Length", strconv.Itoa(len(text)))
	if _, err := io.WriteString(socket, headOf(r)+"\r\n"+text); err != nil || finish(socket) != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, socket, lingerBytesMax)
}

// headOf is status line and fields; none of them comes from a client.
func headOf(r reply) string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", r.status, http1.StatusText(r.status))
	for i := 0; i < len(r.fields); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", r.fields[i], r.fields[i+1])
	}
	return b.String()
}
