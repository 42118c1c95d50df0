package http1

import (
	"net/http"
	"sync/atomic"
	"time"
)

// dateCache makes the value of the Date field, once a second (RFC 9110 section
// 6.6.1). It may be used by any goroutine.
type dateCache struct {
	current atomic.Pointer[dateEntry]
}

type dateEntry struct {
	second int64
	text   string

	// keepAlive is the lines that most answers end with: Date, Connection and
	// Keep-Alive.
	keepAlive string
}

// at returns the date of now. line is the server's Keep-Alive line. Two
// goroutines that find a new second both make the text; the same one.
func (d *dateCache) at(now time.Time, line string) *dateEntry {
	second := now.Unix()
	if e := d.current.Load(); e != nil && e.second == second {
		return e
	}
	text := now.UTC().Format(http.TimeFormat)
	e := &dateEntry{second: second, text: text, keepAlive: "Date: " + text + "\r\nConnection: keep-alive\r\n" + line}
	d.current.Store(e)
	return e
}
