package http1

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cork-go/cork/internal/netpoll/faulty"
)

// TestSendFile: files go from the kernel to the kernel, however much it takes at
// once, and are copied where that does not work.
func TestSendFile(t *testing.T) {
	needLoops(t)
	data := strings.Repeat("0123456789abcdef", 20000)
	name := filepath.Join(t.TempDir(), "file.txt")
	if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, test := range map[string]struct {
		fault faulty.Fault
		fails bool
	}{
		"as it is":        {},
		"in small pieces": {faulty.Fault{Call: "SendFile", N: 1, Times: -1, Max: 10007}, false},
		"never any room":  {faulty.Fault{Call: "SendFile", N: 2, Times: 3, Err: syscall.EAGAIN}, false},
		"not supported":   {faulty.Fault{Call: "SendFile", N: 2, Times: -1, Err: syscall.ENOTSUP}, false},
		"not this file":   {faulty.Fault{Call: "SendFile", N: 1, Times: -1, Err: syscall.EINVAL}, false},
		"an error":        {faulty.Fault{Call: "SendFile", N: 2, Err: syscall.EIO}, true},
		"not watched":     {faulty.Fault{Call: "SendFile", N: 1, Err: syscall.EPIPE}, true},
	} {
		t.Run(what, func(t *testing.T) {
			ls := startLoops(t, &Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.ServeFile(w, r, name)
			})})
			if test.fault.Call != "" {
				ls.sys.Inject(test.fault)
			}
			client := &http.Client{Transport: new(http.Transport)}
			defer client.CloseIdleConnections()
			res, err := client.Get("http://" + ls.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if test.fails != (err != nil) || !test.fails && string(body) != data {
				t.Errorf("%d bytes of %d, %v", len(body), len(data), err)
			}
			if ls.sys.Calls("SendFile") == 0 {
				t.Error("the file was copied")
			}
		})
	}
}
