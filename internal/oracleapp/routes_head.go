package main

import "fmt"

// headRoutes are about status and WriteHead.
var headRoutes = map[string]func(*call) error{
	"/status": func(c *call) error {
		c.res.StatusCode = c.number("code", "200")
		return c.res.End(fmt.Sprint("body of ", c.res.StatusCode))
	},
	"/status-empty": func(c *call) error {
		if err := c.res.WriteHead(c.number("code", "200")); err != nil {
			return err
		}
		return c.res.End()
	},
	"/status-write": func(c *call) error {
		c.res.StatusCode = c.number("code", "200")
		if err := c.write("part1"); err != nil {
			return err
		}
		return c.res.End("part2")
	},
	"/status-chunked": func(c *call) error {
		c.res.StatusCode = c.number("code", "200")
		if err := c.res.SetHeader("Transfer-Encoding", "chunked"); err != nil {
			return err
		}
		return c.res.End("explicit")
	},
	"/status-length": func(c *call) error {
		if err := c.res.WriteHead(c.number("code", "200"), "Content-Length", "5"); err != nil {
			return err
		}
		return c.res.End("12345")
	},
	"/reason": func(c *call) error { return c.reason(200, "Very Fine") },
	"/reason-prop": func(c *call) error {
		c.res.StatusCode, c.res.StatusMessage = 404, "Gone Fishing"
		return c.res.End("r")
	},
	"/reason-empty":   func(c *call) error { return c.reason(200, "") },
	"/reason-invalid": func(c *call) error { return c.reason(200, "bad\r\nX: y") },
	"/writehead-object": func(c *call) error {
		return c.head("obj", 201, "Content-Type", "text/x", "X-A", "1", "x-b", "2")
	},
	"/writehead-array": func(c *call) error {
		return c.head("arr", 200, "X-Dup", "1", "X-Dup", "2", "Content-Type", "text/y")
	},
	"/writehead-pairs": func(c *call) error {
		return c.head("pairs", 200, "X-Dup", "1", "x-dup", "2", "X-C", "3", "X-C", "4")
	},
	"/writehead-odd": func(c *call) error { return c.head("odd", 200, "X-Dup", "1", "X-Odd") },
	"/writehead-merge": func(c *call) error {
		if err := c.set("X-First", "set", "Content-Type", "text/html", "X-Last", "set"); err != nil {
			return err
		}
		return c.head("merge", 200, "content-type", "text/plain", "X-New", "head")
	},
	"/writehead-merge-array": func(c *call) error {
		if err := c.set("X-Dup", "set"); err != nil {
			return err
		}
		return c.head("merge-array", 200, "X-Dup", "1", "X-Dup", "2")
	},
	"/writehead-twice": func(c *call) error {
		if err := c.res.WriteHead(200, "X-One", "1"); err != nil {
			return err
		}
		return c.res.End(codeOf(c.res.WriteHead(404)))
	},
	"/writehead-chain": func(c *call) error { return c.head("chain", 202, "X-A", "b") },
}

// head is writeHead and end.
func (c *call) head(body string, status int, headers ...string) error {
	if err := c.res.WriteHead(status, headers...); err != nil {
		return err
	}
	return c.res.End(body)
}

func (c *call) reason(status int, reason string) error {
	if err := c.res.WriteHeadReason(status, reason); err != nil {
		return err
	}
	return c.res.End("r")
}

// set is setHeader for each of the pairs.
func (c *call) set(pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if err := c.res.SetHeader(pairs[i], pairs[i+1]); err != nil {
			return err
		}
	}
	return nil
}
