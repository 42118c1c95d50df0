package main

import "fmt"

// bodyRoutes read the request.
var bodyRoutes = map[string]func(*call) error{
	"/distinct": func(c *call) error {
		c.body(func([]byte) error {
			return c.json(object{
				{"headersDistinct", sortedLists(c.req.HeadersDistinct())},
				{"trailersDistinct", sortedLists(c.req.TrailersDistinct())},
			})
		})
		return nil
	},
	"/raw-count": func(c *call) error {
		c.body(func([]byte) error {
			return c.text(fmt.Sprintf("raw %d keys %d\n", len(c.req.RawHeaders())/2, len(c.req.Headers())))
		})
		return nil
	},
	"/key-count": func(c *call) error {
		c.body(func([]byte) error { return c.text(fmt.Sprintf("keys %d\n", len(c.req.Headers()))) })
		return nil
	},
	"/length": func(c *call) error {
		c.body(c.length)
		return nil
	},
	"/pipe": func(c *call) error {
		c.req.OnData(func(data []byte) {
			if _, err := c.res.Write(data); err != nil {
				c.fail(err)
			}
		})
		c.req.OnEnd(func() { c.fail(c.res.End()) })
		return nil
	},
	"/dump": func(c *call) error { return c.res.End("dumped") },
	"/dump-close": func(c *call) error {
		if err := c.res.SetHeader("Connection", "close"); err != nil {
			return err
		}
		return c.res.End("dumped")
	},
	"/read-some": func(c *call) error {
		first := true
		c.req.OnData(func(data []byte) {
			if first {
				first = false
				c.fail(c.res.End("first byte " + string(data[:1])))
			}
		})
		return nil
	},
	"/stall": func(c *call) error {
		c.later(c.number("ms", "600"), func() error {
			c.body(c.length)
			return nil
		})
		return nil
	},
}

func (c *call) length(body []byte) error { return c.text(fmt.Sprintf("length %d\n", len(body))) }

// echo says what was understood of the request.
func echo(c *call) error {
	c.body(func(body []byte) error {
		req := c.req
		return c.json(object{
			{"method", req.Method()},
			{"url", req.URL()},
			{"httpVersion", req.HTTPVersion()},
			{"headers", sorted(req.Headers(), req.HeadersDistinct())},
			{"rawHeaders", req.RawHeaders()},
			{"body", string(body)},
			{"complete", req.Complete()},
			{"trailers", sorted(req.Trailers(), req.TrailersDistinct())},
			{"rawTrailers", req.RawTrailers()},
		})
	})
	return nil
}
