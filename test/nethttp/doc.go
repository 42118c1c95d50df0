// Package nethttp has no code of its own. Its tests run what is written for
// net/http on cork, and hold cork's answers against those of net/http's server. It
// is a module of its own, since it brings other people's libraries.
//
//	go test -race ./...
package nethttp
