package nethttp

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/cork-go/cork/http1"
)

// A TLS listener serves HTTP/1.1, and requests know about it.
func TestTLSListener(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.TLS != nil && r.TLS.HandshakeComplete, r.TLS.ServerName)
	})
	model := httptest.NewTLSServer(handler) // for its certificate and its client
	defer model.Close()
	server := &http1.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
	l := listen(t)
	served := make(chan error, 1)
	go func() {
		served <- server.Serve(tls.NewListener(l, &tls.Config{Certificates: model.TLS.Certificates}))
	}()
	client := model.Client()
	for range 3 {
		res, err := client.Get("https://" + l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || string(body) != "true" {
			t.Errorf("%q, %v", body, err)
		}
	}
	client.CloseIdleConnections()
	stop(t, server, served)
}
