package main

import (
	"fmt"
	"time"
)

// orderRoutes are slow, or end in other ways than well.
var orderRoutes = map[string]func(*call) error{
	"/slow": func(c *call) error {
		c.later(c.number("ms", "100"), func() error { return c.text("slow " + c.param("id", "") + "\n") })
		return nil
	},
	"/fast": func(c *call) error { return c.text("fast " + c.param("id", "") + "\n") },
	"/slow-chunked": func(c *call) error {
		if err := c.write("start " + c.param("id", "") + "\n"); err != nil {
			return err
		}
		c.later(c.number("ms", "100"), func() error { return c.res.End("end " + c.param("id", "") + "\n") })
		return nil
	},
	"/slow-head": func(c *call) error {
		c.later(c.number("ms", "100"), func() error {
			if err := c.res.WriteHead(200, "X-Id", c.param("id", "")); err != nil {
				return err
			}
			if err := c.write("w1", "w2"); err != nil {
				return err
			}
			return c.res.End()
		})
		return nil
	},
	"/destroy-socket": func(c *call) error {
		c.req.Socket().Destroy()
		return nil
	},
	"/destroy-res": func(c *call) error {
		c.res.Destroy()
		return nil
	},
	"/destroy-req": func(c *call) error {
		c.req.Destroy()
		return nil
	},
	"/destroy-after-write": func(c *call) error {
		if err := c.write("partial"); err != nil {
			return err
		}
		c.later(60, func() error {
			c.res.Destroy()
			return nil
		})
		return nil
	},
	"/throw-before": func(*call) error { return appError{"E_APP"} },
	"/throw-after": func(c *call) error {
		if err := c.write("part"); err != nil {
			return err
		}
		return appError{"Error"}
	},
	"/reject": func(c *call) error {
		c.reject()
		return nil
	},
	"/reject-after": func(c *call) error {
		if err := c.write("part"); err != nil {
			return err
		}
		time.AfterFunc(60*time.Millisecond, c.reject)
		return nil
	},
	"/set-timeout-res": func(c *call) error {
		c.res.SetTimeout(c.milliseconds(), func() { c.fail(c.res.End("res timeout")) })
		return nil
	},
	"/set-timeout-req": func(c *call) error {
		c.req.SetTimeout(c.milliseconds(), func() { c.fail(c.res.End("req timeout")) })
		return nil
	},
	"/set-timeout-none": func(c *call) error {
		c.res.SetTimeout(c.milliseconds(), nil)
		return nil
	},
}

func (c *call) milliseconds() time.Duration {
	return time.Duration(c.number("ms", "200")) * time.Millisecond
}

// reject is what becomes of a rejected promise: of the servers only one
// captures it, for the others the request is never answered.
func (c *call) reject() {
	if !c.captures {
		return
	}
	if c.res.HeadersSent() || c.res.WritableEnded() {
		c.res.Destroy()
		return
	}
	c.removeAll()
	c.res.StatusCode = 500
	if err := c.res.End("Internal Server Error"); err != nil {
		fmt.Println("oracleapp:", err)
	}
}
