package nethttp

import (
	"context"
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/cork-go/cork/http1"
)

// TestMain lets the tests that wait for quiet connections wait side by side.
func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "64")
	os.Exit(m.Run())
}

// carriers are what cork's connections may be carried by.
var carriers = []http1.Carrier{http1.CarrierLoop, http1.CarrierNet}

// each runs a test of a handler on both carriers of cork, and on net/http: what
// does not pass there is no test of cork.
func each(t *testing.T, handler http.Handler, test func(t *testing.T, addr string)) {
	t.Run("net/http", func(t *testing.T) { test(t, startStandard(t, handler)) })
	for _, carrier := range carriers {
		t.Run("cork, "+carrier.String(), func(t *testing.T) {
			test(t, start(t, &http1.Server{Handler: handler, Carrier: carrier}))
		})
	}
}

// start serves until the test ends and returns the address.
func start(t *testing.T, server *http1.Server) string {
	t.Helper()
	server.ErrorLog = log.New(io.Discard, "", 0)
	l := listen(t)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() { stop(t, server, served) })
	return l.Addr().String()
}

func startStandard(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
	l := listen(t)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() { stop(t, server, served) })
	return l.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// stop ends a server, of either kind.
func stop(t *testing.T, server interface {
	Shutdown(ctx context.Context) error
	Close() error
}, served chan error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	http.DefaultClient.CloseIdleConnections()
	if err := server.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown: %v", err)
		_ = server.Close()
	}
	if err := <-served; err != http.ErrServerClosed {
		t.Errorf("Serve: %v", err)
	}
}

// reply is an answer, read whole.
type reply struct {
	*http.Response
	text string
}

// do asks with a new request.
func do(t *testing.T, method, url string, body io.Reader, header ...string) reply {
	t.Helper()
	req, err := http.NewRequest(method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	return reply{res, string(text)}
}

func get(t *testing.T, url string) reply {
	t.Helper()
	return do(t, "GET", url, nil)
}

// want fails the test if an answer is another one.
func (r reply) want(t *testing.T, status int, text string) {
	t.Helper()
	if r.StatusCode != status || r.text != text {
		t.Errorf("%s: %d %.200q of %d bytes, want %d %.200q of %d", r.Request.URL, r.StatusCode, r.text, len(r.text), status, text, len(text))
	}
}
