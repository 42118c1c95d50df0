// Command fasthttp serves the workloads of bench/server with fasthttp.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"time"

	"github.com/valyala/fasthttp"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()
	log.Fatal(fasthttp.ListenAndServe(*addr, handle))
}

func handle(ctx *fasthttp.RequestCtx) {
	switch string(ctx.Path()) {
	case "/":
		ctx.SetContentType("text/plain; charset=utf-8")
		ctx.SetBodyString("Hello, World!")
	case "/json":
		body, err := json.Marshal(message{"Hello, World!"})
		if err != nil {
			log.Fatal(err)
		}
		ctx.SetContentType("application/json")
		ctx.Response.SetBodyRaw(body)
	case "/sleep":
		time.Sleep(50 * time.Millisecond)
		ctx.SetContentType("text/plain; charset=utf-8")
		ctx.SetBodyString("Hello, World!")
	case "/echo":
		ctx.SetContentType("application/octet-stream")
		// Valid until the answer has been sent; no copy is needed.
		ctx.Response.SetBodyRaw(ctx.PostBody())
	default:
		ctx.NotFound()
	}
}

type message struct {
	Message string `json:"message"`
}
