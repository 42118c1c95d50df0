package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
)

// readerBytes holds every input whole, so that no request straddles the end of
// a bufio.Reader.
const readerBytes = 16 << 10

func netHTTPPeer() peer {
	return peer{netHTTPName, func(data []byte) (func(int) error, func() (seen, error), error) {
		var (
			src  = bytes.NewReader(nil)
			br   = bufio.NewReaderSize(nil, readerBytes)
			last *http.Request
			s    seen
		)
		pass := func() error {
			src.Reset(data)
			br.Reset(src)
			for {
				if _, err := br.Peek(1); err == io.EOF {
					return nil
				}
				r, err := http.ReadRequest(br)
				if err != nil {
					return err
				}
				n, err := io.Copy(io.Discard, r.Body)
				if err != nil {
					return err
				}
				r.Body.Close()
				s.Requests++
				s.BodyBytes += int(n)
				last = r
			}
		}
		look := func() (seen, error) {
			s = seen{}
			if err := pass(); err != nil {
				return s, err
			}
			s.Method, s.Target = last.Method, last.RequestURI
			s.Major, s.Minor = last.ProtoMajor, last.ProtoMinor
			s.Fields = s.Requests * netHTTPFields(last)
			return s, nil
		}
		return repeat(pass), look, nil
	}}
}

// netHTTPFields counts those too that ReadRequest moves out of the Header.
func netHTTPFields(r *http.Request) int {
	n := len(r.TransferEncoding)
	if r.Host != "" {
		n++
	}
	for _, values := range r.Header {
		n += len(values)
	}
	return n
}

// repeat makes a run out of one pass.
func repeat(pass func() error) func(int) error {
	return func(iters int) error {
		for range iters {
			if err := pass(); err != nil {
				return err
			}
		}
		return nil
	}
}
