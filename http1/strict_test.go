package http1

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// strictReader reads answers as the pickiest client would: nothing but the
// grammar, every byte accounted for.
type strictReader struct {
	rest []byte
}

type strictAnswer struct {
	status   int
	reason   string
	fields   [][2]string
	body     []byte
	trailers [][2]string
	close    bool // the body ended with the stream
}

func newStrictReader(p []byte) *strictReader { return &strictReader{p} }

func (r *strictReader) done() bool { return len(r.rest) == 0 }

// line cuts a line off; CR and LF stand nowhere else.
func (r *strictReader) line() (string, error) {
	i := bytes.Index(r.rest, []byte("\r\n"))
	if i < 0 {
		return "", errors.New("line without end")
	}
	line := string(r.rest[:i])
	r.rest = r.rest[i+2:]
	if strings.ContainsAny(line, "\r\n\x00") {
		return "", fmt.Errorf("control in line %q", line)
	}
	return line, nil
}

func (r *strictReader) fields() (all [][2]string, err error) {
	for {
		line, err := r.line()
		if err != nil || line == "" {
			return all, err
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || !validName(name) || !validValue(value) {
			return all, fmt.Errorf("field %q", line)
		}
		all = append(all, [2]string{name, strings.Trim(value, " \t")})
	}
}

func (a *strictAnswer) get(name string) (values []string) {
	for _, f := range a.fields {
		if strings.EqualFold(f[0], name) {
			values = append(values, f[1])
		}
	}
	return values
}

func (r *strictReader) answer(head bool) (a strictAnswer, err error) {
	line, err := r.line()
	if err != nil {
		return a, err
	}
	rest, ok := strings.CutPrefix(line, "HTTP/1.1 ")
	if !ok || len(rest) < 4 || rest[3] != ' ' {
		return a, fmt.Errorf("status line %q", line)
	}
	if a.status, err = strconv.Atoi(rest[:3]); err != nil || a.status < 100 {
		return a, fmt.Errorf("status line %q", line)
	}
	a.reason = rest[4:]
	if a.fields, err = r.fields(); err != nil {
		return a, err
	}
	lengths, codings := a.get("Content-Length"), a.get("Transfer-Encoding")
	switch {
	case len(lengths) > 1 || len(codings) > 1 || len(lengths)+len(codings) > 1:
		return a, fmt.Errorf("framing %q %q", lengths, codings)
	case head || a.status/100 == 1 || a.status == 204 || a.status == 304:
		return a, nil
	case len(lengths) == 1:
		n, err := strconv.Atoi(lengths[0])
		if err != nil || n < 0 || n > len(r.rest) {
			return a, fmt.Errorf("length %q with %d bytes", lengths[0], len(r.rest))
		}
		a.body, r.rest = r.rest[:n], r.rest[n:]
	case len(codings) == 1 && strings.EqualFold(strings.TrimSpace(codings[0][strings.LastIndexByte(codings[0], ',')+1:]), "chunked"):
		return a, r.chunks(&a)
	default:
		a.body, r.rest, a.close = r.rest, nil, true
	}
	return a, nil
}

func (r *strictReader) chunks(a *strictAnswer) error {
	for {
		line, err := r.line()
		if err != nil {
			return err
		}
		n, err := strconv.ParseUint(line, 16, 31)
		if err != nil {
			return err
		}
		if n == 0 {
			a.trailers, err = r.fields()
			return err
		}
		if int(n)+2 > len(r.rest) || string(r.rest[n:n+2]) != "\r\n" {
			return fmt.Errorf("chunk of %d bytes is not whole", n)
		}
		a.body, r.rest = append(a.body, r.rest[:n]...), r.rest[n+2:]
	}
}
