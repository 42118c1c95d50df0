package main

import (
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/cork-go/cork/http1"
)

// onUpgrade takes a connection out of HTTP.
func onUpgrade(req *http1.IncomingMessage, socket net.Conn, head []byte) {
	switch path, _ := splitURL(req.URL()); path {
	case "/upgrade-destroy":
		_ = socket.Close()
	case "/upgrade-refuse":
		_, _ = io.WriteString(socket, "HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		end(socket)
	default:
		tunnel(socket, fmt.Sprintf("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n"+
			"X-Url: %s\r\nX-Upgrade: %t\r\nX-Head-Length: %d\r\n\r\n",
			req.Header("Upgrade"), req.URL(), req.Upgrade(), len(head)), head)
	}
}

func onConnect(req *http1.IncomingMessage, socket net.Conn, head []byte) {
	tunnel(socket, fmt.Sprintf("HTTP/1.1 200 Connection Established\r\nX-Url: %s\r\nX-Head-Length: %d\r\n\r\n",
		req.URL(), len(head)), head)
}

// tunnel answers and echoes until the peer ends.
func tunnel(socket net.Conn, answer string, head []byte) {
	_, _ = io.WriteString(socket, answer)
	if len(head) > 0 {
		_, _ = socket.Write(head)
	}
	_, _ = io.Copy(socket, socket)
	_ = socket.Close()
}

// end closes a connection so that the peer can read what it was told.
func end(socket net.Conn) {
	if s, ok := socket.(interface{ CloseWrite() error }); ok && s.CloseWrite() == nil {
		_ = socket.SetReadDeadline(time.Now().Add(time.Second))
		_, _ = io.Copy(io.Discard, socket)
	}
	_ = socket.Close()
}

func (a *app) checkContinue(s *http1.Server) func(*http1.IncomingMessage, *http1.ServerResponse) {
	return func(req *http1.IncomingMessage, res *http1.ServerResponse) {
		c := &call{app: a, server: s, req: req, res: res}
		switch path, _ := splitURL(req.URL()); path {
		case "/refuse":
			c.fail(c.head("refused", 403))
		case "/refuse-413":
			c.fail(c.head("too big", 413, "Connection", "keep-alive"))
		default:
			c.fail(res.WriteContinue())
			a.handle(s, false, req, res)
		}
	}
}

func checkExpectation(req *http1.IncomingMessage, res *http1.ServerResponse) {
	c := &call{req: req, res: res}
	c.fail(c.with("expectation", "X-Expect", req.Header("Expect")))
}

// onClientError answers by itself. Where nothing can be sent any more, its
// answer is not.
func onClientError(e *http1.ClientError) {
	body := "code " + e.Code + "\n"
	raw := "none"
	if e.RawPacket != nil {
		raw = fmt.Sprint(len(e.RawPacket))
	}
	reason := strings.NewReplacer("\r", " ", "\n", " ").Replace(e.Reason)
	e.Answer = fmt.Appendf(nil, "HTTP/1.1 400 Custom Error\r\nConnection: close\r\nX-Reason: %s\r\n"+
		"X-Bytes-Parsed: %d\r\nX-Raw-Length: %s\r\nContent-Length: %d\r\n\r\n%s",
		reason, e.BytesParsed, raw, len(body), body)
}
