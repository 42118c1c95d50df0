package http1

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestListeners: connections of Unix sockets and of a descriptor that was
// inherited are served like all others, by the same carrier.
func TestListeners(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no descriptors to inherit")
	}
	for _, test := range []struct {
		name   string
		listen func(t *testing.T) net.Listener
		remote string
	}{
		{"unix", func(t *testing.T) net.Listener { return listenUnix(t) }, ""},
		{"inherited", func(t *testing.T) net.Listener { return inherit(t, listenTCP(t)) }, "127.0.0.1:"},
		{"inherited unix", func(t *testing.T) net.Listener { return inherit(t, listenUnix(t)) }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := test.listen(t)
			var onLoop bool
			s := &Server{Carrier: testCarrier, OnRequest: func(req *IncomingMessage, res *ServerResponse) {
				_, onLoop = req.conn.t.(*loopTransport)
				res.End(req.RemoteAddr().Network() + " " + req.RemoteAddr().String())
			}}
			served := make(chan error, 1)
			go func() { served <- s.Serve(l) }()
			c, err := net.Dial(l.Addr().Network(), l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			io.WriteString(c, lastGet)
			out, err := io.ReadAll(c)
			want := "\r\n\r\n" + l.Addr().Network() + " " + test.remote
			if err != nil || !strings.Contains(string(out), want) {
				t.Errorf("%q, %v; want %q", out, err, want)
			}
			s.Close()
			if err := <-served; err != http.ErrServerClosed {
				t.Errorf("Serve: %v", err)
			}
			if onLoop != s.usesLoops() {
				t.Errorf("on a loop: %v", onLoop)
			}
		})
	}
}

func listenTCP(t *testing.T) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func listenUnix(t *testing.T) net.Listener {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// inherit is what a program does with a descriptor that its parent has opened.
func inherit(t *testing.T, l net.Listener) net.Listener {
	file, err := l.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	t.Cleanup(func() { l.Close() })
	inherited, err := net.FileListener(file)
	if err != nil {
		t.Fatal(err)
	}
	return inherited
}

// TestReusePort: two servers at one address if both say so, an error otherwise.
func TestReusePort(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no SO_REUSEPORT")
	}
	begin := func(addr string, reuse bool) (*Server, chan string, chan error) {
		ready, served := make(chan string, 1), make(chan error, 1)
		s := &Server{Addr: addr, Carrier: testCarrier, ReusePort: reuse, OnRequest: hello}
		s.OnListening = func() { ready <- s.Address().String() }
		go func() { served <- s.ListenAndServe() }()
		return s, ready, served
	}
	first, ready, firstServed := begin("127.0.0.1:0", true)
	addr := <-ready
	second, ready, secondServed := begin(addr, true)
	if got := <-ready; got != addr {
		t.Errorf("the second server listens at %s, want %s", got, addr)
	}
	_, _, thirdServed := begin(addr, false)
	if err := <-thirdServed; err == nil || err == http.ErrServerClosed {
		t.Errorf("a third server without ReusePort: %v", err)
	}
	talk(t, addr, lastGet)
	for _, s := range []*Server{first, second} {
		s.Close()
	}
	<-firstServed
	<-secondServed
}
