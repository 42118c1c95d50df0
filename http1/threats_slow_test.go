package http1

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// late is how much later than it should be a slow client may be cut off: the
// machine may have other things to do.
const late = 3 * time.Second

// cutAt checks that a connection was closed after about d.
func cutAt(t *testing.T, begin time.Time, d time.Duration) {
	t.Helper()
	if took := time.Since(begin); took < d-20*time.Millisecond || took > d+late {
		t.Errorf("closed after %v, want %v", took, d)
	}
}

// drip sends text over and over, until the connection ends.
func drip(c net.Conn, text string, pause time.Duration) {
	for text != "" {
		for i := range text {
			time.Sleep(pause)
			if _, err := c.Write([]byte{text[i]}); err != nil {
				return
			}
		}
	}
}

// TestSlowClients: all of them are slow side by side, and have servers of their
// own.
func TestSlowClients(t *testing.T) {
	groups := map[string]func(*testing.T){
		"heads":          slowHeads(t),
		"drips":          dripsBetweenRequests(t),
		"bodies":         slowBodies(t),
		"honest uploads": honestUploads(t),
		"readers":        slowReaders(t),
		"honest readers": honestReaders(t),
	}
	names := slices.Collect(maps.Keys(groups))
	together(t, len(names), names, self, func(t *testing.T, name string) { groups[name](t) })
}

// slowHeads: connections on which no head gets whole are closed in time, many
// at once, however they spend it, and those of others are served meanwhile.
func slowHeads(t *testing.T) func(t *testing.T) {
	const head, idle = 300 * time.Millisecond, 200 * time.Millisecond
	v := newVictim(t, &Server{ReadHeaderTimeout: head, IdleTimeout: idle, KeepAliveTimeoutBuffer: 50 * time.Millisecond})
	return func(t *testing.T) {
		tests := []struct {
			name, in, drip string
			at             time.Duration
			want           []int
		}{
			{"silence", "", "", head, []int{408}},
			{"one byte", "G", "", head, []int{408}},
			{"blank lines", "", "\r\n", head, []int{408}},
			{"request line", "GET /", "x", head, []int{408}},
			{"field name", "GET / HTTP/1.1\r\nHost: a\r\n", "x", head, []int{408}},
			{"fields", "GET / HTTP/1.1\r\nHost: a\r\n", "X: y\r\n", head, []int{408}},
			{"last line", "GET / HTTP/1.1\r\nHost: a\r\n\r", "", head, []int{408}},
			{"idle", getA, "", idle + 50*time.Millisecond, []int{200}},
			{"idle with blank lines", getA, "\r\n", idle + 50*time.Millisecond, []int{200}},
			{"second head", getA + "GET /", "x", head, []int{200, 408}},
			{"second head's fields", getA + "GET / HTTP/1.1\r\n", "X: y\r\n", head, []int{200, 408}},
			{"second head after a while", "", getA + "GET /", head, []int{408}},
		}
		type client struct{ test, number int }
		var clients []client
		for i := range tests {
			for n := range 15 {
				clients = append(clients, client{i, n})
			}
		}
		stop := make(chan bool)
		var healthy sync.WaitGroup
		var worst time.Duration
		healthy.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					begin := time.Now()
					talk(t, v.addr, lastGet)
					worst = max(worst, time.Since(begin))
				}
			}
		})
		together(t, len(clients), clients, func(c client) string { return fmt.Sprint(tests[c.test].name, " ", c.number) }, func(t *testing.T, cl client) {
			test := tests[cl.test]
			begin := time.Now()
			c := dial(t, v.addr)
			io.WriteString(c, test.in)
			go drip(c, test.drip, 20*time.Millisecond)
			out, err := io.ReadAll(c)
			c.Close()
			if errors.Is(err, syscall.ECONNRESET) {
				err = nil // the drip goes on behind the end
			}
			cutAt(t, begin, test.at)
			if got := statuses(answersIn(t, out)); !slices.Equal(got, test.want) || err != nil {
				t.Errorf("answers %v, %v, want %v", got, err, test.want)
			}
		})
		close(stop)
		healthy.Wait()
		if worst > late {
			t.Errorf("an answer took %v meanwhile", worst)
		}
	}
}

// dripsBetweenRequests: each request has its own time, so a client that is
// slow and honest is served for as long as it likes.
func dripsBetweenRequests(t *testing.T) func(t *testing.T) {
	v := newVictim(t, &Server{ReadHeaderTimeout: 500 * time.Millisecond, IdleTimeout: 400 * time.Millisecond})
	return func(t *testing.T) {
		c := dial(t, v.addr)
		for range 8 {
			for _, p := range []string{"\r\n", "GET / HT", "TP/1.1\r\nHo", "st: a\r\n", "\r\n"} {
				time.Sleep(15 * time.Millisecond)
				io.WriteString(c, p)
			}
			time.Sleep(50 * time.Millisecond)
		}
		io.WriteString(c, lastGet)
		out, err := io.ReadAll(c)
		if n := len(answersIn(t, out)); n != 9 || err != nil {
			t.Errorf("%d answers, %v", n, err)
		}
	}
}

// withPace starts a server whose clients have little patience with bodies: 1000
// bytes a second, after grace, and a stall of at most stall.
func withPace(t *testing.T, grace, stall time.Duration, handler handlerFunc) (addr string) {
	t.Helper()
	s := &Server{OnRequest: handler, ReadTimeout: -1, MinBodyRate: 1000}
	s.now = time.Now
	if err := s.prepare(); err != nil {
		t.Fatal(err)
	}
	s.timeouts.body.grace, s.timeouts.body.most = grace, stall
	return startWarm(t, s)
}

// slowBodies: a body that comes in too slowly is cut off, whoever reads it and
// whatever it drips. There is no deadline for the whole request here.
func slowBodies(t *testing.T) func(t *testing.T) {
	const grace, stall = 300 * time.Millisecond, 900 * time.Millisecond
	addr := withPace(t, grace, stall, func(req *IncomingMessage, res *ServerResponse) {
		switch req.URL() {
		case "/reader":
			if n, err := io.Copy(io.Discard, req.Body()); err == nil {
				res.End(fmt.Sprint(n))
			}
		case "/later":
			go func() {
				if n, err := io.Copy(io.Discard, req.Body()); err == nil {
					res.End(fmt.Sprint(n))
				}
			}()
		case "/events":
			n := 0
			req.OnData(func(p []byte) { n += len(p) })
			req.OnEnd(func() { res.End(fmt.Sprint(n)) })
		default:
			res.End("x")
		}
	})
	return func(t *testing.T) {
		chunkedHead := "Transfer-Encoding: chunked\r\n\r\n"
		tests := []struct {
			name, in, drip string
			at             time.Duration
			want           string
		}{
			{"nothing", "Content-Length: 1000\r\n\r\n", "", grace, "408"},
			{"bytes", "Content-Length: 1000\r\n\r\n", "x", grace, "408"},
			{"one byte", "Content-Length: 1000\r\n\r\nx", "", grace, "408"},
			{"chunk size", chunkedHead, "0", grace, "408"},
			{"chunks", chunkedHead, "1\r\nx\r\n", grace, "408"},
			{"extension", chunkedHead + "3;", "a", grace, "408"},
			{"trailer", chunkedHead + "3\r\nabc\r\n0\r\nX: ", "y", grace, "408"},
			// 1000 bytes are worth a second, but nobody may stand still for longer than
			// stall.
			{"stall", "Content-Length: 10000\r\n\r\n" + strings.Repeat("x", 5000), "", stall, "408"},
			{"stall with drips", "Content-Length: 10000\r\n\r\n" + strings.Repeat("x", 5000), "x", stall, "408"},
		}
		type client struct {
			test int
			url  string
		}
		var clients []client
		for i := range tests {
			for _, url := range []string{"/reader", "/later", "/events", "/answered"} {
				clients = append(clients, client{i, url})
			}
		}
		together(t, len(clients), clients, func(c client) string { return tests[c.test].name + " " + c.url[1:] }, func(t *testing.T, cl client) {
			test := tests[cl.test]
			c := dial(t, addr)
			begin := time.Now()
			io.WriteString(c, "POST "+cl.url+" HTTP/1.1\r\nHost: a\r\n"+test.in)
			go drip(c, test.drip, 20*time.Millisecond)
			out, _ := io.ReadAll(c)
			c.Close()
			cutAt(t, begin, test.at)
			answers := answersIn(t, out)
			want := test.want
			if cl.url == "/answered" {
				want = "200" // and the end, but no second answer
			}
			if len(answers) != 1 || fmt.Sprint(answers[0].status) != want {
				t.Errorf("answers %v, want %s", statuses(answers), want)
			}
		})
	}
}

// honestUploads: a body is served that comes in fast enough, or whose time the
// application spends.
func honestUploads(t *testing.T) func(t *testing.T) {
	const grace, stall = 250 * time.Millisecond, 500 * time.Millisecond
	slow := 3 * stall
	addr := withPace(t, grace, stall, func(req *IncomingMessage, res *ServerResponse) {
		n := 0
		switch req.URL() {
		case "/late": // nobody wants the body at first
			time.Sleep(slow)
		case "/much-later":
			go func() {
				time.Sleep(slow)
				n, _ := io.Copy(io.Discard, req.Body())
				res.End(fmt.Sprint(n))
			}()
			return
		case "/pauses": // and then again
			p := make([]byte, 1000)
			for range 3 {
				m, _ := io.ReadFull(req.Body(), p)
				n += m
				time.Sleep(slow / 3)
			}
		case "/events":
			req.OnData(func(p []byte) {
				n += len(p)
				if n < 200000 {
					time.Sleep(slow / 3)
				}
			})
			req.OnEnd(func() { res.End(fmt.Sprint(n)) })
			return
		}
		m, _ := io.Copy(io.Discard, req.Body())
		res.End(fmt.Sprint(n + int(m)))
	})
	usual := startWarm(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		n, err := io.Copy(io.Discard, req.Body())
		res.End(fmt.Sprint(n, err))
	}})
	return func(t *testing.T) {
		type upload struct {
			name, addr, url string
			size, piece     int
			pause           time.Duration
			want            string
		}
		uploads := []upload{
			{"30 KB in 3 s", usual, "/", 30000, 100, 10 * time.Millisecond, "30000 <nil>"},
			{"five times as fast as it must be", addr, "/", 6000, 100, 20 * time.Millisecond, "6000"},
			{"bursts", addr, "/", 4000, 400, 150 * time.Millisecond, "4000"},
			{"late", addr, "/late", 3000, 3000, 0, "3000"},
			{"late, much", addr, "/late", 8 << 20, 1 << 20, 0, "8388608"},
			{"much later", addr, "/much-later", 8 << 20, 1 << 20, 0, "8388608"},
			{"pauses", addr, "/pauses", 8 << 20, 1 << 20, 0, "8388608"},
			{"events", addr, "/events", 8 << 20, 1 << 20, 0, "8388608"},
		}
		together(t, len(uploads), uploads, func(u upload) string { return u.name }, func(t *testing.T, u upload) {
			c := dial(t, u.addr)
			fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", u.url, u.size)
			for left := u.size; left > 0; left -= u.piece {
				if _, err := c.Write(bytes.Repeat([]byte("x"), u.piece)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(u.pause)
			}
			out, err := io.ReadAll(c)
			answers := answersIn(t, out)
			if len(answers) != 1 || string(answers[0].body) != u.want || err != nil {
				t.Errorf("%q, %v, want %s", out, err, u.want)
			}
		})
	}
}

// serverEnds returns those of the clients whose connection has another end still,
// but for ports that rest, with its state. Only Linux tells.
func serverEnds(clients map[string]*net.TCPConn) (left []string) {
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return nil
	}
	for name, c := range clients {
		pair := fmt.Sprintf("0100007F:%04X 0100007F:%04X ", c.RemoteAddr().(*net.TCPAddr).Port, c.LocalAddr().(*net.TCPAddr).Port)
		_, line, _ := strings.Cut(string(table), pair)
		if state, _, _ := strings.Cut(line, ":"); state != "" && !strings.HasPrefix(state, "06") {
			left = append(left, name+": "+state)
		}
	}
	return left
}

// slowReaders: a client that does not take its answers is reset, whether we
// hold them or the kernel does, and so is one that takes them by drips. Nothing is
// left of the connection.
func slowReaders(t *testing.T) func(t *testing.T) {
	const limit = 300 * time.Millisecond
	big := strings.Repeat("x", 32<<20)
	failed := make(chan error, 100)
	s := &Server{WriteTimeout: limit, IdleTimeout: 100 * time.Millisecond, KeepAliveTimeoutBuffer: -1}
	s.OnRequest = func(req *IncomingMessage, res *ServerResponse) {
		switch req.URL() {
		case "/endless":
			var err error
			for err == nil {
				_, err = res.Write([]byte(big[:10000]))
			}
			failed <- err
		case "/small-pieces":
			var err error
			for err == nil {
				_, err = res.Write([]byte(big[:100]))
			}
			failed <- err
		case "/big":
			res.End(big)
		case "/late":
			go func() {
				time.Sleep(20 * time.Millisecond)
				res.End(big)
			}()
		case "/mid": // the kernel takes it
			res.End(big[:1<<20])
		case "/small": // of a client whose window is small
			res.End(big[:50000])
		}
	}
	if err := s.prepare(); err != nil {
		t.Fatal(err)
	}
	s.timeouts.linger = 100 * time.Millisecond
	addr := startWarm(t, s)
	return func(t *testing.T) {
		reads := func(c *net.TCPConn, piece int, pause time.Duration) {
			for {
				if _, err := io.CopyN(io.Discard, c, int64(piece)); err != nil {
					return
				}
				time.Sleep(pause)
			}
		}
		request := func(url, fields string) string { return "GET " + url + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" }
		type client struct {
			name, in string
			then     func(c *net.TCPConn)
		}
		clients := []client{
			{"endless", request("/endless", ""), nil},
			{"endless in small pieces", request("/small-pieces", ""), nil},
			{"big", request("/big", ""), nil},
			{"late", request("/late", ""), nil},
			{"big and close", request("/big", "Connection: close\r\n"), nil},
			{"big, half closed", request("/big", ""), func(c *net.TCPConn) { c.CloseWrite() }},
			{"mid", request("/mid", ""), nil},
			{"mid and close", request("/mid", "Connection: close\r\n"), nil},
			{"mid of HTTP/1.0", "GET /mid HTTP/1.0\r\n\r\n", nil},
			{"mid, half closed", request("/mid", ""), func(c *net.TCPConn) { c.CloseWrite() }},
			{"mid, and nonsense", request("/mid", "") + "nonsense\r\n\r\n", nil},
			{"mid, and more", request("/mid", "Connection: close\r\n"), func(c *net.TCPConn) { drip(c, "x", 20*time.Millisecond) }},
			{"small", request("/small", ""), nil},
			{"small and close", request("/small", "Connection: close\r\n"), nil},
			{"pipeline", strings.Repeat(request("/mid", ""), 100), nil},
			{"endless, drips", request("/endless", ""), func(c *net.TCPConn) { reads(c, 1000, 20*time.Millisecond) }},
			{"small pieces, drips", request("/small-pieces", ""), func(c *net.TCPConn) { reads(c, 1000, 20*time.Millisecond) }},
			{"big, drips", request("/big", ""), func(c *net.TCPConn) { reads(c, 1000, 20*time.Millisecond) }},
			{"mid, drips", request("/mid", ""), func(c *net.TCPConn) { reads(c, 500, 20*time.Millisecond) }},
		}
		open := make(map[string]*net.TCPConn)
		var busy sync.WaitGroup
		for _, cl := range clients {
			c := dial(t, addr)
			c.SetReadBuffer(4 << 10)
			io.WriteString(c, cl.in)
			if open[cl.name] = c; cl.then != nil {
				busy.Go(func() { cl.then(c) })
			}
		}
		begin := time.Now()
		for left := []string{"all"}; len(left) > 0; {
			if time.Since(begin) > 3*time.Second+late {
				t.Fatalf("the server's ends of these are there after %v: %q", time.Since(begin), left)
			}
			time.Sleep(limit)
			left = serverEnds(open)
		}
		busy.Wait()
		for _, cl := range clients {
			_, err := io.Copy(io.Discard, open[cl.name])
			if cl.then == nil && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("%s: not reset: %v", cl.name, err)
			}
		}
		for range 4 {
			if err := <-failed; err != ErrConnectionClosed {
				t.Errorf("Write: %v", err)
			}
		}
	}
}

// honestReaders: an answer is read to its end by whoever is not too slow.
func honestReaders(t *testing.T) func(t *testing.T) {
	const limit = 500 * time.Millisecond
	big := strings.Repeat("x", 8<<20)
	s := &Server{WriteTimeout: limit, IdleTimeout: 100 * time.Millisecond, KeepAliveTimeoutBuffer: -1}
	s.OnRequest = func(req *IncomingMessage, res *ServerResponse) {
		switch req.URL() {
		case "/events": // the application is slow, not the client
			for range 6 {
				time.Sleep(limit / 2)
				res.WriteString("event\n")
			}
			res.End()
		case "/mid":
			res.End(big[:1<<20])
		default:
			res.End(big)
		}
	}
	addr := startWarm(t, s)
	return func(t *testing.T) {
		type client struct {
			name, in string
			size     int
			pause    time.Duration // before each 64 KiB
		}
		get := func(url string) string { return "GET " + url + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" }
		clients := []client{
			{"big", get("/big"), len(big), 5 * time.Millisecond},
			{"events", get("/events"), 6 * len("event\n"), 0},
			{"mid", get("/mid"), 1 << 20, 40 * time.Millisecond},
			{"mid, kept alive", strings.Replace(get("/mid"), "Connection: close\r\n", "", 1), 1 << 20, 40 * time.Millisecond},
		}
		together(t, len(clients), clients, func(c client) string { return c.name }, func(t *testing.T, cl client) {
			c := dial(t, addr)
			io.WriteString(c, cl.in)
			var out bytes.Buffer
			for {
				time.Sleep(cl.pause)
				if _, err := io.CopyN(&out, c, 64<<10); err == io.EOF {
					break
				} else if err != nil {
					t.Fatalf("%v after %d bytes", err, out.Len())
				}
			}
			answers := answersIn(t, out.Bytes())
			if len(answers) != 1 || len(answers[0].body) != cl.size {
				t.Errorf("%d answers in %d bytes", len(answers), out.Len())
			}
		})
	}
}
