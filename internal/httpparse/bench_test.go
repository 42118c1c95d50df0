package httpparse

import (
	"strings"
	"testing"

	"github.com/cork-go/cork/internal/bytescan"
)

// The inputs of bench/parser, which compares with other parsers; here they
// show where our own time goes.
const (
	minimalGet = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

	browserGet = "GET /articles/2026/11/how-web-frameworks-work?ref=newsletter&page=2 HTTP/1.1\r\n" +
		"Host: www.example.org\r\n" +
		"Connection: keep-alive\r\n" +
		"Cache-Control: max-age=0\r\n" +
		"sec-ch-ua: \"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\"\r\n" +
		"sec-ch-ua-mobile: ?0\r\n" +
		"sec-ch-ua-platform: \"Linux\"\r\n" +
		"Upgrade-Insecure-Requests: 1\r\n" +
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n" +
		"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n" +
		"Sec-Fetch-Site: same-origin\r\n" +
		"Sec-Fetch-Mode: navigate\r\n" +
		"Sec-Fetch-User: ?1\r\n" +
		"Sec-Fetch-Dest: document\r\n" +
		"Accept-Encoding: gzip, deflate, br\r\n" +
		"Accept-Language: en-GB,en;q=0.9\r\n" +
		"Cookie: sid=5f2b8c1d9e3a4706; theme=dark; _ga=GA1.2.1234567890.1700000000\r\n\r\n"

	chunkedPost = "POST /api/v1/events HTTP/1.1\r\n" +
		"Host: api.example.org\r\n" +
		"User-Agent: Go-http-client/1.1\r\n" +
		"Accept: application/json\r\n" +
		"Content-Type: application/x-ndjson\r\n" +
		"Transfer-Encoding: chunked\r\n" +
		"Accept-Encoding: gzip\r\n\r\n"
)

func benchInputs() map[string][]byte {
	chunk := "100\r\n" + strings.Repeat("0123456789abcdef", 16) + "\r\n"
	return map[string][]byte{
		"minimal": []byte(minimalGet),
		"browser": []byte(browserGet),
		"chunked": []byte(chunkedPost + strings.Repeat(chunk, 4) + "0\r\n\r\n"),
	}
}

func BenchmarkExecute(b *testing.B) {
	for _, name := range []string{"minimal", "browser", "chunked"} {
		input := benchInputs()[name]
		b.Run(name, func(b *testing.B) {
			var p Parser
			p.Init(Request, handlerOnly{}, Options{})
			b.SetBytes(int64(len(input)))
			b.ReportAllocs()
			for b.Loop() {
				if n, code := p.Execute(input); n != len(input) || code != OK {
					b.Fatal(n, code)
				}
			}
			reportCPU(b, func() { p.Execute(input) })
		})
	}
	b.Logf("bytescan: %s", bytescan.Accelerated())
}

// BenchmarkPieces feeds the browser's head in pieces.
func BenchmarkPieces(b *testing.B) {
	input := []byte(browserGet)
	for _, c := range []struct {
		name string
		size int
	}{{"whole", len(input)}, {"64", 64}, {"1", 1}} {
		b.Run(c.name, func(b *testing.B) {
			var p Parser
			p.Init(Request, handlerOnly{}, Options{})
			b.SetBytes(int64(len(input)))
			one := func() {
				for end := c.size; end < len(input); end += c.size {
					if n, code := p.Execute(input[:end]); n != 0 || code != OK {
						b.Fatal(n, code)
					}
				}
				if n, code := p.Execute(input); n != len(input) || code != OK {
					b.Fatal(n, code)
				}
			}
			for b.Loop() {
				one()
			}
			reportCPU(b, one)
		})
	}
}

// TestExecuteAllocates: nothing, whole or byte by byte.
func TestExecuteAllocates(t *testing.T) {
	for name, input := range benchInputs() {
		var p Parser
		p.Init(Request, handlerOnly{}, Options{})
		for _, step := range []int{len(input), 64, 1} {
			if n := testing.AllocsPerRun(100, func() {
				rest := input
				for to := step; len(rest) > 0; to += step {
					n, code := p.Execute(rest[:min(to, len(rest))])
					if code != OK {
						t.Fatal(p.Err())
					}
					rest = rest[n:]
					to -= n
				}
			}); n != 0 {
				t.Errorf("%s in pieces of %d: %v allocations", name, step, n)
			}
		}
	}
}
