// Package llhttp calls the C parser llhttp, many requests in one call, for the
// benchmark beside it. Its sources are not part of this repository: run.sh
// finds them in Debian's package node-llhttp or in LLHTTP_DIR, and builds with
// the tag llhttp. Without the tag Available is false and nothing else is here
// that does anything.
package llhttp

// Seen is what llhttp's callbacks saw.
type Seen struct {
	Method, Target string // of the last request
	Major, Minor   int
	Requests       int
	Fields         int
	BodyBytes      int
}
