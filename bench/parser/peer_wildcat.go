package main

import (
	"bytes"

	"github.com/evanphx/wildcat"
)

// wildcatPeer is the parser of many of gnet's examples. It reads heads only.
func wildcatPeer() peer {
	return peer{"wildcat (heads only)", func(data []byte) (func(int) error, func() (seen, error), error) {
		if bytes.HasPrefix(data, []byte("POST")) {
			return nil, nil, errNotMade
		}
		p := wildcat.NewSizedHTTPParser(32)
		requests := 0
		pass := func() error {
			for rest := data; len(rest) > 0; requests++ {
				n, err := p.Parse(rest)
				if err != nil {
					return err
				}
				rest = rest[n:]
			}
			return nil
		}
		look := func() (seen, error) {
			requests = 0
			err := pass()
			s := seen{Method: string(p.Method), Target: string(p.Path), Requests: requests}
			if string(p.Version) == "HTTP/1.1" {
				s.Major, s.Minor = 1, 1
			}
			for _, h := range p.Headers {
				if h.Name != nil {
					s.Fields += requests
				}
			}
			return s, err
		}
		return repeat(pass), look, nil
	}}
}
