// Command fiber serves the workloads of bench/server with Fiber.
package main

import (
	"flag"
	"log"
	"time"

	"github.com/gofiber/fiber/v3"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()

	app := fiber.New()
	app.Get("/", func(c fiber.Ctx) error {
		c.Set("Content-Type", "text/plain; charset=utf-8")
		return c.SendString("Hello, World!")
	})
	app.Get("/json", func(c fiber.Ctx) error {
		return c.JSON(message{"Hello, World!"}) // encoding/json, as everywhere here
	})
	app.Get("/sleep", func(c fiber.Ctx) error {
		time.Sleep(50 * time.Millisecond)
		c.Set("Content-Type", "text/plain; charset=utf-8")
		return c.SendString("Hello, World!")
	})
	app.Post("/echo", func(c fiber.Ctx) error {
		c.Set("Content-Type", "application/octet-stream")
		return c.Send(c.Body())
	})
	log.Fatal(app.Listen(*addr, fiber.ListenConfig{DisableStartupMessage: true}))
}

type message struct {
	Message string `json:"message"`
}
