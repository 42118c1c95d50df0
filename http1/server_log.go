package http1

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"strings"
)

// logger returns where the server's own messages go.
func (s *Server) logger() *slog.Logger {
	switch {
	case s.Logger != nil:
		return s.Logger
	case s.ErrorLog != nil:
		return slog.New(plainLog{s.ErrorLog})
	}
	return slog.Default()
}

// logf logs what net/http logs, in its words.
func (s *Server) logf(format string, args ...any) {
	if s.Logger == nil && s.ErrorLog != nil {
		s.ErrorLog.Printf(format, args...)
		return
	}
	s.logger().Error(fmt.Sprintf(format, args...))
}

// plainLog writes what slog is given to an ErrorLog, in a line.
type plainLog struct {
	log *log.Logger
}

// Enabled implements slog.Handler.
func (p plainLog) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (p plainLog) Handle(_ context.Context, r slog.Record) error {
	var line strings.Builder
	line.WriteString(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&line, " %s=%v", a.Key, a.Value)
		return true
	})
	p.log.Print(line.String())
	return nil
}

// WithAttrs and WithGroup implement slog.Handler. The server has no use for them.
func (p plainLog) WithAttrs([]slog.Attr) slog.Handler { return p }
func (p plainLog) WithGroup(string) slog.Handler      { return p }
