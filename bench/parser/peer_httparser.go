package main

import (
	"fmt"

	"github.com/antlabs/httparser"
)

func httparserPeer() peer {
	return peer{"antlabs/httparser", func(data []byte) (func(int) error, func() (seen, error), error) {
		var s seen
		var target []byte
		setting := httparser.Setting{
			URL:             func(_ *httparser.Parser, b []byte, _ int) { target = b },
			HeaderField:     func(_ *httparser.Parser, _ []byte, _ int) { s.Fields++ },
			HeaderValue:     func(_ *httparser.Parser, _ []byte, _ int) {},
			Body:            func(_ *httparser.Parser, b []byte, _ int) { s.BodyBytes += len(b) },
			MessageComplete: func(*httparser.Parser, int) { s.Requests++ },
		}
		p := httparser.New(httparser.REQUEST)
		pass := func() error {
			n, err := p.Execute(&setting, data)
			if err == nil && n != len(data) {
				err = fmt.Errorf("stopped after %d bytes", n)
			}
			return err
		}
		look := func() (seen, error) {
			s = seen{}
			err := pass()
			s.Method, s.Target = p.Method.String(), string(target)
			s.Major, s.Minor = int(p.Major), int(p.Minor)
			return s, err
		}
		return repeat(pass), look, nil
	}}
}
