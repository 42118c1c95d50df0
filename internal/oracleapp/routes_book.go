package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// bookRoutes tell what the others have done.
var bookRoutes = map[string]func(*call) error{
	"/events": events,
	"/events-log": func(c *call) error {
		id := c.param("id", "")
		c.app.mu.Lock()
		log := c.app.logs[id]
		delete(c.app.logs, id)
		c.app.mu.Unlock()
		return c.text(strings.Join(log, ",") + "\n")
	},
	"/count": func(c *call) error { return c.text(fmt.Sprintf("count %d\n", c.count())) },
	"/count-below": func(c *call) error {
		if c.count() < c.number("limit", "0") {
			return c.text("below\n")
		}
		return c.text("reached\n")
	},
	"/ctl-close-idle": func(c *call) error {
		time.AfterFunc(50*time.Millisecond, c.server.CloseIdleConnections)
		return c.text("close idle\n")
	},
	"/ctl-close-all": func(c *call) error {
		time.AfterFunc(50*time.Millisecond, c.server.CloseAllConnections)
		return c.text("close all\n")
	},
}

func (c *call) count() int {
	c.app.mu.Lock()
	defer c.app.mu.Unlock()
	return c.app.counts[c.param("id", "")]
}

// events writes down what happens to the request and its response.
func events(c *call) error {
	id, mode := c.param("id", ""), c.param("mode", "read")
	note := func(event string) func() { return func() { c.app.note(id, event) } }
	note("request")()
	c.req.OnAborted(note("req:aborted"))
	c.req.OnClose(note("req:close"))
	c.req.OnError(func(err error) { c.app.note(id, "req:error:"+codeOf(err)) })
	c.res.OnFinish(note("res:finish"))
	c.res.OnClose(note("res:close"))
	onEnd := note("req:end")
	c.req.OnEnd(onEnd)
	switch mode {
	case "read":
		first := true
		c.req.OnData(func([]byte) {
			if first {
				first = false
				note("req:data")()
			}
		})
		c.req.OnEnd(func() {
			onEnd()
			c.fail(c.res.End("ev"))
		})
	case "slow":
		c.req.Resume()
		c.later(150, func() error {
			// The lock is that of note: Node has no event before the next turn.
			c.app.mu.Lock()
			defer c.app.mu.Unlock()
			_ = c.res.End("ev") // the client may have gone
			ended := "ended:" + strconv.FormatBool(c.res.WritableEnded())
			c.app.logs[id] = append(c.app.logs[id], "responding", ended)
			return nil
		})
	default:
		return c.res.End("ev")
	}
	return nil
}
