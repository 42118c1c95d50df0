package http1_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/cork-go/cork/http1"
)

func ExampleCreateServer() {
	server := http1.CreateServer(func(req *http1.IncomingMessage, res *http1.ServerResponse) {
		res.End("Hello World")
	})
	log.Fatal(server.Listen(3000, func() { fmt.Println("Listening on port 3000") }))
}

// A handler may read a body where it stands.
func ExampleIncomingMessage_Body() {
	server := http1.CreateServer(func(req *http1.IncomingMessage, res *http1.ServerResponse) {
		n, err := io.Copy(io.Discard, req.Body())
		if err != nil {
			return // the client is gone, or was told that its body is malformed
		}
		res.WriteHead(200, "Content-Type", "text/plain")
		fmt.Fprintf(res, "%d bytes\n", n)
		res.End()
	})
	server.Addr = "localhost:8080"
	log.Fatal(server.ListenAndServe())
}

// A response may be finished later, by any goroutine.
func ExampleServerResponse() {
	server := http1.Server{
		Addr: ":8080",
		OnRequest: func(req *http1.IncomingMessage, res *http1.ServerResponse) {
			timer := time.AfterFunc(time.Second, func() { res.End("a second has passed") })
			res.OnClose(func() { timer.Stop() }) // answered, or the client went away
		},
		IdleTimeout: time.Minute,
	}
	log.Fatal(server.ListenAndServe())
}

// A native handler behind somebody else's middleware, or in a test.
func ExampleToHTTP() {
	handler := http1.ToHTTP(func(req *http1.IncomingMessage, res *http1.ServerResponse) {
		res.End("You asked for " + req.URL())
	})
	recorder := httptest.NewRecorder()
	http.StripPrefix("/api", handler).ServeHTTP(recorder, httptest.NewRequest("GET", "/api/users", nil))
	fmt.Println(recorder.Code, recorder.Body)
	// Output: 200 You asked for /users
}
