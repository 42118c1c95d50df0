package http1

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// heapBytes returns how much of the heap is in use, without garbage.
func heapBytes() int {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	runtime.GC()
	metrics.Read(sample)
	return int(sample[0].Value.Uint64())
}

// heapPeak notes the most that the heap holds while f runs, beyond what it held
// before.
func heapPeak(t *testing.T, f func()) (bytes int) {
	t.Helper()
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	read := func() uint64 {
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	runtime.GC()
	from := read()
	// 2 MiB of garbage, not as much as other tests have left.
	defer debug.SetGCPercent(debug.SetGCPercent(int(min(100, 1+200<<20/(from+1)))))
	peak := from
	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for {
			peak = max(peak, read())
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	f()
	close(stop)
	<-stopped
	return int(peak - from)
}

// bulk is a long text that is not in memory.
type bulk struct {
	begin string
	fill  string
	count int // of fill
	end   string
}

// writeTo writes in blocks. It goes on until the server has closed.
func (b *bulk) writeTo(w io.Writer) error {
	if _, err := io.WriteString(w, b.begin); err != nil {
		return err
	}
	block := []byte(strings.Repeat(b.fill, min(b.count, 1+65536/len(b.fill))))
	for left := b.count * len(b.fill); left > 0; left -= len(block) {
		if _, err := w.Write(block[:min(left, len(block))]); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, b.end)
	return err
}

// TestLimitsOfMessages: what a peer can make long has an end, the answer says
// which, it can be read by a client that sends all of it first, and nothing of it
// is kept.
func TestLimitsOfMessages(t *testing.T) {
	v := newVictim(t, &Server{})
	const mib = 1 << 20
	const head, chunkedHead = "GET /bad HTTP/1.1\r\nHost: a\r\n", "POST /bad HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	tests := []struct {
		name string
		bulk
		want int
	}{
		{"target of 16 KiB", bulk{"GET /", "x", 16 << 10, " HTTP/1.1\r\nHost: a\r\n\r\n"}, 414},
		{"target of 2 MiB", bulk{"GET /", "x", 2 * mib, " HTTP/1.1\r\nHost: a\r\n\r\n"}, 414},
		{"query of 2 MiB", bulk{"GET /?", "x=y&", mib / 2, " HTTP/1.1\r\nHost: a\r\n\r\n"}, 414},
		{"target without end", bulk{"GET /", "x", 6 * mib, ""}, 414},
		{"method of 70000 bytes", bulk{"", "X", 70000, " / HTTP/1.1\r\nHost: a\r\n\r\n"}, 400},
		{"blanks behind the method", bulk{"GET", " ", 4 * mib, "/ HTTP/1.1\r\nHost: a\r\n\r\n"}, 431},
		{"blanks behind the target", bulk{"GET /", " ", 4 * mib, "HTTP/1.1\r\nHost: a\r\n\r\n"}, 431},
		{"value of 4 MiB", bulk{head + "X: ", "y", 4 * mib, "\r\n\r\n"}, 431},
		{"blanks before a value", bulk{head + "X:", " ", 4 * mib, "y\r\n\r\n"}, 431},
		{"blanks behind a value", bulk{head + "X: y", "\t", 4 * mib, "\r\n\r\n"}, 431},
		{"name of 4 MiB", bulk{head, "X", 4 * mib, ": y\r\n\r\n"}, 431},
		{"Host of 4 MiB", bulk{"GET / HTTP/1.1\r\nHost: ", "a", 4 * mib, "\r\n\r\n"}, 431},
		{"10000 tiny fields", bulk{head, "a:b\r\n", 10000, "\r\n"}, 431},
		{"600000 tiny fields", bulk{head, "a:b\r\n", 600000, "\r\n"}, 431},
		{"600000 empty fields", bulk{head, "a:\r\n", 600000, "\r\n"}, 431},
		{"100000 cookies", bulk{head, "Cookie: a=b\r\n", 100000, "\r\n"}, 431},
		{"head without end", bulk{head + "X: ", "y", 6 * mib, ""}, 431},
		{"Content-Length of 1 MiB", bulk{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ", "0", mib, "3\r\n\r\nabc"}, 431},
		{"Content-Length of many digits", bulk{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ", "9", mib, "\r\n\r\nabc"}, 400},
		{"Transfer-Encoding of 1 MiB", bulk{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ", "x,", mib, "chunked\r\n\r\n"}, 431},
		{"extension of 1 MiB", bulk{chunkedHead + "3;a=", "b", mib, "\r\nabc\r\n0\r\n\r\n"}, 413},
		{"quoted extension of 1 MiB", bulk{chunkedHead + "3;a=\"", "b", mib, "\"\r\nabc\r\n0\r\n\r\n"}, 413},
		{"extensions of 1 MiB", bulk{chunkedHead + "3", ";a=b", mib / 4, "\r\nabc\r\n0\r\n\r\n"}, 413},
		{"4000 extensions of 1000 bytes", bulk{chunkedHead, "1;a=" + strings.Repeat("b", 996) + "\r\nx\r\n", 4000, "0\r\n\r\n"}, 413},
		{"extensions of one byte", bulk{chunkedHead, "1;a\r\nx\r\n", 400000, "0\r\n\r\n"}, 413},
		{"extension of the last chunk", bulk{chunkedHead + "0;a=", "b", mib, "\r\n\r\n"}, 413},
		{"chunk size of 1 MiB", bulk{chunkedHead, "0", mib, "3\r\nabc\r\n0\r\n\r\n"}, 413},
		{"chunk sizes with zeros", bulk{chunkedHead, strings.Repeat("0", 1000) + "1\r\nx\r\n", 4000, "0\r\n\r\n"}, 413},
		{"trailer of 4 MiB", bulk{chunkedHead + "0\r\nX: ", "y", 4 * mib, "\r\n\r\n"}, 431},
		{"trailers of 4 MiB", bulk{chunkedHead + "0\r\n", "X: " + strings.Repeat("y", 59) + "\r\n", 4 * mib / 64, "\r\n"}, 431},
		{"10000 trailers", bulk{chunkedHead + "0\r\n", "a:b\r\n", 10000, "\r\n"}, 431},
		{"trailers without end", bulk{chunkedHead + "0\r\n", "a:b\r\n", mib, ""}, 431},
	}
	var held atomic.Int64
	grown := heapPeak(t, func() {
		together(t, 8, tests, func(test struct {
			name string
			bulk
			want int
		}) string {
			return test.name
		}, func(t *testing.T, test struct {
			name string
			bulk
			want int
		}) {
			held.Add(int64(test.count * len(test.fill)))
			c := dial(t, v.addr)
			defer c.Close()
			test.begin = before + test.begin
			if err := test.writeTo(c); err != nil {
				t.Errorf("sending: %v", err)
			}
			out, err := io.ReadAll(c)
			if err != nil {
				t.Errorf("%v after %q", err, out)
			}
			th := threat{want: test.want}
			th.check(t, "all sent first", answersIn(t, out), v.requests(c))
		})
	})
	if most := 8 << 20; grown > most {
		t.Errorf("the heap grew by %d bytes while %d came in, want at most %d", grown, held.Load(), most)
	}
}

// TestLimitsLetThrough: what is long and still usual is served.
func TestLimitsLetThrough(t *testing.T) {
	v := newVictim(t, &Server{})
	for _, test := range []struct{ name, in, want string }{
		{"target of 8000 bytes", "GET /" + strings.Repeat("x", 7999) + " HTTP/1.1\r\nHost: a\r\n\r\n", "GET /" + strings.Repeat("x", 7999) + " []"},
		{"target of 16000 bytes", "GET /" + strings.Repeat("x", 15999) + " HTTP/1.1\r\nHost: a\r\n\r\n", "GET /" + strings.Repeat("x", 15999) + " []"},
		{"field of 16000 bytes", get("X: " + strings.Repeat("y", 16000) + "\r\n"), "GET /bad []"},
		{"999 fields", get(lines(manyFields(999))), "GET /bad []"},
		{"extension of 16000 bytes", chunked("3;a=" + strings.Repeat("b", 16000) + "\r\nabc\r\n0\r\n\r\n"), "POST /bad [abc]"},
		{"60 extensions of 1000 bytes", chunked(strings.Repeat("1;a="+strings.Repeat("b", 996)+"\r\nx\r\n", 60) + "0\r\n\r\n"), "POST /bad [" + strings.Repeat("x", 60) + "]"},
		{"10000 chunks of one byte", chunked(strings.Repeat("1\r\nx\r\n", 10000) + "0\r\n\r\n"), "POST /bad [" + strings.Repeat("x", 10000) + "]"},
		{"trailers of 16000 bytes", chunked("3\r\nabc\r\n0\r\nX: " + strings.Repeat("y", 16000) + "\r\n\r\n"), "POST /bad [abc]"},
		{"999 trailers", chunked("3\r\nabc\r\n0\r\n" + lines(manyFields(999)) + "\r\n"), "POST /bad [abc]"},
		{"1000 blank lines before", strings.Repeat("\r\n", 1000) + get(""), "GET /bad []"},
		{"body of 1 MiB", post(lengthOf(strings.Repeat("x", 1<<20)), strings.Repeat("x", 1<<20)), "POST /bad [" + strings.Repeat("x", 1<<20) + "]"},
	} {
		_, seen := v.attack(t, test.in+lastGet)
		if want := []string{test.want, "GET / []"}; !slices.Equal(seen, want) {
			t.Errorf("%s: handled %.200q", test.name, seen)
		}
	}
}

// TestEndlessClients: a client that never stops sending is cut off, by bytes and
// not only by time.
func TestEndlessClients(t *testing.T) {
	addr := start(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		if req.URL() == "/read" {
			io.Copy(io.Discard, req.Body())
		}
		res.End("x")
	}})
	tests := map[string][2]string{
		"head":              {"GET / HTTP/1.1\r\nHost: a\r\nX: ", "y"},
		"fields":            {"GET / HTTP/1.1\r\nHost: a\r\n", "X: y\r\n"},
		"behind a refusal":  {"nonsense\r\n\r\n", "x"},
		"behind the last":   {lastGet, hidden},
		"unwanted body":     {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "1000\r\n" + strings.Repeat("x", 0x1000) + "\r\n"},
		"unwanted length":   {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n", "x"},
		"extensions":        {"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "1;" + strings.Repeat("a", 1000) + "\r\nx\r\n"},
		"trailers":          {"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"},
		"behind an upgrade": {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close, upgrade\r\nUpgrade: x\r\n\r\n", hidden},
	}
	var names []string
	for name := range tests {
		names = append(names, name)
	}
	together(t, 4, names, self, func(t *testing.T, name string) {
		c := dial(t, addr)
		defer c.Close()
		sent := make(chan error, 1)
		go func() {
			b := bulk{begin: tests[name][0], fill: tests[name][1], count: 1 << 30 / len(tests[name][1])}
			sent <- b.writeTo(c)
		}()
		out, _ := io.ReadAll(c)
		if !strings.HasPrefix(string(out), "HTTP/1.1 ") {
			t.Errorf("no answer: %q", out)
		}
		if err := <-sent; err == nil {
			t.Error("the server has taken a gigabyte")
		}
	})
}

// TestAnnouncedSizes: what a client announces costs nothing before it is there.
func TestAnnouncedSizes(t *testing.T) {
	const each = 25
	entered := make(chan bool)
	addr := start(t, &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		p := make([]byte, 4)
		_, err := io.ReadFull(req.Body(), p)
		entered <- err == nil
		io.Copy(io.Discard, req.Body())
	}})
	var all []string
	for _, announced := range []string{
		"Content-Length: 9223372036854775807\r\n\r\nabcd", "Content-Length: 4294967296\r\n\r\nabcd",
		"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabcd", "Transfer-Encoding: chunked\r\n\r\n7fffffff\r\nabcd",
	} {
		all = append(all, slices.Repeat([]string{announced}, each)...)
	}
	grown := heapPeak(t, func() {
		for i, announced := range all {
			c := dial(t, addr)
			fmt.Fprintf(c, "POST /%d HTTP/1.1\r\nHost: a\r\n%s", i, announced)
		}
		for range all {
			if !<-entered {
				t.Error("a body cannot be read")
			}
		}
	})
	if most := len(all) * 64 << 10; grown > most {
		t.Errorf("the heap grew by %d bytes for %d requests, want at most %d", grown, len(all), most)
	}
}
