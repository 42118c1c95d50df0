// Command fasthttp serves the workloads of bench/server with fasthttp.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"strings"
	"time"

	"github.com/cork-go/cork/bench/server/servers/compute"
	"github.com/valyala/fasthttp"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()
	log.Fatal(fasthttp.ListenAndServe(*addr, handle))
}

func handle(ctx *fasthttp.RequestCtx) {
	switch path := string(ctx.Path()); path {
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
	case "/echo":
		ctx.SetContentType("application/octet-stream")
		// Valid until the answer has been sent; no copy is needed.
		ctx.Response.SetBodyRaw(ctx.PostBody())
	case "/compute":
		compute.For20ms()
		ctx.SetContentType("text/plain; charset=utf-8")
		ctx.SetBodyString("Hello, World!")
	default:
		if strings.HasPrefix(path, "/sleep") {
			time.Sleep(50 * time.Millisecond)
			ctx.SetContentType("text/plain; charset=utf-8")
			ctx.SetBodyString("Hello, World!")
			return
		}
		ctx.NotFound()
	}
}

type message struct {
	Message string `json:"message"`
}
