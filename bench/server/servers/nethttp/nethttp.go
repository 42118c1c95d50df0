// Command nethttp serves the workloads of bench/server with an http.Handler: of
// net/http's server, or with -cork of cork's.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"log"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cork-go/cork/bench/server/servers/compute"
	"github.com/cork-go/cork/http1"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	cork := flag.Bool("cork", false, "serve with cork")
	carrier := flag.String("carrier", "", "what carries cork's connections: loop or net; empty is the default")
	flag.Parse()
	handler := http.HandlerFunc(handle)
	if !*cork {
		log.Fatal(http.ListenAndServe(*addr, handler))
	}
	server := &http1.Server{Addr: *addr, Handler: handler}
	switch *carrier {
	case "loop":
		server.Carrier = http1.CarrierLoop
	case "net":
		server.Carrier = http1.CarrierNet
	}
	log.Fatal(server.ListenAndServe())
}

func handle(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, "Hello, World!")
	case "/json":
		body, err := json.Marshal(message{"Hello, World!"})
		if err != nil {
			log.Fatal(err)
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(body)
	case "/compute":
		compute.For20ms()
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, "Hello, World!")
	case "/echo":
		echo(w, r)
	default:
		if strings.HasPrefix(r.URL.Path, "/sleep") {
			time.Sleep(50 * time.Millisecond)
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			io.WriteString(w, "Hello, World!")
			return
		}
		http.NotFound(w, r)
	}
}

type message struct {
	Message string `json:"message"`
}

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func echo(w http.ResponseWriter, r *http.Request) {
	body := bodies.Get().(*bytes.Buffer)
	defer bodies.Put(body)
	body.Reset()
	if _, err := body.ReadFrom(r.Body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	// Without it a body of more than 2 KiB would be chunked.
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
	w.Write(body.Bytes())
}
