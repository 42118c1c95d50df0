//go:build !llhttp || !cgo

package llhttp

import "errors"

// Available reports whether llhttp is built in.
const Available = false

// Version is llhttp's version and the compiler that built it.
func Version() string { return "" }

// Run feeds data in pieces of step bytes, iters times.
func Run(data []byte, step, iters int, callbacks, fresh bool) (Seen, error) {
	return Seen{}, errors.New("built without llhttp")
}
