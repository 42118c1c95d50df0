// Package cork serves HTTP. Today it is the one-line switch for programs that are
// written for net/http:
//
//	package main
//
//	import (
//		"fmt"
//		"log"
//		"net/http"
//
//		"github.com/cork-go/cork"
//	)
//
//	func main() {
//		http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
//			fmt.Fprintln(w, "Hello World")
//		})
//		log.Fatal(cork.ListenAndServe(":8080", nil)) // was: http.ListenAndServe
//	}
//
// Settings, and a way to stop, are in http1.Server, which has http.Server's fields
// and methods:
//
//	server := &http1.Server{Addr: ":8080", Handler: handler}
//
// What differs from net/http is listed in docs/net-http.md. The rules that bite:
//
//   - A head must be complete a minute after its first byte, and a body must not
//     stand still for longer than a minute while it is being read, unless the
//     handler has called http.ResponseController's SetReadDeadline or
//     EnableFullDuplex. In net/http nothing is limited by default.
//   - http.ServerContextKey holds an *http.Server that shows the settings. Its
//     Shutdown is handed on, its other methods do nothing.
package cork

import (
	"net"
	"net/http"

	"github.com/cork-go/cork/http1"
)

// ListenAndServe is http.ListenAndServe: it serves handler, or
// http.DefaultServeMux if that is nil, at a TCP address until something fails.
func ListenAndServe(addr string, handler http.Handler) error {
	return newServer(addr, handler).ListenAndServe()
}

// Serve is http.Serve: ListenAndServe for a listener, which it closes.
func Serve(l net.Listener, handler http.Handler) error {
	return newServer("", handler).Serve(l)
}

func newServer(addr string, handler http.Handler) *http1.Server {
	if handler == nil {
		handler = http.DefaultServeMux
	}
	return &http1.Server{Addr: addr, Handler: handler}
}
