package http1

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cork-go/cork/internal/invariants"
)

// The threats_… tests attack a server from outside, over real sockets: each
// shows that one thing which has gone wrong in other servers does not go wrong
// here. docs/threats.md says which test holds what.

const (
	// before is asked ahead of what must be refused: it has to be answered.
	before = "GET /before HTTP/1.1\r\nHost: a\r\n\r\n"
	// hidden stands behind what must be refused, or inside of it: no handler may
	// see it.
	hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"

	// floodBytes is what a client sends behind a bad request before it reads: more
	// than a read takes. Every tenth sends deluge times as much, which is more than
	// the buffers between the two hold.
	floodBytes = 100 << 10
	deluge     = 20
)

// victim is a server that notes what it was made to do.
type victim struct {
	addr string

	mu   sync.Mutex
	seen map[string][]string // requests that were handled with a whole body, by client
}

// newVictim starts s, whose handler is the victim's: it reads the body and
// answers with the method, the target and the body.
func newVictim(t *testing.T, s *Server) *victim {
	t.Helper()
	v := &victim{seen: make(map[string][]string)}
	s.OnRequest = v.onRequest
	v.addr = startWarm(t, s)
	return v
}

// startWarm is start for a test with several servers: each counts goroutines, so
// the event loops of those before it have to be there.
func startWarm(t *testing.T, s *Server) (addr string) {
	t.Helper()
	addr = start(t, s)
	c := dial(t, addr)
	io.WriteString(c, "nonsense\r\n\r\n")
	io.Copy(io.Discard, c)
	c.Close()
	return addr
}

func (v *victim) onRequest(req *IncomingMessage, res *ServerResponse) {
	line, err := handled(req)
	if err != nil {
		return
	}
	v.mu.Lock()
	client := req.RemoteAddr().String()
	v.seen[client] = append(v.seen[client], line)
	v.mu.Unlock()
	res.End(line)
}

// handled reads a request and returns its method, target and body.
func handled(req *IncomingMessage) (string, error) {
	body, err := io.ReadAll(req.Body())
	return fmt.Sprintf("%s %s [%s]", req.Method(), req.URL(), body), err
}

// requests returns what was handled for a client.
func (v *victim) requests(c net.Conn) []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.seen[c.LocalAddr().String()])
}

// attack sends the pieces, all of them before it reads, and returns the answers
// and what was handled. The server must close by itself, and not with a reset.
func (v *victim) attack(t *testing.T, pieces ...string) (answers []strictAnswer, seen []string) {
	t.Helper()
	c := dial(t, v.addr)
	defer c.Close()
	for i, p := range pieces {
		if i > 0 {
			time.Sleep(time.Millisecond) // so that it comes in by itself
		}
		if _, err := io.WriteString(c, p); err != nil {
			t.Errorf("piece %d of %d, %.200q: %v", i, len(pieces), p, err)
			break
		}
	}
	out, err := io.ReadAll(c)
	if err != nil {
		t.Errorf("reading the answers to %.200q: %v after %.300q", pieces, err, out)
	}
	return answersIn(t, out), v.requests(c)
}

// answersIn reads answers, none of which is to HEAD.
func answersIn(t *testing.T, out []byte) (all []strictAnswer) {
	t.Helper()
	for r := newStrictReader(out); !r.done(); {
		a, err := r.answer(false)
		if err != nil {
			t.Errorf("answer %d: %v in %.500q", len(all), err, out)
			return all
		}
		all = append(all, a)
	}
	return all
}

func statuses(all []strictAnswer) (out []int) {
	for _, a := range all {
		out = append(out, a.status)
	}
	return out
}

// threat is a request that has to be refused.
type threat struct {
	name, in string
	want     int // the status
}

// run sends the threats, each behind a good request and before a hidden one:
// over sockets in two pieces with a flood behind it, and from memory whole, byte
// by byte and split at every place.
func (v *victim) run(t *testing.T, threats []threat) {
	t.Helper()
	flood := strings.Repeat(hidden, floodBytes/len(hidden))
	sent := make(map[string]int)
	for _, th := range threats {
		sent[th.name] = len(sent)
	}
	if len(sent) != len(threats) {
		t.Errorf("%d names for %d threats", len(sent), len(threats))
	}
	together(t, 8, threats, func(th threat) string { return th.name }, func(t *testing.T, th threat) {
		for i, cut := range []int{len(before), len(before) + len(th.in)/2} {
			in, behind := before+th.in+hidden, flood
			if i == 1 && sent[th.name]%10 == 0 {
				behind = strings.Repeat(flood, deluge)
			}
			answers, seen := v.attack(t, in[:cut], in[cut:]+behind)
			th.check(t, fmt.Sprint("cut at ", cut), answers, seen)
		}
		if testCarrier == CarrierAuto { // else it has been done
			th.split(t, sent[th.name])
		}
	})
}

func (th *threat) check(t *testing.T, how string, answers []strictAnswer, seen []string) {
	t.Helper()
	if got, want := statuses(answers), []int{200, th.want}; !slices.Equal(got, want) {
		t.Errorf("%s: %d answers %v, want %v", how, len(got), got[:min(len(got), 5)], want)
	} else if last := answers[1]; !slices.Equal(last.get("Connection"), []string{"close"}) {
		t.Errorf("%s: the refusal says %q about the connection", how, last.get("Connection"))
	}
	if want := []string{"GET /before []"}; !slices.Equal(seen, want) {
		t.Errorf("%s: handled %d requests %.200q, want %q", how, len(seen), fmt.Sprint(seen), want)
	}
}

// split is run without sockets. What comes before and behind is not split, and
// with the race detector not each place is taken, but every place by some threat.
func (th *threat) split(t *testing.T, number int) {
	t.Helper()
	var seen []string
	s := &Server{OnRequest: func(req *IncomingMessage, res *ServerResponse) {
		if line, err := handled(req); err == nil {
			seen = append(seen, line)
			res.End(line)
		}
	}}
	try := func(how string, pieces ...[]byte) {
		if t.Failed() {
			return
		}
		seen = nil
		f := newFake(t, s)
		f.pieces = pieces
		f.drive()
		th.check(t, how, answersIn(t, f.out), seen)
		if f.state() != "ended" {
			t.Errorf("%s: connection is %s, want ended", how, f.state())
		}
	}
	in := []byte(before + th.in + hidden)
	try("whole", in)
	step := 1 + len(th.in)/400
	if invariants.Enabled {
		step = max(7, len(th.in)/20)
	}
	if len(in) < 400 || !invariants.Enabled || number%10 == 0 {
		try("byte by byte", bytewise(in)...)
	}
	for at := len(before) + number%step; at < len(before)+len(th.in); at += step {
		try(fmt.Sprint("split at ", at), in[:at], in[at:])
	}
}

func bytewise(in []byte) (pieces [][]byte) {
	for i := range in {
		pieces = append(pieces, in[i:i+1])
	}
	return pieces
}

// together runs a subtest for each item, n of them at a time whatever -parallel
// says: for tests that mostly wait.
func together[T any](t *testing.T, n int, items []T, name func(T) string, run func(t *testing.T, item T)) {
	t.Helper()
	var wg sync.WaitGroup
	free := make(chan struct{}, n)
	for _, item := range items {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			t.Run(name(item), func(t *testing.T) { run(t, item) })
		})
	}
	wg.Wait()
}

func self(s string) string { return s }

// post is a POST with more fields, which end in CRLF, and what follows its head.
func post(fields, rest string) string {
	return "POST /bad HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + rest
}

// TestThreatTable: each test that docs/threats.md names is there, and each test of
// a threat is named.
func TestThreatTable(t *testing.T) {
	table, err := os.ReadFile("../docs/threats.md")
	if err != nil {
		t.Fatal(err)
	}
	named := make(map[string]bool)
	for _, name := range regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(string(table), -1) {
		named[name] = true
	}
	there := make(map[string]bool)
	files, _ := filepath.Glob("*_test.go")
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(src), -1) {
			there[m[1]] = true
			if strings.HasPrefix(file, "threats_") && !named[m[1]] && m[1] != "TestThreatTable" && !strings.HasSuffix(m[1], "Child") {
				t.Errorf("docs/threats.md does not name %s", m[1])
			}
		}
	}
	for name := range named {
		if !there[name] {
			t.Errorf("docs/threats.md names %s, which is not there", name)
		}
	}
}
