package http1

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// earnedBig is more than the kernel takes for a client that does not read.
var earnedBig = strings.Repeat("big ", 1<<20)

// answerEarlier answers the requests in front of the one that fails.
func answerEarlier(req *IncomingMessage, res *ServerResponse) {
	body := req.URL()
	switch {
	case strings.HasPrefix(body, "/late"):
		time.AfterFunc(10*time.Millisecond, func() { res.End(body) })
	case strings.HasPrefix(body, "/blocking"):
		time.Sleep(10 * time.Millisecond)
		res.End(body)
	case strings.HasPrefix(body, "/pieces"):
		res.WriteString(body[:3])
		time.AfterFunc(10*time.Millisecond, func() { res.End(body[3:]) })
	case strings.HasPrefix(body, "/big"):
		res.End(earnedBig)
	default:
		res.End(body)
	}
}

// failing are the places in which the code of a request can fail. began says that
// a part of its answer is there by then.
var failing = map[string]struct {
	in    string
	began bool
	bare  bool // a panic closes the connection
	run   func(req *IncomingMessage, res *ServerResponse, fail func())
}{
	"handler": {in: "GET %s HTTP/1.1\r\nHost: a\r\n\r\n",
		run: func(_ *IncomingMessage, _ *ServerResponse, fail func()) { fail() }},
	"head": {in: "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", run: func(_ *IncomingMessage, res *ServerResponse, fail func()) {
		res.WriteHead(201, "Content-Length", "5")
		fail()
	}},
	"piece": {in: "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", began: true, run: func(_ *IncomingMessage, res *ServerResponse, fail func()) {
		res.WriteString("piece")
		fail()
	}},
	"strict": {in: "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", began: true, run: func(_ *IncomingMessage, res *ServerResponse, fail func()) {
		res.StrictContentLength = true
		res.SetHeader("Content-Length", "100")
		res.WriteString("piece")
		fail()
	}},
	"until": {in: "GET %s HTTP/1.0\r\nHost: a\r\n\r\n", began: true, run: func(_ *IncomingMessage, res *ServerResponse, fail func()) {
		res.WriteString("piece")
		fail()
	}},
	"read": {in: "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", run: func(req *IncomingMessage, _ *ServerResponse, fail func()) {
		req.Body().Read(make([]byte, 1))
		fail()
	}},
	"data": {in: "POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n",
		run: func(req *IncomingMessage, _ *ServerResponse, fail func()) { req.OnData(func([]byte) { fail() }) }},
	"data-piece": {in: "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", began: true,
		run: func(req *IncomingMessage, res *ServerResponse, fail func()) {
			req.OnData(func([]byte) { res.WriteString("piece"); fail() })
		}},
	"end": {in: "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
		run: func(req *IncomingMessage, _ *ServerResponse, fail func()) {
			req.OnData(func([]byte) {})
			req.OnEnd(fail)
		}},
	"continue": {in: "POST %s HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
		run: func(_ *IncomingMessage, _ *ServerResponse, fail func()) { fail() }},
	"expect": {in: "GET %s HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n",
		run: func(_ *IncomingMessage, _ *ServerResponse, fail func()) { fail() }},
	"upgrade": {in: "GET %s HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", bare: true},
	"connect": {in: "CONNECT %s:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", bare: true},
}

// TestEarned: whatever becomes of a request, by a panic, http.ErrAbortHandler or the
// end of its goroutine, those before it have their answers: also the ones that come
// late or that the client has not taken yet, and although the client goes on
// sending. Then comes its own answer, 500 or a part that can be told from a whole
// one, or none; nothing behind it is executed.
func TestEarned(t *testing.T) {
	var mu sync.Mutex
	seen := make(map[string]int) // requests behind, by client
	end := func(target string) func() {
		_, how, _ := strings.Cut(target, "=")
		return ends[strings.ReplaceAll(strings.TrimSuffix(how, ":1"), "-", " ")]
	}
	s := &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		place, failing, ok := failing[strings.TrimPrefix(strings.Split(req.URL(), "=")[0], "/")], end(req.URL()), strings.Contains(req.URL(), "=")
		switch {
		case req.URL() == "/hidden":
			mu.Lock()
			seen[req.RemoteAddr().String()]++
			mu.Unlock()
			res.End()
		case ok:
			place.run(req, res, failing)
		default:
			answerEarlier(req, res)
		}
	}}
	s.OnCheckContinue, s.OnCheckExpectation = s.OnRequest, s.OnRequest
	s.OnUpgrade = func(req *IncomingMessage, _ net.Conn, _ []byte) { end(req.URL())() }
	s.OnConnect = s.OnUpgrade
	addr := startWarm(t, s)
	var all [][]string
	for place := range failing {
		for _, how := range []string{"panic", "late panic", "abort", "late abort", "Goexit", "late Goexit"} {
			for _, urls := range []string{"/at-once /at-once", "/late /at-once", "/big", "/big /late", "/pieces /blocking /at-once"} {
				all = append(all, append([]string{place, how}, strings.Fields(urls)...))
			}
		}
	}
	if testing.Short() {
		for i := range len(all) / 3 {
			all[i] = all[3*i]
		}
		all = all[:len(all)/3]
	}
	together(t, 16, all, func(c []string) string { return fmt.Sprint(c[0], ", ", c[1], " behind ", c[2:]) }, func(t *testing.T, c []string) {
		place, how, urls := c[0], c[1], c[2:]
		target := place + "=" + strings.ReplaceAll(how, " ", "-")
		if place != "connect" {
			target = "/" + target
		}
		var in strings.Builder
		for _, url := range urls {
			fmt.Fprintf(&in, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", url)
		}
		fmt.Fprintf(&in, failing[place].in, target)
		socket := dial(t, addr)
		defer socket.Close()
		socket.SetReadBuffer(64 << 10)
		stop, stopped := make(chan bool), make(chan error, 1)
		go func() {
			_, err := io.WriteString(socket, in.String()+strings.Repeat(hidden, 500))
			for err == nil {
				select {
				case <-stop:
					stopped <- nil
					return
				case <-time.After(2 * time.Millisecond):
					_, err = io.WriteString(socket, hidden)
				}
			}
			stopped <- err
		}()
		time.Sleep(5 * time.Millisecond) // with which the client is slow
		out, err := io.ReadAll(socket)
		close(stop)
		if e := <-stopped; err == nil && errors.Is(e, syscall.ECONNRESET) {
			err = e // the system tells of a reset once, reader or writer
		}
		r := newStrictReader(out)
		for i, url := range urls {
			a, failed := r.answer(false)
			if want := url; url == "/big" {
				if string(a.body) != earnedBig {
					t.Fatalf("answer %d has %d bytes, want %d; %v, %v", i, len(a.body), len(earnedBig), failed, err)
				}
			} else if failed != nil || string(a.body) != want {
				t.Fatalf("answer %d: %v, %.200q, %v, want %q", i, failed, a.body, err, want)
			}
		}
		checkFailed(t, place, how, string(r.rest), err)
		mu.Lock()
		defer mu.Unlock()
		if n := seen[socket.LocalAddr().String()]; n != 0 {
			t.Errorf("%d requests behind it are executed", n)
		}
	})
}

// checkFailed looks at what has come of the answer to a request whose code has
// failed.
func checkFailed(t *testing.T, place, how, rest string, err error) {
	t.Helper()
	p := failing[place]
	asked := strings.HasSuffix(how, "panic") && !p.bare
	whole := strings.HasPrefix(rest, "HTTP/1.1 500 ") && strings.HasSuffix(rest, "\r\n\r\nInternal Server Error") &&
		strings.Contains(rest, "Connection: close\r\n")
	part := p.began && strings.HasPrefix(rest, "HTTP/1.1 200 ") && !strings.HasSuffix(rest, "0\r\n\r\n")
	reset := errors.Is(err, syscall.ECONNRESET)
	switch {
	case asked && whole, !asked && rest == "" && !p.bare, part && place != "until":
		if err != nil {
			t.Errorf("%v behind %.300q", err, rest)
		}
	case part && !reset:
		t.Errorf("%v behind a part that looks whole: %.300q", err, rest)
	case p.bare && rest == "" && (err == nil || reset), part:
	default:
		t.Errorf("%.300q, %v", rest, err)
	}
}

// TestPanicTwice: what comes in for a request whose OnData has panicked is not given
// to it again.
func TestPanicTwice(t *testing.T) {
	calls := 0
	var first *ServerResponse
	f := newFake(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		if first == nil {
			first = res
			return
		}
		req.OnData(func([]byte) {
			calls++
			res.WriteString("a piece, held")
			panic(http.ErrNotSupported)
		})
	}})
	f.feed(getA+"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na", "b", "c"+getA)
	first.End("first")
	f.drive()
	if got := bodies(t, f.out); len(got) != 2 || got[1] != "Internal Server Error" || calls != 1 {
		t.Errorf("%d calls; %q", calls, got)
	}
}
