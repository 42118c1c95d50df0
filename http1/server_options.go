package http1

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"time"

	"github.com/cork-go/cork/internal/httpparse"
)

// Validation says what is let through that RFC 9110 and 9112 forbid.
type Validation uint8

const (
	// ValidationStrict lets nothing through.
	ValidationStrict Validation = iota
	// ValidationRelaxed takes control characters but CR, LF and NUL in field
	// values, in both directions.
	ValidationRelaxed
	// ValidationInsecure takes what Node's insecureHTTPParser takes, for clients
	// that cannot be mended: besides the above folded lines, a line end of LF
	// alone, blanks after a chunk's size, no line end after its data,
	// Content-Length beside a chunked body (the connection is closed after it),
	// HTTP/1.2 to 1.9. Requests can be smuggled past a proxy with any of these.
	ValidationInsecure
)

// timeouts are the server's, with the defaults filled in; 0 means none.
type timeouts struct {
	head, request, write, idle time.Duration
	linger                     time.Duration // always lingerTimeout, but in tests

	body   pace // of clients that send one
	answer pace // of clients that take one
}

// prepare checks the fields and fills in the defaults, once, at start-up.
func (s *Server) prepare() error {
	s.once.Do(func() {
		if s.fault = s.check(); s.fault == nil {
			s.fill()
		}
	})
	return s.fault
}

func (s *Server) check() error {
	switch {
	case s.OnRequest == nil && s.Handler == nil:
		return errors.New("http1: Server.OnRequest and Server.Handler are nil; one of them must be set")
	case s.OnRequest != nil && s.Handler != nil:
		return errors.New("http1: Server.OnRequest and Server.Handler are set; only one of them can serve requests")
	}
	if s.ReadHeaderTimeout > 0 && s.ReadTimeout > 0 && s.ReadHeaderTimeout > s.ReadTimeout {
		return fmt.Errorf("http1: Server.ReadHeaderTimeout is %v; it must not be longer than ReadTimeout, %v",
			s.ReadHeaderTimeout, s.ReadTimeout)
	}
	if s.Carrier > CarrierNet {
		return fmt.Errorf("http1: Server.Carrier is %v; allowed are CarrierAuto, CarrierLoop and CarrierNet", s.Carrier)
	}
	for _, option := range []struct {
		name            string
		value, max, def int
	}{
		{"MaxHeaderBytes", s.MaxHeaderBytes, headerBytesMaxMax, headerBytesMax},
		{"MaxHeadersCount", s.MaxHeadersCount, 1<<16 - 1, headersMax},
		{"MaxIdleHTTPParsers", s.MaxIdleHTTPParsers, 1 << 30, parsersIdleMax},
		{"Loops", s.Loops, loopsMax, runtime.GOMAXPROCS(0)},
		{"HighWaterMark", s.HighWaterMark, highWaterMarkMax, highWaterMark},
	} {
		if option.value < 0 || option.value > option.max {
			return fmt.Errorf("http1: Server.%s is %d; allowed are 1 to %d, and 0 for the default, %d",
				option.name, option.value, option.max, option.def)
		}
	}
	if s.MaxRequestsPerSocket < 0 || s.MaxRequestsPerSocket > 1<<30 {
		return fmt.Errorf("http1: Server.MaxRequestsPerSocket is %d; allowed are 1 to %d, and 0 for no bound",
			s.MaxRequestsPerSocket, 1<<30)
	}
	if s.MinBodyRate > bodyRateMax {
		return fmt.Errorf("http1: Server.MinBodyRate is %d; allowed are 1 to %d, 0 for the default, %d, and less for none",
			s.MinBodyRate, bodyRateMax, minBodyRate)
	}
	if s.HTTPValidation > ValidationInsecure {
		return fmt.Errorf("http1: Server.HTTPValidation is %d; allowed are ValidationStrict, ValidationRelaxed and ValidationInsecure",
			s.HTTPValidation)
	}
	for _, name := range s.UniqueHeaders {
		if !validName(name) {
			return fmt.Errorf("http1: Server.UniqueHeaders has %q; allowed are names of fields", name)
		}
	}
	if s.ShouldUpgrade != nil && s.OnUpgrade == nil {
		return errors.New("http1: Server.ShouldUpgrade is set and OnUpgrade is nil; it must be a function")
	}
	return nil
}

// lenient returns what the parser lets through: any version, since framing.go
// answers 505 where the parser would say 400. Transfer codings that do not end in
// chunked are never among it, since nobody could say where such a body ends, nor
// is a CR alone (RFC 9112 section 2.2).
func (v Validation) lenient() httpparse.Lenient {
	switch v {
	case ValidationRelaxed:
		return httpparse.LenientVersion | httpparse.LenientHeaderValueRelaxed
	case ValidationInsecure:
		return httpparse.LenientHeaders | httpparse.LenientChunkedLength | httpparse.LenientKeepAlive |
			httpparse.LenientVersion | httpparse.LenientDataAfterClose |
			httpparse.LenientOptionalCRLFAfterChunk | httpparse.LenientOptionalCRBeforeLF |
			httpparse.LenientSpacesAfterChunkSize | httpparse.LenientHeaderValueRelaxed
	}
	return httpparse.LenientVersion
}

// fill is the one place where defaults come from.
func (s *Server) fill() {
	request, idle, headerBytes := defaultReadTimeout, defaultIdleTimeout, headerBytesMax
	s.onRequest, s.halfOpen = s.OnRequest, s.AllowHalfOpen
	if s.Handler != nil {
		s.onRequest, s.halfOpen = s.serveHTTP, true
		request, idle, headerBytes = 0, cmp.Or(s.ReadTimeout, handlerIdleTimeout), http.DefaultMaxHeaderBytes
	}
	t := timeouts{
		request: orDefault(s.ReadTimeout, request),
		write:   orDefault(s.WriteTimeout, defaultWriteTimeout),
		idle:    orDefault(s.IdleTimeout, orDefault(idle, 0)),
	}
	t.linger = lingerTimeout
	head := defaultReadHeaderTimeout
	if t.request > 0 {
		head = min(head, t.request)
	}
	t.head = orDefault(s.ReadHeaderTimeout, head)
	if t.idle > 0 {
		most := ""
		if s.MaxRequestsPerSocket > 0 {
			most = fmt.Sprintf(", max=%d", s.MaxRequestsPerSocket)
		}
		s.keepAliveLine = fmt.Sprintf("Keep-Alive: timeout=%d%s\r\n", t.idle/time.Second, most)
		t.idle += orDefault(s.KeepAliveTimeoutBuffer, keepAliveBuffer)
	}
	if rate := cmp.Or(s.MinBodyRate, minBodyRate); rate > 0 {
		t.body = pace{bytes: uint64(rate), per: time.Second, grace: bodyGrace, most: bodyStallMax}
	}
	if t.write > 0 {
		t.answer = pace{bytes: writeBytesMax, per: t.write, grace: t.write, most: t.write}
	}
	s.timeouts = t

	if s.mark = s.HighWaterMark; s.mark == 0 {
		s.mark = highWaterMark
	}

	if s.MaxHeaderBytes != 0 {
		headerBytes = s.MaxHeaderBytes
	}
	headers := s.MaxHeadersCount
	if headers == 0 {
		headers = headersMax
	}
	s.parserOptions = httpparse.Options{Lenient: s.HTTPValidation.lenient(), Limits: httpparse.Limits{
		HeadBytesMax:    uint32(headerBytes),
		TrailerBytesMax: uint32(headerBytes),
		FieldsMax:       uint32(headers),
		// A target alone may be as long as a head, so that one that is too long
		// is 414 and not 431.
		TargetBytesMax: uint32(headerBytes) - 1,
	}}
	if s.now == nil {
		s.now = time.Now
	}
	s.epoch = s.now().Add(-time.Hour)
	s.netPools = newPools(s)
	s.connectionsMax = s.maxConnections()
	s.shadow = s.newShadow()
	s.home = s.newSite(context.Background())
}

// instant returns t on the server's clock.
func (s *Server) instant(t time.Time) instant { return instant(t.Sub(s.epoch)) }

// realTime is the other way round; no time is the zero time.
func (s *Server) realTime(i instant) time.Time {
	if i == 0 {
		return time.Time{}
	}
	return s.epoch.Add(time.Duration(i))
}

// orDefault reads a timeout's field.
func orDefault(d, def time.Duration) time.Duration {
	switch {
	case d == 0:
		return def
	case d < 0:
		return 0
	}
	return d
}
