package http1

import (
	"os"
	"time"
)

// errLate is what is returned after a deadline.
var errLate = os.ErrDeadlineExceeded

// deadlines are those that a handler has set by http.ResponseController.
type deadlines struct {
	read, write *time.Timer
}

// stop ends the timers; one may be on its way already.
func (d *deadlines) stop() {
	if d == nil {
		return
	}
	for _, timer := range []*time.Timer{d.read, d.write} {
		if timer != nil {
			timer.Stop()
		}
	}
}

// SetReadDeadline is for http.ResponseController. It takes the place of
// Server.ReadTimeout and MinBodyRate for this request; the zero time is none.
func (w *responseWriter) SetReadDeadline(t time.Time) error {
	ex, err := w.lock()
	if err != nil {
		return err
	}
	defer w.c.unlock()
	ex.req.body.patient = true
	w.b.body.expired = false
	d := w.ownDeadlines()
	d.read = restart(d.read, t, w.readLate)
	return nil
}

// SetWriteDeadline is for http.ResponseController: a client that has not taken
// the answer by then is cut off. The zero time is none, and leaves
// Server.WriteTimeout.
func (w *responseWriter) SetWriteDeadline(t time.Time) error {
	_, err := w.lock()
	if err != nil {
		return err
	}
	defer w.c.unlock()
	d := w.ownDeadlines()
	d.write = restart(d.write, t, w.writeLate)
	return nil
}

func (w *responseWriter) ownDeadlines() *deadlines {
	if w.deadlines == nil {
		w.deadlines = new(deadlines)
	}
	return w.deadlines
}

// restart returns a timer in place of another. It calls late on a goroutine of its
// own, at once if t has passed.
func restart(timer *time.Timer, t time.Time, late func()) *time.Timer {
	if timer != nil {
		timer.Stop()
	}
	if t.IsZero() {
		return nil
	}
	return time.AfterFunc(time.Until(t), late)
}

// readLate is called by the timer.
func (w *responseWriter) readLate() {
	c := w.c
	c.mu.Lock()
	if w.ex != nil && w.deadlines.read != nil {
		w.b.body.expired = true
		if c.pumping {
			c.t.interrupt()
		}
		c.cond.Broadcast() // there is work while a handler runs
	}
	c.unlock()
}

// writeLate is called by the timer.
func (w *responseWriter) writeLate() {
	c := w.c
	c.t.expireWrite() // of a carrier that writes with mu held
	c.mu.Lock()
	if w.ex != nil && w.deadlines.write != nil {
		w.late = true
		if c.t.pending() > 0 {
			c.t.reset()
			c.shut()
		}
	}
	c.unlock()
}
