package main

import (
	"bytes"
	"fmt"

	"github.com/cork-go/cork/bench/parser/llhttp"
	"github.com/cork-go/cork/internal/httpparse"
)

// Hostile input asks one thing: does the time grow with the bytes, or faster.
// Each kind is a beginning and a unit that is repeated until the size is
// reached, something a strict parser has to read on and on. The limits are
// raised so far that they cut nothing short; with the default ones a server is
// through with most of these after 16 KiB.

// hostile is one kind of such bytes.
type hostile struct {
	name    string
	start   string
	unit    string
	lenient httpparse.Lenient
}

const getLine = "GET / HTTP/1.1\r\n"
const postLine = "POST / HTTP/1.1\r\nHost: a\r\n"
const chunkedPostHead = postLine + "Transfer-Encoding: chunked\r\n\r\n"

// hostiles lists the kinds.
func hostiles() []hostile {
	return []hostile{
		{name: "CRLFs before the request", unit: "\r\n"},
		{name: "endless target", start: "GET /", unit: "a"},
		{name: "endless query of percents", start: "GET /?", unit: "%25"},
		{name: "endless field name", start: getLine, unit: "a"},
		{name: "endless field value", start: getLine + "a: ", unit: "b"},
		{name: "endless value of bytes above 127", start: getLine + "a: ", unit: "\xc3\xa9"},
		{name: "blanks after the colon", start: getLine + "a:", unit: " "},
		{name: "tabs and blanks after the colon", start: getLine + "a:", unit: "\t "},
		{name: "blanks behind a value", start: getLine + "a: b", unit: " "},
		{name: "a letter, a blank", start: getLine + "a: ", unit: "b "},
		{name: "fields without value", start: getLine, unit: "a:\r\n"},
		{name: "fields of one byte", start: getLine, unit: "a:b\r\n"},
		{name: "fields that nearly are Content-Length", start: getLine, unit: "Content-Lengti: 1\r\n"},
		{name: "odd Connection lines", start: getLine, unit: "Connection: clos, keep-alivf, upgrad,, ,close\r\n"},
		{name: "endless Connection list", start: getLine + "Connection: ", unit: "close, "},
		{name: "endless list of commas", start: getLine + "Connection: ", unit: ","},
		{name: "endless Transfer-Encoding list", start: postLine + "Transfer-Encoding: ", unit: "gzip, "},
		{name: "zeros as Content-Length", start: postLine + "Content-Length: ", unit: "0"},
		{name: "small requests, pipelined", unit: getLine + "\r\n"},
		{name: "requests of 33 fields, pipelined", unit: getLine + repeatString("a:b\r\n", 33) + "\r\n"},
		{name: "zeros as chunk size", start: chunkedPostHead, unit: "0"},
		{name: "chunks of one byte", start: chunkedPostHead, unit: "1\r\na\r\n"},
		{name: "endless chunk extension", start: chunkedPostHead + "1;", unit: "a"},
		{name: "chunk extensions of one byte", start: chunkedPostHead + "1", unit: ";a=b"},
		{name: "endless quoted chunk extension", start: chunkedPostHead + "1;a=\"", unit: "\\\""},
		{name: "chunks of one byte, extended", start: chunkedPostHead, unit: "1;a=b\r\na\r\n"},
		{name: "trailers of one byte", start: chunkedPostHead + "0\r\n", unit: "a:b\r\n"},
		{name: "lines that end with CR (lenient)", start: getLine, unit: "a:b\r",
			lenient: httpparse.LenientOptionalLFAfterCR | httpparse.LenientHeaders},
		{name: "lines that end with LF (lenient)", start: getLine, unit: "a:b\n",
			lenient: httpparse.LenientOptionalCRBeforeLF},
		{name: "folds (lenient)", start: getLine + "a: b", unit: "\r\n ", lenient: httpparse.LenientHeaders},
		{name: "odd Connection tokens in folds (lenient)", start: getLine + "Connection: ", unit: "close\r\n ,",
			lenient: httpparse.LenientHeaders},
	}
}

func repeatString(s string, n int) string { return string(bytes.Repeat([]byte(s), n)) }

// bytes makes about size bytes, whole units only.
func (h hostile) bytes(size int) []byte {
	n := (size - len(h.start)) / len(h.unit)
	return append([]byte(h.start), bytes.Repeat([]byte(h.unit), n)...)
}

// The sizes, each the double of the one before.
var hostileSizes = [...]int{16 << 10, 32 << 10, 64 << 10, 128 << 10}

// hostileSize is the size that the longest time is given for.
const hostileSize = 64 << 10

// options are ours with limits that nothing here reaches.
func (h hostile) options() httpparse.Options {
	const far = 1 << 27
	return httpparse.Options{Lenient: h.lenient, Limits: httpparse.Limits{
		HeadBytesMax: far, FieldsMax: far, TargetBytesMax: far, TrailerBytesMax: far,
		ChunkExtensionBytesMax: far, ChunkExtensionBytesTotalMax: far,
	}}
}

// feed gives the bytes to a parser set up anew, iters times.
func (h hostile) feed(data []byte, step, iters int) error {
	c := newCork(h.options())
	for i := range iters {
		if i > 0 {
			c.parser.Init(httpparse.Request, c, h.options())
		}
		if _, err := c.feed(data, step); err != nil {
			return err
		}
	}
	return nil
}

// attack is one cell of the table: a kind, a piece size and a length.
type attack struct {
	Parser, Kind string
	Step, Size   int // Size is the length made, not the one asked for
	Asked        int
}

func (a attack) task() string {
	return fmt.Sprintf("hostile/%s/%s/%d/%d", a.Parser, a.Kind, a.Step, a.Asked)
}

// attackTasks makes the tasks for ours, and for llhttp those that it too reads
// to their end.
func attackTasks() ([]attack, []task) {
	var attacks []attack
	var tasks []task
	add := func(a attack, run func(iters int) error) {
		attacks = append(attacks, a)
		tasks = append(tasks, task{a.task(), local(run)})
	}
	for _, h := range hostiles() {
		for _, asked := range hostileSizes {
			data := h.bytes(asked)
			for _, step := range pieceSteps {
				a := attack{corkName, h.name, step, len(data), asked}
				if step == 0 {
					step = len(data)
				}
				add(a, func(iters int) error { return h.feed(data, step, iters) })
				if asked != hostileSize || !llhttpReads(h, data) {
					continue
				}
				a.Parser = llhttpName
				add(a, func(iters int) error {
					_, err := llhttp.Run(data, step, iters, true, true)
					return err
				})
			}
		}
	}
	return attacks, tasks
}

func llhttpReads(h hostile, data []byte) bool {
	if !llhttp.Available || h.lenient != 0 {
		return false
	}
	_, err := llhttp.Run(data, len(data), 1, true, true)
	return err == nil
}

// measureHostile uses shorter turns: there are hundreds of tasks, each of tens
// of thousands of bytes.
func measureHostile(r *report, o options, _ *twin, progress func(int)) error {
	attacks, tasks := attackTasks()
	p := plan{o.plan.rounds, o.plan.perRound / 10}
	fs, err := p.measure(tasks, progress)
	if err != nil {
		return err
	}
	r.Hostile = hostileRows(attacks, fs)
	return nil
}

// hostileRows gathers the sizes of each kind and step in one row. The tasks of
// one kind come size by size.
func hostileRows(attacks []attack, fs []figures) []hostileRow {
	type key struct {
		kind string
		step int
	}
	var rows []hostileRow
	at := map[key]int{}
	for i, a := range attacks {
		k := key{a.Kind, a.Step}
		if _, ok := at[k]; !ok {
			at[k] = len(rows)
			rows = append(rows, hostileRow{Kind: a.Kind, Step: a.Step})
		}
		row := &rows[at[k]]
		perByte := fs[i].Nanos / float64(a.Size)
		if a.Parser == llhttpName {
			row.LLHTTP = perByte
			continue
		}
		row.NanosPerByte = append(row.NanosPerByte, perByte)
		row.Growth = perByte / row.NanosPerByte[0]
		if a.Asked == hostileSize {
			row.Micros = perByte * hostileSize / 1000
		}
	}
	return rows
}
