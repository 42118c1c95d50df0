package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// quiet is how long the clients of tests may say nothing.
const quiet = 2 * time.Second

// bench is a running server and its folder.
type bench struct {
	t    *testing.T
	app  *app
	dir  string
	addr string
	stop func() // and wait until it has stopped
}

// start runs a server that takes files of up to most bytes.
func start(t *testing.T, most int64) *bench {
	t.Helper()
	dir := t.TempDir()
	s, err := openStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := newApp(s, options{max: most, timeout: time.Minute, quiet: quiet, grace: 100 * time.Millisecond}, log.New(io.Discard, "", 0))
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- serve(ctx, narrowListener{l}, a) }()
	stop := sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-served:
			if err != nil {
				t.Errorf("serve: %v", err)
			}
		case <-time.After(20 * time.Second):
			t.Error("does not stop")
		}
		s.Close()
	})
	t.Cleanup(stop)
	return &bench{t, a, dir, l.Addr().String(), stop}
}

// narrowListener gives its connections small buffers, so that a client that is
// not read is stopped soon.
type narrowListener struct{ net.Listener }

func (l narrowListener) Accept() (net.Conn, error) {
	socket, err := l.Listener.Accept()
	if err == nil {
		_ = socket.(*net.TCPConn).SetReadBuffer(64 << 10)
	}
	return socket, err
}

// put uploads with net/http's client; chunked hides the length from it.
func (b *bench) put(target string, body []byte, chunked bool) (status int, text string) {
	b.t.Helper()
	var reader io.Reader = bytes.NewReader(body)
	if chunked {
		reader = io.MultiReader(reader)
	}
	req, err := http.NewRequest("PUT", "http://"+b.addr+target, reader)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(req)
}

func (b *bench) get(target string) (status int, text string) {
	b.t.Helper()
	req, err := http.NewRequest("GET", "http://"+b.addr+target, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(req)
}

func (b *bench) do(req *http.Request) (status int, text string) {
	b.t.Helper()
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		b.t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	return res.StatusCode, string(answer)
}

// raw sends bytes over a connection of its own, with CRLF for line ends.
func (b *bench) raw(text string) *net.TCPConn {
	b.t.Helper()
	socket, err := net.Dial("tcp", b.addr)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { socket.Close() })
	_ = socket.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(socket, strings.ReplaceAll(text, "\n", "\r\n")); err != nil {
		b.t.Fatal(err)
	}
	return socket.(*net.TCPConn)
}

// answer reads an answer from a connection.
func answer(t *testing.T, socket net.Conn) *http.Response {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(socket), &http.Request{Method: "PUT"})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// files returns the names in the folder.
func (b *bench) files() (names []string) {
	b.t.Helper()
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// expectFiles waits until the folder holds those files and no others: who has
// seen an upload fail may look before it is cleaned up.
func (b *bench) expectFiles(want ...string) {
	b.t.Helper()
	for range 500 {
		if slices.Equal(b.files(), want) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.t.Errorf("the folder holds %q, want %q", b.files(), want)
}

// expectProgress waits until an upload is where it should be.
func (b *bench) expectProgress(id string, want progress) {
	b.t.Helper()
	var got progress
	for range 500 {
		status, text := b.get("/progress/" + id)
		if err := json.Unmarshal([]byte(text), &got); status == 200 && err != nil {
			b.t.Fatalf("%q: %v", text, err)
		}
		if got == want {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.t.Errorf("%s is at %+v, want %+v", id, got, want)
}

func TestStores(t *testing.T) {
	b := start(t, 10<<20)
	for _, chunked := range []bool{false, true} {
		for _, size := range []int{0, 1, pieceBytes, pieceBytes + 1, 3 << 20} {
			body := bytes.Repeat([]byte("cork"), size/4+1)[:size]
			name := fmt.Sprintf("%d-%t.bin", size, chunked)
			status, text := b.put("/files/"+name, body, chunked)
			got, err := os.ReadFile(filepath.Join(b.dir, name))
			if status != 201 || err != nil || !bytes.Equal(got, body) {
				t.Errorf("%s: %d %s, %d bytes, %v", name, status, text, len(got), err)
			}
		}
	}
	if names := b.files(); len(names) != 10 {
		t.Errorf("the folder holds %q, want the ten files", names)
	}
}

func TestReplaces(t *testing.T) {
	b := start(t, 100)
	for i, status := range []int{201, 200} {
		body := []byte(strconv.Itoa(i))
		got, text := b.put("/files/a", body, false)
		onDisk, _ := os.ReadFile(filepath.Join(b.dir, "a"))
		if got != status || !bytes.Equal(onDisk, body) {
			t.Errorf("upload %d: %d %s, file %q; want %d", i, got, text, onDisk, status)
		}
	}
	b.expectFiles("a")
}

func TestLimit(t *testing.T) {
	const most = 100_000
	b := start(t, most)
	for _, chunked := range []bool{false, true} {
		if status, text := b.put("/files/fits", make([]byte, most), chunked); status/100 != 2 {
			t.Errorf("at the limit, chunked %t: %d %s", chunked, status, text)
		}
		if status, text := b.put("/files/over", make([]byte, most+1), chunked); status != 413 {
			t.Errorf("beyond the limit, chunked %t: %d %s, want 413", chunked, status, text)
		}
		b.expectFiles("fits")
	}
	// What is announced is not waited for.
	res := answer(t, b.raw("PUT /files/over HTTP/1.1\nHost: a\nContent-Length: 100001\n\n"))
	if res.StatusCode != 413 || !res.Close {
		t.Errorf("announced: %d, close %t; want 413 and close", res.StatusCode, res.Close)
	}
	b.expectFiles("fits")
}

func TestNames(t *testing.T) {
	b := start(t, 100)
	for _, name := range []string{"a", "A b.txt", "ä.pdf", "a..b", "日本.txt", "a_(1)+@,.x", strings.Repeat("n", nameBytesMax)} {
		target := "/files/" + strings.ReplaceAll(name, " ", "%20")
		if status, text := b.put(target, []byte("x"), false); status != 201 {
			t.Errorf("%q: %d %s, want 201", name, status, text)
		}
		if err := os.Remove(filepath.Join(b.dir, name)); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{
		"", ".", "..", ".hidden", "..%2fa", "%2e%2e%2fa", "a%2fb", "a/b", "../a", "a%5cb", "a%00b", "a%0ab", "a.", "a%20", "%20a",
		"-rf", "a:b", "c:%5ca", "a*", "%e2%80%aea", "%ff", "%zz", "%2fetc%2fpasswd", strings.Repeat("n", nameBytesMax+1),
	} {
		res := answer(t, b.raw("PUT /files/"+name+" HTTP/1.1\nHost: a\nContent-Length: 1\n\nx"))
		if res.StatusCode != 400 {
			t.Errorf("%q: %d, want 400", name, res.StatusCode)
		}
	}
	b.expectFiles()
	if parent, err := os.ReadDir(filepath.Dir(b.dir)); err != nil || len(parent) != 1 {
		t.Errorf("beside the folder: %v, %v", parent, err)
	}
}

// What is in the folder already cannot lead out of it.
func TestLinksAndFolders(t *testing.T) {
	b := start(t, 100)
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(b.dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(b.dir, "link")); err != nil {
		t.Skip("no links here:", err)
	}
	if status, text := b.put("/files/link", []byte("new"), false); status != 200 {
		t.Errorf("a link: %d %s, want 200", status, text)
	}
	if got, _ := os.ReadFile(outside); string(got) != "old" {
		t.Errorf("the file that the link led to is %q now", got)
	}
	if status, text := b.put("/files/folder", []byte("new"), false); status != 409 {
		t.Errorf("a folder: %d %s, want 409", status, text)
	}
	b.expectFiles("folder", "link")
}

func TestAbort(t *testing.T) {
	b := start(t, 1<<20)
	for name, request := range map[string]string{
		"sized":   "Content-Length: 10\n\nhello",
		"chunked": "Transfer-Encoding: chunked\n\n5\nhello\n",
	} {
		socket := b.raw("PUT /files/half?id=" + name + " HTTP/1.1\nHost: a\n" + request)
		total := int64(10)
		if name == "chunked" {
			total = -1
		}
		b.expectProgress(name, progress{"half", 5, total, stateReceiving, ""})
		if names := b.files(); len(names) != 1 || !strings.HasPrefix(names[0], tempPrefix) {
			t.Errorf("%s: in the middle the folder holds %q", name, names)
		}
		socket.Close()
		b.expectProgress(name, progress{"half", 5, total, stateFailed, "the file is not complete"})
		b.expectFiles()
	}
}

// A client that says nothing any more is given up.
func TestQuiet(t *testing.T) {
	b := start(t, 1<<20)
	b.raw("PUT /files/half?id=x HTTP/1.1\nHost: a\nContent-Length: 10\n\nhello")
	b.expectProgress("x", progress{"half", 5, 10, stateReceiving, ""})
	began := time.Now()
	b.expectProgress("x", progress{"half", 5, 10, stateFailed, "the file is not complete"})
	if d := time.Since(began); d < quiet/2 || d > quiet+3*time.Second {
		t.Errorf("given up after %v, want %v", d, quiet)
	}
	b.expectFiles()
}

// A client that asks first is told to go on, or why not.
func TestExpect(t *testing.T) {
	b := start(t, 5)
	socket := b.raw("PUT /files/a HTTP/1.1\nHost: a\nExpect: 100-continue\nContent-Length: 5\n\n")
	r := bufio.NewReader(socket)
	if res, err := http.ReadResponse(r, nil); err != nil || res.StatusCode != 100 {
		t.Fatalf("%v, %v; want 100", res, err)
	}
	if _, err := io.WriteString(socket, "hello"); err != nil {
		t.Fatal(err)
	}
	if res, err := http.ReadResponse(r, nil); err != nil || res.StatusCode != 201 {
		t.Fatalf("%v, %v; want 201", res, err)
	}
	for request, status := range map[string]int{"PUT /files/b": 413, "PUT /files/.b": 400, "POST /": 405} {
		res := answer(t, b.raw(request+" HTTP/1.1\nHost: a\nExpect: 100-continue\nContent-Length: 6\n\n"))
		if res.StatusCode != status || !res.Close {
			t.Errorf("%s: %d, close %t; want %d and close", request, res.StatusCode, res.Close, status)
		}
	}
	b.expectFiles("a")
}

// badFile fails where it is told to.
type badFile struct {
	file
	room        int // bytes that it takes
	sync, close error
}

func (f *badFile) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, syscall.ENOSPC
	}
	return f.file.Write(p)
}

func (f *badFile) Sync() error {
	if f.sync != nil {
		return f.sync
	}
	return f.file.Sync()
}

func (f *badFile) Close() error {
	if err := f.file.Close(); err != nil {
		return err
	}
	return f.close
}

func TestDiskFails(t *testing.T) {
	for name, bad := range map[string]badFile{
		"full at once":   {room: 0},
		"full in middle": {room: 100_000},
		"sync":           {room: 1 << 30, sync: syscall.EIO},
		"close":          {room: 1 << 30, close: syscall.ENOSPC},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, 10<<20)
			b.app.store.create = func(root *os.Root, name string) (file, error) {
				f, err := createFile(root, name)
				broken := bad
				broken.file = f
				return &broken, err
			}
			for _, chunked := range []bool{false, true} {
				if status, text := b.put("/files/a?id=x", make([]byte, 3<<20), chunked); status != 507 {
					t.Errorf("chunked %t: %d %s, want 507", chunked, status, text)
				}
				b.expectFiles()
				if p, _ := b.app.board.get("x"); p.State != stateFailed || p.Reason != "the file cannot be stored" {
					t.Errorf("chunked %t: %+v", chunked, p)
				}
			}
		})
	}
	t.Run("no new files", func(t *testing.T) {
		b := start(t, 100)
		b.app.store.create = func(*os.Root, string) (file, error) { return nil, syscall.ENOSPC }
		if status, text := b.put("/files/a", []byte("x"), false); status != 507 {
			t.Errorf("%d %s, want 507", status, text)
		}
	})
}

// slowFile takes a piece when it is told to.
type slowFile struct {
	file
	take <-chan struct{}
}

func (f slowFile) Write(p []byte) (int, error) {
	<-f.take
	return f.file.Write(p)
}

// While the disk is slow the client is stopped, and what it has sent is in
// buffers of the system but for one piece.
func TestSlowDisk(t *testing.T) {
	const size = 16 << 20
	b := start(t, size)
	take := make(chan struct{})
	b.app.store.create = func(root *os.Root, name string) (file, error) {
		f, err := createFile(root, name)
		return slowFile{f, take}, err
	}
	socket := b.raw("PUT /files/a?id=x HTTP/1.1\nHost: a\nContent-Length: " + strconv.Itoa(size) + "\n\n")
	_ = socket.SetWriteBuffer(64 << 10)
	_ = socket.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
	body := bytes.Repeat([]byte("cork"), size/4)
	sent, err := socket.Write(body)
	if err == nil {
		t.Fatal("all of it was taken")
	}
	t.Logf("%d bytes were taken while the disk took none", sent)
	b.expectProgress("x", progress{"a", 0, size, stateReceiving, ""})

	close(take)
	_ = socket.SetWriteDeadline(time.Now().Add(30 * time.Second))
	if _, err := socket.Write(body[sent:]); err != nil {
		t.Fatal(err)
	}
	if res := answer(t, socket); res.StatusCode != 201 {
		t.Errorf("status %d, want 201", res.StatusCode)
	}
	b.expectProgress("x", progress{"a", size, size, stateStored, ""})
	if got, err := os.ReadFile(filepath.Join(b.dir, "a")); err != nil || !bytes.Equal(got, body) {
		t.Errorf("%d bytes on disk, %v", len(got), err)
	}
}

func TestProgressIDs(t *testing.T) {
	b := start(t, 100)
	socket := b.raw("PUT /files/a?id=x HTTP/1.1\nHost: a\nContent-Length: 2\n\n1")
	b.expectProgress("x", progress{"a", 1, 2, stateReceiving, ""})
	if status, text := b.put("/files/b?id=x", []byte("1"), false); status != 409 {
		t.Errorf("an id in use: %d %s, want 409", status, text)
	}
	if _, err := io.WriteString(socket, "2"); err != nil {
		t.Fatal(err)
	}
	if res := answer(t, socket); res.StatusCode != 201 {
		t.Errorf("status %d, want 201", res.StatusCode)
	}
	if status, text := b.put("/files/b?id=x", []byte("1"), false); status != 201 {
		t.Errorf("an id of an upload that is over: %d %s, want 201", status, text)
	}
	b.expectProgress("x", progress{"b", 1, 1, stateStored, ""})
	for _, id := range []string{"%2f", "a.b", strings.Repeat("i", 65), "%00"} {
		if status, _ := b.put("/files/c?id="+id, []byte("1"), false); status != 400 {
			t.Errorf("id %q: %d, want 400", id, status)
		}
	}
	if status, _ := b.get("/progress/unknown"); status != 404 {
		t.Errorf("an unknown id: %d, want 404", status)
	}
	for i := range finishedMax + 10 {
		b.put("/files/d?id="+strconv.Itoa(i), nil, false)
	}
	if n := len(b.app.board.entries); n != finishedMax {
		t.Errorf("%d uploads are remembered, want %d", n, finishedMax)
	}
	if status, _ := b.get("/progress/9"); status != 404 {
		t.Errorf("the tenth of %d: %d, want 404", finishedMax+10, status)
	}
}

func TestTooMany(t *testing.T) {
	b := start(t, 100)
	for i := range uploadsMax {
		b.raw(fmt.Sprintf("PUT /files/%d?id=%[1]d HTTP/1.1\nHost: a\nContent-Length: 2\n\n1", i))
	}
	for i := range uploadsMax {
		b.expectProgress(strconv.Itoa(i), progress{strconv.Itoa(i), 1, 2, stateReceiving, ""})
	}
	res := answer(t, b.raw("PUT /files/a HTTP/1.1\nHost: a\nContent-Length: 1\n\n1"))
	if res.StatusCode != 503 || res.Header.Get("Retry-After") == "" {
		t.Errorf("one too many: %d, Retry-After %q; want 503", res.StatusCode, res.Header.Get("Retry-After"))
	}
	b.stop() // the others are cut off, and leave nothing
	b.expectFiles()
}

func TestPageAndMethods(t *testing.T) {
	b := start(t, 100)
	for request, want := range map[string]string{
		"GET /":              "200 text/html; charset=utf-8 ",
		"HEAD /":             "200 text/html; charset=utf-8 ",
		"POST /":             "405 text/plain; charset=utf-8 GET, HEAD",
		"GET /files/a":       "405 text/plain; charset=utf-8 PUT",
		"DELETE /progress/x": "405 text/plain; charset=utf-8 GET, HEAD",
		"GET /files":         "404 text/plain; charset=utf-8 ",
		"GET /nowhere":       "404 text/plain; charset=utf-8 ",
		"GET /%zz":           "400 text/plain; charset=utf-8 ",
	} {
		socket := b.raw(request + " HTTP/1.1\nHost: a\nConnection: close\n\n")
		method, _, _ := strings.Cut(request, " ")
		res, err := http.ReadResponse(bufio.NewReader(socket), &http.Request{Method: method})
		if err != nil {
			t.Fatalf("%s: %v", request, err)
		}
		if got := fmt.Sprint(res.StatusCode, " ", res.Header.Get("Content-Type"), " ", res.Header.Get("Allow")); got != want {
			t.Errorf("%s: %q, want %q", request, got, want)
		}
		socket.Close()
	}
}
