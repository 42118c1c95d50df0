package http1

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// memoRequests and memoAnswers are what two connections are compared with, of
// which one remembers heads.
var memoRequests = []string{
	"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /x HTTP/1.1\r\nHost: a\r\n\r\n",
	"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\n\r\nhi",
	"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", // ends the connection, as a rule
	"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi",
}

var memoAnswers = []func(res *ServerResponse){
	func(res *ServerResponse) { res.End("Hello") },
	func(res *ServerResponse) { res.SetHeader("Content-Type", "text/plain"); res.End("Hello") },
	func(res *ServerResponse) { res.SetHeader("content-type", "text/plain"); res.End("Hello, World!") },
	func(res *ServerResponse) { res.SetHeader("Content-Type", "text/html"); res.End() },
	func(res *ServerResponse) {
		res.SetHeader("Content-Type", "text/plain")
		res.StatusCode = 404
		res.End("no")
	},
	func(res *ServerResponse) { res.SetHeader("A", "1", "2"); res.End("x") },
	func(res *ServerResponse) { res.SetHeader("U", "1", "2"); res.End("x") },
	func(res *ServerResponse) { res.SetHeader("A", "1"); res.SetHeader("B", "2"); res.End("x") },
	func(res *ServerResponse) { res.SetHeader("B", "2"); res.SetHeader("A", "1"); res.End("x") },
	func(res *ServerResponse) { res.SetHeader("Date", "today"); res.End("x") },
	func(res *ServerResponse) { res.SetHeader("Connection", "keep-alive"); res.End("x") },
	func(res *ServerResponse) { res.SetHeader("Keep-Alive", "timeout=9"); res.End("x") },
	func(res *ServerResponse) { res.SetHeader("Content-Length", "1"); res.End("x") },
	func(res *ServerResponse) { res.SetHeader("Trailer", "T"); res.AddTrailers("T", "1"); res.End("x") },
	func(res *ServerResponse) { res.RemoveHeader("Date"); res.End("x") },
	func(res *ServerResponse) { res.RemoveHeader("Content-Length"); res.End("x") },
	func(res *ServerResponse) { res.SendDate = false; res.End("x") },
	func(res *ServerResponse) { res.StatusMessage = "Fine"; res.End("x") },
	func(res *ServerResponse) { res.StatusCode = 204; res.End() },
	func(res *ServerResponse) { res.StatusCode = 99; res.End() },
	func(res *ServerResponse) { res.WriteHead(200); res.End("x") },
	func(res *ServerResponse) { res.Write([]byte("x")); res.End("y") },
	func(res *ServerResponse) { res.Cork(); res.End("x") },
	func(res *ServerResponse) { res.OnFinish(func() {}); res.End("x") },
	func(res *ServerResponse) { res.End(strings.Repeat("x", copyBytesMax+1)) },
	func(res *ServerResponse) { res.EndBytes(make([]byte, 3*outBytesKept)) },
	func(res *ServerResponse) { panic("memo") },
}

// memoRun returns the output for a sequence of requests and answers, which come
// several at a time.
func memoRun(t *testing.T, seed uint64, remember bool) (out string, used int) {
	random := rand.New(rand.NewPCG(seed, 0))
	now := testTime
	type act struct {
		answer int
		late   bool // when all handlers of the batch have returned
	}
	var script []act
	var late []func()
	f := newFake(t, &Server{now: func() time.Time { return now }, UniqueHeaders: []string{"U"},
		MaxRequestsPerSocket: 1000 + int(seed%2)*150, // the first limit is not reached
		OnRequest: func(_ *IncomingMessage, res *ServerResponse) {
			c := res.conn
			c.mu.Lock()
			if !remember {
				c.memo.spoil()
			} else if len(c.memo.text) > 0 && res.plain() && c.memo.fits(res) {
				used++
			}
			c.unlock()
			a := script[0]
			script = script[1:]
			if a.late && a.answer < len(memoAnswers)-1 {
				late = append(late, func() { memoAnswers[a.answer](res) })
				return
			}
			memoAnswers[a.answer](res)
		}})
	requests := memoRequests[:4]
	if seed%4 == 0 {
		requests = memoRequests
	}
	few := random.IntN(len(memoAnswers)) + 1 // different answers
	for range 300 {
		var batch strings.Builder
		for range 1 + random.IntN(3) {
			repeat := 1 + random.IntN(3)
			request, answer := requests[random.IntN(len(requests))], random.IntN(few)
			for range repeat {
				batch.WriteString(request)
				script = append(script, act{answer, random.IntN(6) == 0})
			}
		}
		if random.IntN(8) == 0 {
			now = now.Add(time.Duration(random.IntN(1500)) * time.Millisecond)
		}
		f.feed(batch.String())
		for ; len(late) > 0; late = late[:len(late)-1] {
			late[len(late)-1]()
		}
		f.drive()
		if f.outEnded || f.closed {
			break
		}
	}
	return string(f.out), used
}

// TestHeadMemo compares with the plain twin.
func TestHeadMemo(t *testing.T) {
	used := 0
	for seed := range uint64(300) {
		want, _ := memoRun(t, seed, false)
		got, n := memoRun(t, seed, true)
		used += n
		if got != want {
			i := 0
			for i < len(got) && i < len(want) && got[i] == want[i] {
				i++
			}
			t.Fatalf("seed %d, byte %d: a remembered head differs:\ngot  %q\nwant %q", seed, i,
				got[max(0, i-200):min(len(got), i+200)], want[max(0, i-200):min(len(want), i+200)])
		}
	}
	if used == 0 {
		t.Error("no head was ever remembered")
	}
	t.Logf("%d heads were at hand", used)
}
