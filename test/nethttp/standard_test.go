package nethttp

import (
	"bytes"
	"context"
	"errors"
	"expvar"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/pprof"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMaxBytesHandler(t *testing.T) {
	handler := http.MaxBytesHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		fmt.Fprint(w, n)
	}), 1000)
	each(t, handler, func(t *testing.T, addr string) {
		for _, size := range []int{0, 999, 1000} {
			do(t, "POST", "http://"+addr, bytes.NewReader(make([]byte, size))).want(t, 200, fmt.Sprint(size))
		}
		for _, size := range []int{1001, 100_000, 1_000_000} {
			do(t, "POST", "http://"+addr, bytes.NewReader(make([]byte, size))).want(t, 413, "too large\n")
			do(t, "POST", "http://"+addr, io.MultiReader(bytes.NewReader(make([]byte, size)))).want(t, 413, "too large\n")
		}
		do(t, "POST", "http://"+addr, strings.NewReader("x")).want(t, 200, "1")
	})
}

func TestTimeoutHandler(t *testing.T) {
	left := make(chan bool, 10)
	handler := http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-r.Context().Done()
			time.Sleep(time.Millisecond)
			fmt.Fprint(w, "late")
			io.Copy(io.Discard, r.Body)
			left <- true
			return
		}
		w.Header().Set("X-A", "1")
		fmt.Fprint(w, "in time")
	}), 50*time.Millisecond, "too slow")
	each(t, handler, func(t *testing.T, addr string) {
		for range 3 {
			get(t, "http://"+addr+"/").want(t, 200, "in time")
			get(t, "http://"+addr+"/slow").want(t, 503, "too slow")
			<-left
		}
	})
}

func TestFileServer(t *testing.T) {
	dir := t.TempDir()
	data := bytes.Repeat([]byte("0123456789abcdef"), 50_000)
	os.WriteFile(filepath.Join(dir, "big.txt"), data, 0o600)
	os.WriteFile(filepath.Join(dir, "small"), []byte("<html>small"), 0o600)
	os.WriteFile(filepath.Join(dir, "empty"), nil, 0o600)
	each(t, http.StripPrefix("/files/", http.FileServer(http.Dir(dir))), func(t *testing.T, addr string) {
		url := "http://" + addr + "/files/"
		big := get(t, url+"big.txt")
		big.want(t, 200, string(data))
		get(t, url+"small").want(t, 200, "<html>small")
		get(t, url+"empty").want(t, 200, "")
		get(t, url+"none").want(t, 404, "404 page not found\n")
		if list := get(t, url); !strings.Contains(list.text, `<a href="big.txt">`) {
			t.Errorf("list: %q", list.text)
		}
		do(t, "GET", url+"big.txt", nil, "Range", "bytes=100000-299999").want(t, 206, string(data[100_000:300_000]))
		do(t, "GET", url+"big.txt", nil, "Range", "bytes=-3").want(t, 206, "def")
		if r := do(t, "GET", url+"big.txt", nil, "Range", "bytes=9999999-"); r.StatusCode != 416 {
			t.Errorf("out of range: %d", r.StatusCode)
		}
		if r := do(t, "GET", url+"big.txt", nil, "Range", "bytes=0-1,8-9"); r.StatusCode != 206 || !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/byteranges") || strings.Count(r.text, "Content-Range") != 2 {
			t.Errorf("two ranges: %d %q", r.StatusCode, r.text)
		}
		do(t, "GET", url+"big.txt", nil, "If-Modified-Since", big.Header.Get("Last-Modified")).want(t, 304, "")
		if r := do(t, "HEAD", url+"big.txt", nil); r.ContentLength != int64(len(data)) || r.text != "" {
			t.Errorf("HEAD: %d %q", r.ContentLength, r.text)
		}
	})
}

// httptest's recorder and the network say the same of a handler.
func TestRecorder(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Path", r.URL.Path)
		w.WriteHeader(201)
		io.Copy(w, r.Body)
	})
	each(t, handler, func(t *testing.T, addr string) {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequest("POST", "/a/b", strings.NewReader("body")))
		got := do(t, "POST", "http://"+addr+"/a/b", strings.NewReader("body"))
		got.want(t, recorder.Code, recorder.Body.String())
		if got.Header.Get("X-Path") != recorder.Header().Get("X-Path") {
			t.Errorf("%v, %v", got.Header, recorder.Header())
		}
	})
}

func TestPprofAndExpvar(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	mux.Handle("/debug/vars", expvar.Handler())
	each(t, mux, func(t *testing.T, addr string) {
		url := "http://" + addr + "/debug/"
		if r := get(t, url+"pprof/"); r.StatusCode != 200 || !strings.Contains(r.text, "goroutine") {
			t.Errorf("index: %d", r.StatusCode)
		}
		for _, path := range []string{"pprof/goroutine?debug=2", "pprof/heap", "pprof/cmdline", "pprof/trace?seconds=0.05", "pprof/profile?seconds=1"} {
			if r := get(t, url+path); r.StatusCode != 200 || r.text == "" {
				t.Errorf("%s: %d, %d bytes", path, r.StatusCode, len(r.text))
			}
		}
		if r := get(t, url+"vars"); r.StatusCode != 200 || !strings.Contains(r.text, `"memstats"`) {
			t.Errorf("vars: %d", r.StatusCode)
		}
	})
}

// ServeMux, forms and contexts, as most programs have them.
func TestMux(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /users/{name}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %s %s", r.PathValue("name"), r.Pattern, r.FormValue("a"), r.PostFormValue("b"))
	})
	mux.HandleFunc("GET /files/{path...}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.PathValue("path")) })
	mux.HandleFunc("/upload", func(w http.ResponseWriter, r *http.Request) {
		file, header, err := r.FormFile("file")
		if err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		data, _ := io.ReadAll(file)
		fmt.Fprintf(w, "%s %d", header.Filename, len(data))
	})
	each(t, mux, func(t *testing.T, addr string) {
		url := "http://" + addr
		form := do(t, "POST", url+"/users/ann?a=1", strings.NewReader("b=2"), "Content-Type", "application/x-www-form-urlencoded")
		form.want(t, 200, "ann POST /users/{name} 1 2")
		get(t, url+"/files/a/b%2Fc").want(t, 200, "a/b/c")
		if r := get(t, url+"/users/ann"); r.StatusCode != 405 || r.Header.Get("Allow") != "POST" {
			t.Errorf("GET: %d, Allow %q", r.StatusCode, r.Header.Get("Allow"))
		}
		get(t, url+"/files//a").want(t, 200, "a") // redirected
		var body bytes.Buffer
		fmt.Fprintf(&body, "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n%s\r\n--x--\r\n", make([]byte, 100_000))
		do(t, "POST", url+"/upload", &body, "Content-Type", "multipart/form-data; boundary=x").want(t, 200, "f 100000")
	})
}

// A client that cancels ends the handler's context.
func TestCancel(t *testing.T) {
	ended := make(chan error, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		<-ctx.Done()
		ended <- context.Cause(ctx)
	})
	each(t, handler, func(t *testing.T, addr string) {
		ctx, cancel := context.WithCancel(t.Context())
		req, _ := http.NewRequestWithContext(ctx, "GET", "http://"+addr, nil)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		res.Body.Close()
		if err := <-ended; err != context.Canceled {
			t.Errorf("the handler's context: %v", err)
		}
	})
}
