package http1

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// requestContext is http.Request.Context(): cancelled when the client goes away,
// when the connection ends and when the handler has returned. Nothing is made and
// nobody watches the connection until somebody asks for Done, directly or by
// deriving a context.
type requestContext struct {
	c  *conn
	w  *responseWriter
	at *site

	mu     sync.Mutex
	err    error
	done   chan struct{}       // made by Done
	calls  map[*afterFunc]bool // of AfterFunc
	parent func() bool         // stops the watching of a parent that can be cancelled
}

func (x *requestContext) open(c *conn, w *responseWriter, at *site) {
	x.c, x.w, x.at = c, w, at
}

// Deadline implements context.Context.
func (x *requestContext) Deadline() (time.Time, bool) { return x.at.ctx.Deadline() }

// Err implements context.Context.
func (x *requestContext) Err() error {
	x.mu.Lock()
	err := x.err
	x.mu.Unlock()
	if err == nil {
		err = x.at.ctx.Err()
	}
	return err
}

// Value implements context.Context.
func (x *requestContext) Value(key any) any {
	if key == http.LocalAddrContextKey {
		return x.c.localAddr(x.at)
	}
	return x.at.ctx.Value(key)
}

// closedChan is what Done returns of a context that was cancelled before.
var closedChan = func() chan struct{} {
	ch := make(chan struct{})
	close(ch)
	return ch
}()

// Done implements context.Context.
func (x *requestContext) Done() <-chan struct{} {
	x.mu.Lock()
	if x.done != nil {
		defer x.mu.Unlock()
		return x.done
	}
	if x.err != nil {
		x.done = closedChan
		defer x.mu.Unlock()
		return x.done
	}
	done := make(chan struct{})
	x.done = done
	x.follow()
	x.mu.Unlock()
	x.w.watch()
	return done
}

// AfterFunc has fn called on a goroutine of its own when the context has been
// cancelled. Package context looks for this method: contexts that are derived
// from this one need no goroutine that waits.
func (x *requestContext) AfterFunc(fn func()) (stop func() bool) {
	x.Done() // watched from now on
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.err != nil {
		go fn()
		return func() bool { return false }
	}
	f := &afterFunc{fn}
	if x.calls == nil {
		x.calls = make(map[*afterFunc]bool)
	}
	x.calls[f] = true
	return func() bool {
		x.mu.Lock()
		defer x.mu.Unlock()
		waits := x.calls[f]
		delete(x.calls, f)
		return waits
	}
}

type afterFunc struct{ fn func() }

// follow has the context cancelled with its parent. x.mu is held.
func (x *requestContext) follow() {
	if parent := x.at.ctx; parent.Done() != nil {
		x.parent = context.AfterFunc(parent, func() { x.cancelWith(parent.Err()) })
	}
}

// cancel ends the context. It may be called many times, with or without conn.mu.
func (x *requestContext) cancel() { x.cancelWith(context.Canceled) }

func (x *requestContext) cancelWith(err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.err != nil {
		return
	}
	x.err = err
	if x.done == nil {
		return // nobody has asked
	}
	close(x.done)
	for f := range x.calls {
		go f.fn()
	}
	x.calls = nil
	if x.parent != nil {
		x.parent()
	}
}

// String is for who prints a context.
func (x *requestContext) String() string { return "http1: request's context" }

// watch sees to it that the client's going away is noticed while the handler runs.
func (w *responseWriter) watch() {
	c := w.c
	c.mu.Lock()
	defer c.unlock()
	switch {
	case w.ex == nil:
	case c.eof && c.meetInput() != stepParse:
		w.b.ctx.cancel()
	case c.t.watch():
		go w.lookOut() // ends with the handler or the connection
	}
}

// hungUp: the client has closed its side, which says that it has gone, but need
// not mean it. mu is held.
func (c *conn) hungUp() {
	if c.serving != nil && c.serving.bridge != nil {
		c.serving.bridge.ctx.cancel()
	}
}

// lookOut reads the connection on behalf of a carrier that is busy with the
// handler: the body, for whoever waits for it, and beyond it a little, since that
// shows that the client has gone.
func (w *responseWriter) lookOut() {
	c := w.c
	c.mu.Lock()
	defer c.unlock()
	for w.ex != nil && c.writing != writeClosed && c.work != nil {
		step := c.meetInput()
		ahead := c.current == nil && step == stepParse && len(c.in) > 0 // the next request has to wait
		switch {
		case c.pumping:
			c.wait()
		case step == stepParse && !ahead:
			c.execute()
		case step == stepFinish:
			c.finishInput()
		case step == stepRead, ahead && len(c.in) < readAheadMax:
			if c.eof {
				w.b.ctx.cancel()
				return
			}
			c.t.fill(nil)
		default:
			c.wait()
		}
	}
}
