package cork_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"testing"

	"github.com/cork-go/cork"
)

func TestServe(t *testing.T) {
	http.HandleFunc("GET /mux/{name}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s of %s", r.PathValue("name"), r.Pattern)
	})
	for path, handler := range map[string]http.Handler{"/mux/x": nil, "/x": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "x of GET /mux/{name}")
	})} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error)
		go func() { served <- cork.Serve(l, handler) }()
		res, err := http.Get("http://" + l.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if string(body) != "x of GET /mux/{name}" {
			t.Errorf("%s: %q", path, body)
		}
		l.Close()
		if err := <-served; err == nil || errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
	}
}

func TestListenAndServe(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := cork.ListenAndServe(l.Addr().String(), nil); err == nil {
		t.Error("a used port is no error")
	}
}

func ExampleListenAndServe() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "Hello World")
	})
	log.Fatal(cork.ListenAndServe(":8080", nil)) // was: http.ListenAndServe
}
