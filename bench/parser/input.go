package main

import (
	"fmt"
	"strings"
)

// input is what every parser reads, and what it must find there.
type input struct {
	name string
	data []byte
	want seen
}

// seen is what a parser reports of one pass over an input: the start line of
// the last request, the other figures summed over all of them.
type seen struct {
	Method, Target string
	Major, Minor   int
	Requests       int
	Fields         int // unknown if the parser does not tell
	BodyBytes      int
}

const unknown = -1

// check says where got departs from what the input holds.
func (want seen) check(got seen) error {
	if got.Fields == unknown {
		got.Fields = want.Fields
	}
	if got != want {
		return fmt.Errorf("saw %+v, want %+v", got, want)
	}
	return nil
}

// pipelineDepth is the depth of TechEmpower's plaintext test.
const pipelineDepth = 16

// The names of the inputs, as the bars and the tables call them.
const (
	minimalGET   = "minimal GET"
	browserGET   = "browser GET"
	typicalGET   = "typical GET"
	pipelinedGET = "16 pipelined"
	chunkedPOST  = "chunked POST"
)

// inputs builds the set. Sizes are those of real traffic: a health check, a
// browser's navigation with cookies, an application's call, the same call
// pipelined, an upload in chunks.
func inputs() []input {
	typical := crlf(typicalHead)
	return []input{
		{minimalGET, crlf(minimalHead), seen{"GET", "/", 1, 1, 1, 1, 0}},
		{browserGET, crlf(browserHead), seen{"GET", "/catalog/shoes?page=2", 1, 1, 1, 16, 0}},
		{typicalGET, typical, seen{"GET", "/api/v1/users/4711/orders?limit=20", 1, 1, 1, 8, 0}},
		{pipelinedGET, []byte(strings.Repeat(string(typical), pipelineDepth)),
			seen{"GET", "/api/v1/users/4711/orders?limit=20", 1, 1, pipelineDepth, pipelineDepth * 8, 0}},
		{chunkedPOST, append(crlf(chunkedHead), chunks(512, 256, 144, 88)...), seen{"POST", "/api/v1/events", 1, 1, 1, 9, 1000}},
	}
}

const minimalHead = `GET / HTTP/1.1
Host: example.com

`

const browserHead = `GET /catalog/shoes?page=2 HTTP/1.1
Host: www.example.com
Connection: keep-alive
Cache-Control: max-age=0
sec-ch-ua: "Chromium";v="138", "Not)A;Brand";v="8"
sec-ch-ua-mobile: ?0
sec-ch-ua-platform: "Linux"
Upgrade-Insecure-Requests: 1
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0
Accept: text/html,application/xml;q=0.9,image/webp,*/*;q=0.8
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: navigate
Sec-Fetch-User: ?1
Sec-Fetch-Dest: document
Accept-Encoding: gzip, deflate, br, zstd
Accept-Language: en-US,en;q=0.9
Cookie: sid=7f3c1e0b9a5d48c2b6e4; _ga=GA1.2.1793402156.1718012345; theme=dark; cart=3d9f0a64-51c7; consent=a1b1c0-d7

`

const typicalHead = `GET /api/v1/users/4711/orders?limit=20 HTTP/1.1
Host: api.example.com
User-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0
Accept: application/json, */*
Accept-Language: en-US,en;q=0.5
Accept-Encoding: gzip, deflate, br
Referer: https://app.example.com/
Connection: keep-alive
Cookie: sid=7f3c1e0b9a5d48c2b6e4

`

const chunkedHead = `POST /api/v1/events HTTP/1.1
Host: api.example.com
User-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0
Accept: application/json, text/plain, */*
Accept-Encoding: gzip, deflate, br
Content-Type: application/json; charset=utf-8
Origin: https://app.example.com
Connection: keep-alive
Cookie: sid=7f3c1e0b9a5d48c2b6e4
Transfer-Encoding: chunked

`

func crlf(head string) []byte {
	return []byte(strings.ReplaceAll(head, "\n", "\r\n"))
}

// chunks is a body of chunks of these sizes, the last chunk behind them. The sum
// is kept off the powers of two: with a body of exactly 1024 bytes the pool that
// fasthttp and hertz take their buffers from drops every one of them, and their
// time would be the allocator's.
func chunks(sizes ...int) []byte {
	var b []byte
	for _, n := range sizes {
		b = fmt.Appendf(b, "%x\r\n%s\r\n", n, strings.Repeat("x", n))
	}
	return append(b, "0\r\n\r\n"...)
}
