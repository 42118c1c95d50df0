// Command hertz serves the workloads of bench/server with Hertz on netpoll, its
// default on Linux.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"log"
	"time"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/hertz/pkg/app/server"
	"github.com/cloudwego/hertz/pkg/common/hlog"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()

	hlog.SetOutput(io.Discard)
	h := server.New(server.WithHostPorts(*addr), server.WithExitWaitTime(time.Millisecond))
	h.GET("/", func(_ context.Context, c *app.RequestContext) {
		c.SetContentType("text/plain; charset=utf-8")
		c.Response.SetBodyString("Hello, World!")
	})
	h.GET("/json", func(_ context.Context, c *app.RequestContext) {
		// Not c.JSON, which has an encoder of its own: servers are compared here.
		body, err := json.Marshal(message{"Hello, World!"})
		if err != nil {
			log.Fatal(err)
		}
		c.SetContentType("application/json")
		c.Response.SetBodyRaw(body)
	})
	h.GET("/sleep", func(_ context.Context, c *app.RequestContext) {
		time.Sleep(50 * time.Millisecond)
		c.SetContentType("text/plain; charset=utf-8")
		c.Response.SetBodyString("Hello, World!")
	})
	h.POST("/echo", func(_ context.Context, c *app.RequestContext) {
		c.SetContentType("application/octet-stream")
		c.Response.SetBodyRaw(c.Request.Body())
	})
	h.Spin()
}

type message struct {
	Message string `json:"message"`
}
