package main

import (
	"bufio"
	"bytes"
	"io"

	"github.com/valyala/fasthttp"
)

func fasthttpPeer() peer {
	return peer{fasthttpName, func(data []byte) (func(int) error, func() (seen, error), error) {
		var (
			src = bytes.NewReader(nil)
			br  = bufio.NewReaderSize(nil, readerBytes)
			req fasthttp.Request
			s   seen
		)
		pass := func() error {
			src.Reset(data)
			br.Reset(src)
			for {
				switch err := req.Read(br); err {
				case nil:
					s.Requests++
					s.BodyBytes += len(req.Body())
				case io.EOF:
					return nil
				default:
					return err
				}
				if br.Buffered() == 0 {
					return nil // the next Read would only clear req
				}
			}
		}
		look := func() (seen, error) {
			s = seen{}
			if err := pass(); err != nil {
				return s, err
			}
			for range req.Header.AllInOrder() {
				s.Fields += s.Requests
			}
			s.Method, s.Target = string(req.Header.Method()), string(req.Header.RequestURI())
			if string(req.Header.Protocol()) == "HTTP/1.1" {
				s.Major, s.Minor = 1, 1
			}
			return s, nil
		}
		return repeat(pass), look, nil
	}}
}
