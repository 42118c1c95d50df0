package main

import (
	"bytes"
	"fmt"
	"strings"
)

// simpleRoutes answer with bodies of all kinds.
var simpleRoutes = map[string]func(*call) error{
	"/hello":            func(c *call) error { return c.text("hello world\n") },
	"/plain":            func(c *call) error { return c.res.End("plain") },
	"/empty":            func(c *call) error { return c.res.End() },
	"/end-empty-string": func(c *call) error { return c.res.End("") },
	"/utf8-end":         func(c *call) error { return c.res.End("café") },
	"/write-empty": func(c *call) error {
		if err := c.write(""); err != nil {
			return err
		}
		return c.res.End()
	},
	"/chunked": func(c *call) error {
		for i := range max(c.number("n", "3"), 0) {
			if err := c.write(fmt.Sprintf("chunk-%d\n", i)); err != nil {
				return err
			}
		}
		return c.res.End()
	},
	"/chunked-async": func(c *call) error {
		n, ms, i := c.number("n", "3"), c.number("ms", "20"), 0
		var step func() error
		step = func() error {
			if i == n {
				return c.res.End()
			}
			if err := c.write(fmt.Sprintf("chunk-%d\n", i)); err != nil {
				return err
			}
			i++
			c.later(ms, step)
			return nil
		}
		return step()
	},
	"/chunked-end": func(c *call) error {
		if err := c.write("first"); err != nil {
			return err
		}
		return c.res.End("last")
	},
	"/chunked-buffers": func(c *call) error {
		if err := c.write("one", "\xff\x00\r\n"); err != nil {
			return err
		}
		return c.res.EndBytes([]byte("three"))
	},
	"/write-encodings": func(c *call) error {
		if err := c.write("caf\xe9", "café", "caf", "caf"); err != nil {
			return err
		}
		return c.res.End()
	},
	"/flush": func(c *call) error {
		if err := c.res.SetHeader("X-Flushed", "yes"); err != nil {
			return err
		}
		if err := c.res.FlushHeaders(); err != nil {
			return err
		}
		c.later(150, func() error { return c.res.End("late") })
		return nil
	},
	"/flush-end": func(c *call) error {
		if err := c.res.FlushHeaders(); err != nil {
			return err
		}
		return c.res.End("now")
	},
	"/big": func(c *call) error {
		return c.res.EndBytes(bytes.Repeat([]byte("x"), max(c.number("size", "100000"), 0)))
	},
	"/big-chunks": func(c *call) error {
		n, size := c.number("n", "10"), c.number("size", "10000")
		for i := range max(n, 0) {
			if _, err := c.res.Write(bytes.Repeat([]byte{byte(97 + i%26)}, max(size, 0))); err != nil {
				return err
			}
		}
		return c.res.End()
	},
	"/cork": func(c *call) error {
		c.res.Cork()
		if err := c.write("a", "b", "c"); err != nil {
			return err
		}
		c.res.Uncork()
		return c.res.End("d")
	},
	"/write-returns": writeReturns,
	"/end-twice": func(c *call) error {
		if err := c.res.End("once"); err != nil {
			return err
		}
		_ = c.res.End("twice")
		_ = c.res.End()
		return nil
	},
	"/write-after-end": func(c *call) error {
		if err := c.res.End("done"); err != nil {
			return err
		}
		_ = c.write("more")
		return nil
	},
	// Go's compiler has checked what this asks of JavaScript.
	"/write-null": func(c *call) error {
		return c.res.End("ERR_STREAM_NULL_VALUES" + strings.Repeat(",ERR_INVALID_ARG_TYPE", 3))
	},
}

// writeReturns tells whether Write said that more may be written at once, and
// waits for the drain.
func writeReturns(c *call) error {
	var seen []any
	c.res.OnDrain(func() {
		seen = append(seen, "drain", c.res.WritableNeedDrain())
		c.fail(c.res.EndBytes(appendJSON(nil, seen)))
	})
	for _, p := range []string{strings.Repeat("a", 100), strings.Repeat("b", 20000)} {
		if err := c.write(p); err != nil {
			return err
		}
		seen = append(seen, !c.res.WritableNeedDrain())
	}
	seen = append(seen, c.res.WritableNeedDrain())
	return nil
}
