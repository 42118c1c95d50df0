package main

import (
	"io"

	"github.com/cloudwego/hertz/pkg/protocol"
	"github.com/cloudwego/hertz/pkg/protocol/http1/req"
)

func hertzPeer() peer {
	return peer{hertzName, func(data []byte) (func(int) error, func() (seen, error), error) {
		var (
			src hertzReader
			r   protocol.Request
			s   seen
		)
		pass := func() error {
			src = hertzReader{data}
			for len(src.rest) > 0 {
				if err := req.Read(&r, &src); err != nil {
					return err
				}
				s.Requests++
				s.BodyBytes += len(r.Body())
			}
			return nil
		}
		look := func() (seen, error) {
			s = seen{}
			if err := pass(); err != nil {
				return s, err
			}
			r.Header.VisitAll(func(_, _ []byte) { s.Fields += s.Requests })
			s.Method, s.Target = string(r.Header.Method()), string(r.Header.RequestURI())
			if r.Header.IsHTTP11() {
				s.Major, s.Minor = 1, 1
			}
			return s, nil
		}
		return repeat(pass), look, nil
	}}
}

// hertzReader is hertz's network.Reader over bytes in memory: the buffer of its
// connection with everything received, no copy in between.
type hertzReader struct{ rest []byte }

func (r *hertzReader) Peek(n int) ([]byte, error) {
	if n > len(r.rest) {
		return r.rest, io.EOF
	}
	return r.rest[:n], nil
}

func (r *hertzReader) Skip(n int) error {
	if n > len(r.rest) {
		return io.ErrUnexpectedEOF
	}
	r.rest = r.rest[n:]
	return nil
}

func (r *hertzReader) Release() error { return nil }

func (r *hertzReader) Len() int { return len(r.rest) }

func (r *hertzReader) ReadByte() (byte, error) {
	b, err := r.ReadBinary(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

func (r *hertzReader) ReadBinary(n int) ([]byte, error) {
	b, err := r.Peek(n)
	if err != nil {
		return nil, err
	}
	r.rest = r.rest[n:]
	return b, nil
}
