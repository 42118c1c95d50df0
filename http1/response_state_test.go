package http1

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMend: an End that fails sends nothing; who is there may mend it, else the
// server does.
func TestMend(t *testing.T) {
	bad := func(res *ServerResponse) { res.StatusMessage = "a\nb" }
	for _, test := range []struct {
		name    string
		reject  bool
		handler handlerFunc
		in      string
		want    string // the beginning of the answer
		state   string
	}{
		{"mended", false, func(_ *IncomingMessage, res *ServerResponse) {
			bad(res)
			if err := res.End("x"); err == nil || res.HeadersSent() || res.WritableEnded() {
				panic(fmt.Sprint(err))
			}
			res.StatusMessage = "good"
			res.End("y")
		}, getA, "HTTP/1.1 200 good\r\n", "open"},
		{"not mended", false, func(_ *IncomingMessage, res *ServerResponse) { bad(res); res.End("x") },
			getA, "HTTP/1.1 500 Internal Server Error\r\n", "ended"},
		{"mended in OnEnd", false, func(req *IncomingMessage, res *ServerResponse) {
			req.OnData(func([]byte) {})
			req.OnEnd(func() {
				bad(res)
				res.End("x")
				res.StatusMessage = ""
				res.End("y")
			})
		}, getA, "HTTP/1.1 200 OK\r\n", "open"},
		{"not mended in OnEnd", false, func(req *IncomingMessage, res *ServerResponse) {
			req.OnData(func([]byte) {})
			req.OnEnd(func() { bad(res); res.End("x") })
		}, getA, "HTTP/1.1 500 ", "ended"},
		{"destroyed", false, func(_ *IncomingMessage, res *ServerResponse) { bad(res); res.End("x"); res.Destroy() },
			getA, "", "closed"},
		{"refused body", true, func(_ *IncomingMessage, res *ServerResponse) { res.End("x") },
			"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n", "open"},
		{"trailers without chunks", false, func(_ *IncomingMessage, res *ServerResponse) {
			res.SetHeader("Trailer", "x")
			res.SetHeader("Content-Length", "1")
			if err := res.End("x"); err != ErrTrailerInvalid {
				panic(fmt.Sprint(err))
			}
			res.RemoveHeader("Trailer")
			res.End("x")
		}, getA, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n", "open"},
	} {
		f := newFake(t, &Server{RejectNonStandardBodyWrites: test.reject, OnRequest: test.handler})
		f.feed(test.in)
		if !strings.HasPrefix(string(f.out), test.want) || test.want == "" && len(f.out) > 0 || f.state() != test.state {
			t.Errorf("%s: %q, %s", test.name, f.out, f.state())
		}
	}
}

// TestMendElsewhere: nobody waits for an End that has failed after the handler
// has returned.
func TestMendElsewhere(t *testing.T) {
	var res *ServerResponse
	f := newFake(t, &Server{OnRequest: func(_ *IncomingMessage, r *ServerResponse) { res = r }})
	f.feed(getA)
	res.StatusMessage = "a\nb"
	var bad *HeaderError
	if err := res.End("x"); !errors.As(err, &bad) || !res.WritableEnded() || !strings.HasPrefix(string(f.out), "HTTP/1.1 500 ") {
		t.Errorf("%v, ended %v, %q", err, res.WritableEnded(), f.out)
	}
}

// TestStrictContentLength: what does not match is refused before it is sent.
func TestStrictContentLength(t *testing.T) {
	for _, test := range []struct {
		body []string
		want []error
		out  string
	}{
		{[]string{"hello"}, []error{nil}, "hello"},
		{[]string{"hel", "lo"}, []error{nil, nil}, "hello"},
		{[]string{"hell"}, []error{http.ErrContentLength}, ""},
		{[]string{"hello!"}, []error{http.ErrContentLength}, ""},
		{[]string{"hello", "!"}, []error{nil, http.ErrContentLength}, ""},
		{[]string{"hello!", ""}, []error{http.ErrContentLength, http.ErrContentLength}, ""},
	} {
		var got []error
		out := answerOf(t, getA, func(_ *IncomingMessage, res *ServerResponse) {
			res.StrictContentLength = true
			res.SetHeader("Content-Length", "5")
			for i, p := range test.body {
				var err error
				if i < len(test.body)-1 {
					_, err = res.WriteString(p)
				} else {
					err = res.End(p)
				}
				got = append(got, err)
			}
			if !res.WritableEnded() {
				res.Destroy()
			}
		})
		if !slices.Equal(got, test.want) || !strings.HasSuffix(out, test.out) || test.out == "" && out != "" {
			t.Errorf("%q: %v, %q", test.body, got, out)
		}
	}
}

// TestDestroy: answers before are delivered, what has not left is dropped, and a
// response that is not at the front waits for its turn to do that.
func TestDestroy(t *testing.T) {
	answer := func(url string) string { return "answer to " + url }
	handlers := map[string]handlerFunc{
		"/good": func(req *IncomingMessage, res *ServerResponse) { res.End(answer(req.URL())) },
		"/res":  func(_ *IncomingMessage, res *ServerResponse) { res.Destroy() },
		"/req":  func(req *IncomingMessage, _ *ServerResponse) { req.Destroy() },
		"/sock": func(req *IncomingMessage, _ *ServerResponse) { req.Socket().Destroy() },
		"/part": func(_ *IncomingMessage, res *ServerResponse) { res.WriteString("part"); res.Destroy() },
		"/wait": func(*IncomingMessage, *ServerResponse) {},
		"/rst":  func(req *IncomingMessage, _ *ServerResponse) { req.Socket().ResetAndDestroy() },
	}
	for _, test := range []struct {
		urls  []string
		want  int
		state string
	}{
		{[]string{"/res"}, 0, "closed"}, {[]string{"/req"}, 0, "closed"}, {[]string{"/sock"}, 0, "closed"}, {[]string{"/part"}, 0, "closed"},
		{[]string{"/good", "/res", "/good"}, 1, "closed"}, {[]string{"/good", "/sock", "/good"}, 1, "closed"},
		{[]string{"/good", "/part", "/good"}, 1, "closed"}, {[]string{"/wait", "/sock"}, 0, "closed"}, {[]string{"/wait", "/res"}, 0, "open"},
		{[]string{"/wait", "/part", "/good"}, 0, "open"}, {[]string{"/rst"}, 0, "closed"},
	} {
		var in string
		for _, url := range test.urls {
			in += "GET " + url + " HTTP/1.1\r\nHost: a\r\n\r\n"
		}
		var first *ServerResponse
		f := newFake(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
			if first == nil {
				first = res
			}
			handlers[req.URL()](req, res)
		}})
		f.feed(in)
		if got := bodies(t, f.out); len(got) != test.want || f.state() != test.state {
			t.Errorf("%q: %q, %s", test.urls, got, f.state())
		}
		if test.state == "open" { // the turn of the second comes
			first.End("first")
			f.drive()
			if got := bodies(t, f.out); len(got) != 1 || f.state() != "ended" { // the client may read it
				t.Errorf("%q, then: %q, %s", test.urls, got, f.state())
			}
		}
	}
}

// TestDestroyed: what a destroyed response says of itself.
func TestDestroyed(t *testing.T) {
	var res *ServerResponse
	f := newFake(t, &Server{OnRequest: func(_ *IncomingMessage, r *ServerResponse) { res = r }})
	f.feed(getA + getA) // res is behind another one
	if res.Destroyed() {
		t.Error("destroyed at first")
	}
	res.WriteString("x")
	res.Destroy()
	if _, err := res.WriteString("x"); !res.Destroyed() || err != ErrConnectionClosed || f.conn.heldBytes != 0 {
		t.Errorf("destroyed %v, Write: %v, %d bytes held", res.Destroyed(), err, f.conn.heldBytes)
	}
}

// TestDrain: a Write beyond the mark says so, and OnDrain is called when it has
// been taken.
func TestDrain(t *testing.T) {
	var log []any
	f := newFake(t, &Server{HighWaterMark: 1000, OnRequest: func(_ *IncomingMessage, res *ServerResponse) {
		res.OnDrain(func() {
			log = append(log, "drain", res.WritableNeedDrain(), res.WritableLength())
			res.End("x")
		})
		for _, n := range []int{10, 20000} {
			res.Write(make([]byte, n))
			log = append(log, res.WritableNeedDrain(), res.WritableLength() >= n)
		}
		log = append(log, res.WritableHighWaterMark())
	}})
	f.feed(getA)
	if want := []any{false, true, true, true, 1000, "drain", false, 0}; !slices.Equal(log, want) {
		t.Errorf("got %v, want %v", log, want)
	}
	if got := bodies(t, f.out); len(got) != 1 || len(got[0]) != 20011 {
		t.Errorf("%d answers", len(got))
	}
}

// TestDrainBehind: the same for a response whose turn has not come; it may write
// as it likes, but not without end.
func TestDrainBehind(t *testing.T) {
	drained := make(chan bool, 2)
	var all []*ServerResponse
	f := newFake(t, &Server{HighWaterMark: 1000, OnRequest: func(_ *IncomingMessage, res *ServerResponse) {
		res.OnDrain(func() { drained <- true })
		all = append(all, res)
	}})
	f.feed(getA + getA)
	wrote := make(chan int, 200)
	go func() {
		for range 200 {
			n, _ := all[1].Write(make([]byte, 10000))
			wrote <- n
		}
		close(wrote)
	}()
	for range drainBytesMax / 10000 {
		<-wrote
	}
	time.Sleep(10 * time.Millisecond)
	if n := len(wrote); n > 1 || !all[1].WritableNeedDrain() || len(drained) > 0 {
		t.Errorf("%d more, need drain %v, %d drained", n, all[1].WritableNeedDrain(), len(drained))
	}
	all[0].End()
	f.drive()
	<-drained
	for range wrote {
	}
}

func TestWritableCorked(t *testing.T) {
	answerOf(t, getA, func(_ *IncomingMessage, res *ServerResponse) {
		res.Cork()
		res.Cork()
		res.Uncork()
		if n := res.WritableCorked(); n != 1 || res.Req().URL() != "/" || res.ChunkedEncoding() {
			t.Errorf("corked %d, %q, chunked %v", n, res.Req().URL(), res.ChunkedEncoding())
		}
		res.WriteString("x")
		if !res.ChunkedEncoding() {
			t.Error("not chunked")
		}
		res.End()
	})
}

// TestNobodyIsCalledBack: who holds a lock of his own that OnFinish takes may call
// End.
func TestNobodyIsCalledBack(t *testing.T) {
	lock := make(chan bool, 1)
	finished := make(chan bool, 2)
	var late *ServerResponse
	f := newFake(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		res.OnFinish(func() {
			lock <- true
			<-lock
			finished <- true
		})
		if req.URL() == "/late" {
			late = res
			return
		}
		lock <- true
		res.End(strings.Repeat("x", outBytesMax))
		<-lock
	}})
	f.feed(getA)
	f.feed("GET /late HTTP/1.1\r\nHost: a\r\n\r\n")
	lock <- true
	late.End("x")
	<-lock
	for range 2 {
		select {
		case <-finished:
		case <-time.After(5 * time.Second):
			t.Fatal("OnFinish is not called")
		}
	}
}
