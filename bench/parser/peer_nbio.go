package main

import (
	"errors"

	"github.com/lesismal/nbio/nbhttp"
)

// nbioPeer times nbio's parser alone, with a processor that keeps only the
// strings it is given; nbio's server builds an http.Request of them, which costs
// more.
func nbioPeer() peer {
	return peer{"nbio", func(data []byte) (func(int) error, func() (seen, error), error) {
		sink := new(nbioSink)
		p := nbhttp.NewParser(nil, nbhttp.NewEngine(nbhttp.Config{}), sink, false, nil)
		pass := func() error { return p.Parse(data) }
		look := func() (seen, error) {
			sink.seen = seen{}
			err := pass()
			if err == nil && sink.proto == "HTTP/1.1" {
				sink.Major, sink.Minor = 1, 1
			}
			return sink.seen, err
		}
		return repeat(pass), look, nil
	}}
}

type nbioSink struct {
	seen
	proto string
}

var errNoResponse = errors.New("a response's event in a request")

func (s *nbioSink) OnMethod(_ *nbhttp.Parser, method string)      { s.Method = method }
func (s *nbioSink) OnURL(_ *nbhttp.Parser, uri string) error      { s.Target = uri; return nil }
func (s *nbioSink) OnProto(_ *nbhttp.Parser, proto string) error  { s.proto = proto; return nil }
func (s *nbioSink) OnStatus(*nbhttp.Parser, int, string)          { panic(errNoResponse) }
func (s *nbioSink) OnHeader(_ *nbhttp.Parser, key, value string)  { s.Fields++ }
func (s *nbioSink) OnContentLength(*nbhttp.Parser, int)           {}
func (s *nbioSink) OnBody(_ *nbhttp.Parser, data []byte) error    { s.BodyBytes += len(data); return nil }
func (s *nbioSink) OnTrailerHeader(_ *nbhttp.Parser, _, _ string) { s.Fields++ }
func (s *nbioSink) OnComplete(*nbhttp.Parser)                     { s.Requests++ }
func (s *nbioSink) Close(*nbhttp.Parser, error)                   {}
func (s *nbioSink) Clean(*nbhttp.Parser)                          {}
