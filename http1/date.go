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
}

// at returns the date of now. Two goroutines that find a new second both make
// the text; the same one.
func (d *dateCache) at(now time.Time) string {
	second := now.Unix()
	if e := d.current.Load(); e != nil && e.second == second {
		return e.text
	}
	e := &dateEntry{second: second, text: now.UTC().Format(http.TimeFormat)}
	d.current.Store(e)
	return e.text
}
