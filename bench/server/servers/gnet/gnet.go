// Command gnet answers hello on gnet, which is an event loop and no HTTP
// server: what is here is the least that passes for one. It finds the ends of
// heads and looks at nothing in them, so it has less to do than the others.
package main

import (
	"bytes"
	"flag"
	"log"
	"sync/atomic"
	"time"

	"github.com/panjf2000/gnet/v2"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()
	log.Fatal(gnet.Run(&hello{}, "tcp://"+*addr, gnet.WithTicker(true)))
}

type hello struct {
	gnet.BuiltinEventEngine
	answer atomic.Pointer[[]byte] // the ticker has a goroutine of its own
	out    []byte                 // used by the only loop
}

func (h *hello) OnBoot(gnet.Engine) gnet.Action {
	h.makeAnswer()
	return gnet.None
}

// OnTick renews the date.
func (h *hello) OnTick() (time.Duration, gnet.Action) {
	h.makeAnswer()
	return time.Second, gnet.None
}

func (h *hello) makeAnswer() {
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nDate: " +
		time.Now().UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT") +
		"\r\nConnection: keep-alive\r\nContent-Length: 13\r\n\r\nHello, World!")
	h.answer.Store(&answer)
}

var headEnd = []byte("\r\n\r\n")

func (h *hello) OnTraffic(c gnet.Conn) gnet.Action {
	in, err := c.Peek(-1)
	if err != nil {
		return gnet.Close
	}
	answer := *h.answer.Load()
	taken := 0
	out := h.out[:0]
	for {
		i := bytes.Index(in[taken:], headEnd)
		if i < 0 {
			break
		}
		taken += i + len(headEnd)
		out = append(out, answer...)
	}
	h.out = out
	c.Discard(taken)
	if len(out) > 0 {
		if _, err := c.Write(out); err != nil {
			return gnet.Close
		}
	}
	return gnet.None
}
