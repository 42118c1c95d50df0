package http1

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"
)

// TestBodyRoom: what a Read gets is what was sent, whatever it has room for and in
// whatever pieces it comes, and what is behind the body is the next request.
func TestBodyRoom(t *testing.T) {
	handlers := map[string]*Server{
		"native": {OnRequest: func(req *IncomingMessage, res *ServerResponse) {
			body, err := readInTurns(req.Body())
			if err != nil {
				t.Error(err)
			}
			res.EndBytes(body)
		}},
		"http.Handler": {Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := readInTurns(r.Body)
			if err != nil {
				t.Error(err)
			}
			w.Write(body)
		})},
	}
	for name, server := range handlers {
		t.Run(name, func(t *testing.T) {
			socket := dial(t, start(t, server))
			random := rand.New(rand.NewPCG(7, 7))
			var bodies [][]byte
			var wire bytes.Buffer
			for i := range 40 {
				body := make([]byte, random.IntN(4*readBufferBytes)>>random.IntN(8)+1)
				for j := range body {
					body[j] = byte(random.Uint32())
				}
				bodies = append(bodies, body)
				if i%4 == 3 { // chunks have no such room
					fmt.Fprintf(&wire, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body)
				} else {
					fmt.Fprintf(&wire, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
				}
			}
			go func() {
				for wire.Len() > 0 {
					socket.Write(wire.Next(1 + random.IntN(2*readBufferBytes)))
					if random.IntN(4) == 0 {
						time.Sleep(time.Millisecond)
					}
				}
			}()
			r := bufio.NewReader(socket)
			for i, want := range bodies {
				answer, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Fatalf("answer %d: %v", i, err)
				}
				if got, err := io.ReadAll(answer.Body); err != nil || !bytes.Equal(got, want) {
					t.Fatalf("answer %d: %d bytes, %v, want the %d that were sent", i, len(got), err, len(want))
				}
			}
		})
	}
}

// readInTurns reads to the end with room for little, and for much.
func readInTurns(r io.Reader) (all []byte, err error) {
	much := make([]byte, 3*readBufferBytes)
	for turn := 0; ; turn++ {
		p := much
		if turn%3 == 0 {
			p = much[:100]
		}
		spoil(much)
		n, err := r.Read(p)
		all = append(all, p[:n]...)
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}
