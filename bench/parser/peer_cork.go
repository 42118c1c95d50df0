package main

import (
	"fmt"

	"github.com/cork-go/cork/internal/httpparse"
)

func corkPeer() peer {
	return peer{corkName, func(data []byte) (func(int) error, func() (seen, error), error) {
		c := newCork(httpparse.Options{})
		run := func(iters int) error {
			for range iters {
				if n, code := c.parser.Execute(data); code != httpparse.OK || n != len(data) {
					return c.failure(n, code)
				}
			}
			return nil
		}
		look := func() (seen, error) {
			c.sums = corkSums{}
			err := run(1)
			return c.seen(), err
		}
		return run, look, nil
	}}
}

// cork is our parser with a handler that keeps what a server keeps: where the
// target is, and for each field where its name and value are. The fields come
// as a table; the handler walks it once, as whoever wants a field must.
type cork struct {
	parser httpparse.Parser
	sums   corkSums
}

type corkSums struct {
	target                []byte
	requests, fields      int
	fieldBytes, bodyBytes int
}

func newCork(o httpparse.Options) *cork {
	c := new(cork)
	c.parser.Init(httpparse.Request, c, o)
	return c
}

// feed gives data in pieces of step bytes, as a server's buffer would grow, and
// returns how many bytes of an unfinished head are left at the end.
func (c *cork) feed(data []byte, step int) (pending int, err error) {
	rest := data
	for end := step; end < len(rest); end += step {
		n, code := c.parser.Execute(rest[:end])
		if n|int(code) == 0 { // in a head, nearly always
			continue
		}
		if code != httpparse.OK {
			return 0, c.failure(len(data)-len(rest)+n, code)
		}
		rest = rest[n:]
		end -= n
	}
	n, code := c.parser.Execute(rest)
	if code != httpparse.OK {
		return 0, c.failure(len(data)-len(rest)+n, code)
	}
	return len(rest) - n, nil
}

func (c *cork) failure(n int, code httpparse.Code) error {
	return fmt.Errorf("cork stopped after %d bytes with code %d: %v", n, code, c.parser.Err())
}

func (c *cork) seen() seen {
	m := &c.parser.Message
	return seen{m.Method.String(), string(c.sums.target), int(m.Major), int(m.Minor),
		c.sums.requests, c.sums.fields, c.sums.bodyBytes}
}

func (c *cork) walk(fields []httpparse.Field) httpparse.Code {
	c.sums.fields += len(fields)
	for i := range fields {
		c.sums.fieldBytes += int(fields[i].NameLen) + int(fields[i].ValueLen)
	}
	return httpparse.OK
}

func (c *cork) OnMessageBegin() httpparse.Code { return httpparse.OK }

func (c *cork) OnHeaders(_ []byte, fields []httpparse.Field) httpparse.Code { return c.walk(fields) }

func (c *cork) OnHeadersComplete(head []byte, fields []httpparse.Field) httpparse.Verdict {
	c.sums.requests++
	c.sums.target = c.parser.Target.Of(head)
	c.walk(fields)
	return httpparse.Proceed
}

func (c *cork) OnBody(data []byte) httpparse.Code {
	c.sums.bodyBytes += len(data)
	return httpparse.OK
}

func (c *cork) OnChunkHeader(uint64) httpparse.Code { return httpparse.OK }

func (c *cork) OnTrailers(_ []byte, fields []httpparse.Field) httpparse.Code { return c.walk(fields) }

func (c *cork) OnChunkComplete() httpparse.Code { return httpparse.OK }

func (c *cork) OnMessageComplete() httpparse.Code { return httpparse.OK }
