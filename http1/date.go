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
	from, until instant // the second
	text        string

	// keepAlive is the lines that most answers end with: Date, Connection and
	// Keep-Alive.
	keepAlive string
}

// at returns the date of now on a carrier's clock. line is the server's Keep-Alive
// line. Two goroutines that find a new second both make the text; the same one.
func (d *dateCache) at(t transport, line string) *dateEntry {
	now := t.now()
	if e := d.current.Load(); e != nil && e.from <= now && now < e.until {
		return e
	}
	wall := t.time()
	text := wall.UTC().Format(http.TimeFormat)
	from := now - instant(wall.Nanosecond())
	e := &dateEntry{from, from + instant(time.Second), text, "Date: " + text + "\r\nConnection: keep-alive\r\n" + line}
	d.current.Store(e)
	return e
}
