package main

import "strings"

// extraRoutes send informational answers and trailers.
var extraRoutes = map[string]func(*call) error{
	"/early": func(c *call) error {
		if err := c.res.WriteEarlyHints([]string{"</a.css>; rel=preload; as=style"}); err != nil {
			return err
		}
		return c.res.End("early")
	},
	"/early-multi": func(c *call) error {
		links := []string{"</a.css>; rel=preload; as=style", "</b.js>; rel=preload; as=script"}
		if err := c.res.WriteEarlyHints(links, "x-trace-id", "id1"); err != nil {
			return err
		}
		return c.res.End("early")
	},
	"/early-none": func(c *call) error {
		for range 2 {
			if err := c.res.WriteEarlyHints(nil); err != nil {
				return err
			}
		}
		return c.res.End("early")
	},
	// Go's compiler has checked the last two.
	"/early-bad": func(c *call) error {
		return c.res.End(strings.Join([]string{
			codeOf(c.res.WriteEarlyHints([]string{"not a link"})), "ERR_INVALID_ARG_VALUE", "ERR_INVALID_ARG_TYPE",
		}, ","))
	},
	"/processing": func(c *call) error {
		if err := c.res.WriteProcessing(); err != nil {
			return err
		}
		c.later(50, func() error { return c.res.End("processed") })
		return nil
	},
	"/info-many": func(c *call) error {
		if err := c.res.WriteContinue(); err != nil {
			return err
		}
		if err := c.res.WriteProcessing(); err != nil {
			return err
		}
		if err := c.res.WriteEarlyHints([]string{"</x>; rel=preload"}); err != nil {
			return err
		}
		return c.head("info", 200, "X-Final", "1")
	},

	"/trailers": func(c *call) error {
		if err := c.set("Trailer", "X-Sum"); err != nil {
			return err
		}
		return c.trailers("data", "", "X-Sum", "abc", "X-Other", "def")
	},
	"/trailers-array": func(c *call) error {
		return c.trailers("data", "more", "X-A", "1", "X-A", "2", "X-B", "3", "X-B", "4")
	},
	"/trailers-twice": func(c *call) error {
		if err := c.write("data"); err != nil {
			return err
		}
		if err := c.res.AddTrailers("X-A", "1"); err != nil {
			return err
		}
		return c.trailers("", "", "X-B", "2")
	},
	"/trailers-length": func(c *call) error { return c.trailers("", "fixed", "X-A", "1") },
	"/trailers-header-length": func(c *call) error {
		if err := c.set("Trailer", "X-A", "Content-Length", "5"); err != nil {
			return err
		}
		return c.trailers("", "fixed", "X-A", "1")
	},
}

// trailers writes the first piece, if there is one, adds trailers and ends with
// the last.
func (c *call) trailers(first, last string, pairs ...string) error {
	if first != "" {
		if err := c.write(first); err != nil {
			return err
		}
	}
	if err := c.res.AddTrailers(pairs...); err != nil {
		return err
	}
	return c.res.End(last)
}
