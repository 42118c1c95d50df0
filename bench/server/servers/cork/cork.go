// Command cork serves the workloads of bench/server with cork's http1.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"log"
	"os"
	"os/signal"
	"runtime/pprof"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cork-go/cork/bench/server/servers/compute"
	"github.com/cork-go/cork/http1"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	carrier := flag.String("carrier", "", "what carries the connections: loop or net; empty is the default")
	idle := flag.Duration("idle", 0, "how long an idle connection is kept; 0 is the default")
	profile := flag.String("cpuprofile", "", "write a CPU profile to this file, until SIGTERM")
	flag.Parse()
	if *profile != "" {
		startProfile(*profile)
	}

	server := http1.CreateServer(handle)
	server.IdleTimeout = *idle
	var ok bool
	if server.Carrier, ok = carriers[*carrier]; !ok {
		log.Fatalf("cork: there is no carrier %q", *carrier)
	}
	server.Addr = *addr
	log.Fatal(server.ListenAndServe())
}

// startProfile profiles until somebody ends the program.
func startProfile(name string) {
	f, err := os.Create(name)
	if err == nil {
		err = pprof.StartCPUProfile(f)
	}
	if err != nil {
		log.Fatal(err)
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-end
		pprof.StopCPUProfile()
		os.Exit(0)
	}()
}

// carriers are what -carrier may be.
var carriers = map[string]http1.Carrier{
	"":     http1.CarrierAuto,
	"loop": http1.CarrierLoop,
	"net":  http1.CarrierNet,
}

func handle(req *http1.IncomingMessage, res *http1.ServerResponse) {
	switch url := req.URL(); url {
	case "/":
		res.SetHeader("Content-Type", "text/plain; charset=utf-8")
		res.End("Hello, World!")
	case "/json":
		body, err := json.Marshal(message{"Hello, World!"})
		if err != nil {
			log.Fatal(err)
		}
		res.SetHeader("Content-Type", "application/json")
		res.EndBytes(body)
	case "/echo":
		echo(req, res)
	case "/compute":
		compute.For20ms()
		res.SetHeader("Content-Type", "text/plain; charset=utf-8")
		res.End("Hello, World!")
	default:
		if strings.HasPrefix(url, "/sleep") {
			time.Sleep(50 * time.Millisecond)
			res.SetHeader("Content-Type", "text/plain; charset=utf-8")
			res.End("Hello, World!")
			return
		}
		res.StatusCode = 404
		res.End()
	}
}

type message struct {
	Message string `json:"message"`
}

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// echo answers with the body when it is whole.
func echo(req *http1.IncomingMessage, res *http1.ServerResponse) {
	buf := bodies.Get().(*bytes.Buffer)
	buf.Reset()
	if _, err := buf.ReadFrom(req.Body()); err == nil {
		res.SetHeader("Content-Type", "application/octet-stream")
		res.EndBytes(buf.Bytes())
	}
	bodies.Put(buf)
}
