package http1

import "time"

// pace is how fast a peer has to be: it may keep the server waiting for grace, and
// for per more with each bytes that it sends, or takes, but never for longer than
// most at a stretch.
//
// Deadlines for each read and write alone do not do it: a byte before each of them
// holds a connection for ever. Neither does one for a whole body, which is too
// short for large ones or too long for small ones.
type pace struct {
	bytes            uint64        // 0: as slow as it likes
	per, grace, most time.Duration // grace is no longer than most
}

// worth is what n bytes earn.
func (at *pace) worth(n uint64) time.Duration {
	earned := float64(at.per) / float64(at.bytes) * float64(n)
	return time.Duration(min(earned, float64(2*at.most))) // spent is never more than most
}

// patience is how a peer stands with its pace. The zero value is the beginning.
type patience struct {
	spent time.Duration // waiting, less what bytes have earned
	since instant       // the server waits since then; 0: it does not
}

// begin: the server waits for the peer, from now on unless it did already.
func (p *patience) begin(now instant) {
	if p.since == 0 {
		p.since = now
	}
}

// end: it does not wait any more.
func (p *patience) end(now instant) {
	if p.since != 0 {
		p.spent += max(0, time.Duration(now-p.since))
		p.since = 0
	}
}

// earn: the peer has sent, or taken, n bytes.
func (p *patience) earn(n uint64, at *pace) {
	if n != 0 && at.bytes != 0 {
		p.spent = max(p.spent-at.worth(n), at.grace-at.most)
	}
}

// until returns when the patience ends if nothing comes; 0 for never.
func (p *patience) until(at *pace) instant {
	if p.since == 0 || at.bytes == 0 {
		return 0
	}
	return p.since + instant(at.grace-p.spent)
}
