package main

import (
	"fmt"
	"strconv"
	"strings"
)

// headerRoutes set fields in all ways.
var headerRoutes = map[string]func(*call) error{
	"/headers-array": func(c *call) error {
		for _, f := range [][]string{
			{"Set-Cookie", "a=1", "b=2"}, {"X-Multi", "one", "two"}, {"Cookie", "c=1", "d=2"},
			{"X-Unique", "u1", "u2"}, {"X-Empty"},
		} {
			if err := c.res.SetHeader(f[0], f[1:]...); err != nil {
				return err
			}
		}
		return c.res.End("array")
	},
	"/headers-append": func(c *call) error {
		for _, f := range [][]string{{"X-App", "1"}, {"x-app", "2"}, {"X-APP", "3", "4"}, {"X-Solo", "s"}} {
			if err := c.res.AppendHeader(f[0], f[1:]...); err != nil {
				return err
			}
		}
		return c.res.End("append")
	},
	"/headers-map": func(c *call) error {
		if err := c.res.SetHeaders("X-M1", "a", "set-cookie", "k=1", "set-cookie", "k=2", "x-m2", "b"); err != nil {
			return err
		}
		return c.res.End("map")
	},
	"/headers-case":   func(c *call) error { return c.with("case", "X-CaSe", "1", "X-Between", "b", "x-case", "2") },
	"/headers-remove": headersRemove,
	"/headers-query":  headersQuery,
	// What JavaScript's strings can hold and header fields cannot is a fixed
	// answer.
	"/headers-invalid": func(c *call) error {
		res := c.res
		codes := object{
			{"emptyName", codeOf(res.SetHeader("", "x"))},
			{"spaceName", codeOf(res.SetHeader("a b", "x"))},
			{"colonName", codeOf(res.SetHeader("a:b", "x"))},
			{"crlfValue", codeOf(res.SetHeader("X-V", "a\r\nb"))},
			{"nulValue", codeOf(res.SetHeader("X-V", "a\x00b"))},
			{"delValue", codeOf(res.SetHeader("X-V", "a\x7fb"))},
			{"wideValue", "ERR_INVALID_CHAR"},
			{"tabValue", codeOf(res.SetHeader("X-Tab", "a\tb"))},
			{"latinValue", codeOf(res.SetHeader("X-Latin", "a\xe9b"))},
			{"emptyValue", codeOf(res.SetHeader("X-Empty", ""))},
			{"undefinedValue", "ERR_HTTP_INVALID_HEADER_VALUE"},
			{"trailerName", codeOf(res.AddTrailers("a b", "x"))},
			{"trailerValue", codeOf(res.AddTrailers("X-T", "a\nb"))},
		}
		c.removeAll()
		return c.json(codes)
	},
	"/headers-latin1": func(c *call) error {
		return c.with("latin", "X-Latin", "caf\xe9", "X-Number", "42", "X-Blank", "")
	},
	"/headers-latin1-buffer": func(c *call) error { return c.with("latin", "X-Latin", "caf\xe9") },
	"/headers-after-sent": func(c *call) error {
		if err := c.write("x"); err != nil {
			return err
		}
		res := c.res
		return res.End(strings.Join([]string{
			codeOf(res.SetHeader("X", "y")), codeOf(res.AppendHeader("X", "y")), codeOf(res.RemoveHeader("X")),
			codeOf(res.WriteHead(200)), strconv.FormatBool(res.HeadersSent()),
		}, ","))
	},
	"/no-date": func(c *call) error {
		c.res.SendDate = false
		return c.res.End("nodate")
	},
	"/own-date": func(c *call) error { return c.with("owndate", "Date", "yesterday") },
	"/remove": func(c *call) error {
		if err := c.remove(); err != nil {
			return err
		}
		return c.res.End("removed")
	},
	"/remove-write": func(c *call) error {
		if err := c.remove(); err != nil {
			return err
		}
		if err := c.write("re"); err != nil {
			return err
		}
		return c.res.End("moved")
	},
	"/conn": func(c *call) error { return c.with("conn", "Connection", c.words("v", "close")) },
	"/keepalive-header": func(c *call) error {
		return c.with("ka", "Keep-Alive", "timeout=99")
	},
	"/no-keepalive": func(c *call) error {
		c.res.ShouldKeepAlive = false
		return c.res.End("nka")
	},
	"/te": func(c *call) error { return c.with("te", "Transfer-Encoding", c.words("v", "chunked")) },
	"/te-and-cl": func(c *call) error {
		return c.with("hello", "Content-Length", "5", "Transfer-Encoding", "chunked")
	},
	"/content-length": func(c *call) error {
		if err := c.set("Content-Length", c.param("cl", "5")); err != nil {
			return err
		}
		if err := c.write(c.param("body", "hello")); err != nil {
			return err
		}
		return c.res.End()
	},
	"/strict": strict,
	"/disposition": func(c *call) error {
		return c.with("cd", "Content-Length", "2", "Content-Disposition", "attachment; filename=\"na\xefve\"")
	},
}

// with sets fields and ends.
func (c *call) with(body string, pairs ...string) error {
	if err := c.set(pairs...); err != nil {
		return err
	}
	return c.res.End(body)
}

// words is a parameter in which + stands for a blank.
func (c *call) words(name, def string) string {
	return strings.ReplaceAll(c.param(name, def), "+", " ")
}

// remove is removeHeader for each name of the parameter h.
func (c *call) remove() error {
	for name := range strings.SplitSeq(c.param("h", ""), ",") {
		if err := c.res.RemoveHeader(name); err != nil {
			return err
		}
	}
	return nil
}

func headersRemove(c *call) error {
	if err := c.set("X-Keep", "1", "X-Drop", "2"); err != nil {
		return err
	}
	for _, name := range []string{"x-drop", "x-never"} {
		if err := c.res.RemoveHeader(name); err != nil {
			return err
		}
	}
	return c.res.End("remove")
}

func headersQuery(c *call) error {
	res := c.res
	if err := c.set("X-One", "1", "Set-Cookie", "a=1"); err != nil {
		return err
	}
	if err := res.AppendHeader("Set-Cookie", "b=2"); err != nil {
		return err
	}
	if err := c.set("X-Num", "42"); err != nil {
		return err
	}
	missing := "undefined"
	if res.HasHeader("nope") {
		missing = res.GetHeader("nope")
	}
	number, err := strconv.Atoi(res.GetHeader("X-NUM")) // a number in JavaScript
	if err != nil {
		return err
	}
	all := res.GetHeaders()
	return c.json(object{
		{"get", res.GetHeader("x-one")},
		{"getMissing", missing},
		{"getNum", number},
		{"getArr", res.GetHeaderValues("set-cookie")},
		{"names", res.GetHeaderNames()},
		{"rawNames", res.GetRawHeaderNames()},
		{"all", []any{
			[]any{"set-cookie", all["set-cookie"]},
			[]any{"x-num", number},
			[]any{"x-one", strings.Join(all["x-one"], "")},
		}},
		{"has", res.HasHeader("X-ONE")},
		{"hasMissing", res.HasHeader("nope")},
		{"headersSent", res.HeadersSent()},
	})
}

// strict asks for a body that matches its length.
func strict(c *call) error {
	res := c.res
	res.StrictContentLength = true
	if err := c.set("Content-Length", fmt.Sprint(c.number("cl", "5"))); err != nil {
		return err
	}
	parts := strings.Split(c.param("body", "hello"), ",")
	var codes []string
	ok := true
	for i, p := range parts {
		var err error
		if i < len(parts)-1 {
			err = c.write(p)
		} else {
			err = res.End(p)
		}
		codes = append(codes, codeOf(err))
		ok = ok && err == nil
	}
	if ok {
		return nil
	}
	if res.HeadersSent() {
		res.Destroy()
		return nil
	}
	res.StrictContentLength = false
	if err := res.RemoveHeader("Content-Length"); err != nil {
		return err
	}
	return res.End(strings.Join(codes, ","))
}
