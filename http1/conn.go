package http1

import (
	"bytes"
	"net/http"
	"sync"
	"time"

	"github.com/cork-go/cork/internal/httpparse"
	"github.com/cork-go/cork/internal/invariants"
)

// reading is where the input stands.
type reading uint8

const (
	readIdle   reading = iota // between messages: no byte of the next one is there
	readHead                  // in a head
	readBody                  // in the body of conn.current
	readTunnel                // behind the head of a request that leaves HTTP
	readDrop                  // no message follows: input is dropped
	readClosed                // the connection has ended
)

// writing is where the output stands.
type writing uint8

const (
	writeOpen   writing = iota // the front of conn.outgoing, if there is one, owns the transport
	writeLast                  // the last answer is out and the output is closed
	writeClosed                // the connection has ended
)

// conn is one connection: bytes and ticks in, bytes and decisions out. It does
// no I/O but through its transport.
//
// One goroutine at a time runs it: the carrier's, or the one of a handler that
// has held the carrier up and was left behind with its connection. It executes
// the parser, the handlers and OnData. mu is released while code of the
// application runs and while the carrier waits. Other goroutines come in through
// ServerResponse (which writes under mu) and through a body's Read, which reads
// the connection on behalf of the carrier while that is busy with a handler.
//
// A conn is what a connection owns while nothing happens, so it is small. What
// it needs for messages is borrowed: work is nil while there are none.
type conn struct {
	// Set once in newConn.
	server *Server
	t      transport
	pools  *pools

	mu sync.Mutex
	*work

	reading  reading
	writing  writing
	eof      bool   // no more bytes will come
	broken   bool   // a write has failed
	requests uint32 // of HTTP/1.1, as MaxRequestsPerSocket counts them
	received uint64 // bytes read
	sent     uint64 // bytes written
	quiet    *quiet // nil without a socket timeout
	site     *site  // for an http.Handler; nil before that

	// Clock.
	now         instant  // of the last input or tick
	started     instant  // of the message being read; before the first, of the connection
	idleSince   instant  // the last answer was finished
	lingerUntil instant  // of writeLast
	taking      patience // with the client that takes answers
	unsent      uint32   // what the kernel held when depart looked
	look        uint32   // until it looks again, in milliseconds
}

// instant is a time on the server's clock: nanoseconds, never zero, which stands
// for no time.
type instant int64

// after returns the time d later; none if d is zero, which means no limit.
func (i instant) after(d time.Duration) instant {
	if d == 0 {
		return 0
	}
	return i + instant(d)
}

// work is what a connection borrows while there is something to do, from its
// first byte until all is answered: the parser, the queues, what is read and
// what is written.
type work struct {
	// parser is lent with the work.
	parser *httpparse.Parser
	base   uint64 // bytes that were read before the parser got its first

	// cond is for who waits for something to change: conn.notify. L is the mutex
	// of the connection that has borrowed the work.
	cond    sync.Cond
	waiters int // goroutines in cond.Wait

	// The input.
	in       []byte // arrived, and the parser is not done with it
	own      bool   // in is the connection's own memory, not the carrier's buffer
	packet   []byte // the last read, as long as it is there
	starved  bool   // the parser has seen all of in
	paused   bool   // the parser has to be resumed before it goes on
	overfull bool   // more of an unwanted body has come than is dropped for the connection's sake
	parted   bool   // the client has said that its last request was that, and it is whole
	dropped  int    // bytes dropped in readDrop

	// Of the carrier.
	kind  uint64  // of the request whose handler is known to block; 0 if there is none
	since instant // when that began, or when the loop went on without its handler

	// The messages.
	filling  *exchange        // collects fields of a head that is not complete
	current  *IncomingMessage // its body is being read; nil between messages
	fresh    *exchange        // its handler has not been called
	serving  *exchange        // its handler runs, called by run
	tunnel   *exchange        // asks to leave HTTP
	refused  *ClientError     // the answer is due when outgoing is empty
	cutOff   bool             // … at once, without an answer
	bad      *refusal         // found in a parser callback
	incoming queue[IncomingMessage]
	outgoing queue[ServerResponse]
	spare    *exchange // ready for the next message
	seen     seen
	memo     headMemo

	calling *exchange // whose handler, OnData or OnEnd runs
	orphan  bool      // … and the connection has been closed meanwhile
	lent    bool      // a callback of the application has bytes of the carrier's buffer
	pumping bool      // a Read reads the connection while a handler runs
	hooks   bool      // some request of this connection has OnData or OnEnd

	// The output.
	out       []byte  // written, and not yet handed to the transport: in small or outBuf
	small     []byte  // memory for out, empty
	outBuf    *buffer // lent if small is too small
	frontAt   int     // where in out the response at the front begins
	heldBytes int     // in responses behind the front
	stuffed   bool    // much was held when the last request came in
	draining  bool    // some response has OnDrain, and waits for it
	severed   bool    // a reset says that the last answer is not whole
	turn      bool    // run is at work: output may be gathered
	holding   bool    // the carrier sees to it that out does not wait for long
	vec       [3][]byte
	chunkHead []byte
	tail      []byte

	// Callbacks that are due; see fire.
	events    []event
	finishing []event // due when out has been handed over
	firing    bool    // somebody calls them
	telling   bool    // a goroutine has been sent to
	reminded  bool    // one will be, if run does not come to it

	// Of the carrier on an event loop.
	thirsty bool // somebody waits in fill who wants to read by himself
	waits   bool // the handler is about to wait for the connection
}

func newConn(s *Server, t transport, p *pools) *conn {
	c := new(conn)
	c.init(s, t, p)
	return c
}

// init is newConn for a conn that is part of something larger.
func (c *conn) init(s *Server, t transport, p *pools) {
	s.began()
	c.server, c.t, c.pools = s, t, p
	c.now = t.now()
	c.started = c.now
	if s.Timeout > 0 {
		c.quiet = &quiet{limit: s.Timeout, since: c.now}
	}
}

// take gives the connection input. data stays the carrier's: it must be left
// alone until keep has been called.
func (c *conn) take(data []byte, now instant) {
	c.now = now
	if c.writing == writeClosed {
		return
	}
	c.wake()
	c.waited()
	c.received += uint64(len(data))
	if c.quiet != nil {
		c.quiet.stirred(now)
	}
	if c.reading >= readDrop {
		c.dropped += len(data)
		return
	}
	c.packet = data
	c.starved = false
	if len(c.in) == 0 {
		c.in, c.own = data, false
		return
	}
	if !c.own {
		c.in, c.own = bytes.Clone(c.in), true
	}
	c.in = append(c.in, data...)
}

// keep moves what must outlive the carrier's buffers into memory of the
// connection, sized to what is there.
func (c *conn) keep() {
	c.packet = nil
	if len(c.in) == 0 {
		c.in, c.own = nil, false
	} else if !c.own {
		c.in, c.own = bytes.Clone(c.in), true
	}
	if c.current != nil && len(c.current.body.piece) > 0 {
		c.current.body.piece = bytes.Clone(c.current.body.piece)
	}
}

// wake borrows the work if the connection has none.
func (c *conn) wake() {
	if c.work == nil {
		c.pools.lend(c)
	}
}

// rest gives the work back if there is nothing to do, and nobody at it.
func (c *conn) rest() {
	w := c.work
	if w == nil || w.turn || w.firing || w.pumping || w.waiters > 0 || len(w.events) > 0 {
		return
	}
	if c.writing == writeClosed || c.reading == readIdle && !c.eof && w.idle() {
		c.pools.takeBack(c)
	} else if len(c.out) == 0 {
		c.small = nil // who waits owns as little as can be
	}
}

// idle reports whether nothing is to be done, given that the connection is
// between messages.
func (w *work) idle() bool {
	return len(w.in) == 0 && w.incoming.len() == 0 && w.outgoing.len() == 0 && len(w.out) == 0 &&
		w.fresh == nil && w.tunnel == nil && w.refused == nil && len(w.finishing) == 0
}

// wait waits for notify, without mu. The caller has seen to it that nobody
// waits for this goroutine: transport.block.
func (c *conn) wait() {
	c.waiters++
	c.cond.Wait()
	c.waiters--
}

// run does what can be done without the carrier and returns what it has to do.
// mu is held; run releases it while code of the application runs.
func (c *conn) run() step {
	if c.work == nil {
		switch {
		case c.writing == writeClosed:
			return stepClosed
		case !c.eof:
			return stepRead
		}
		c.wake()
	}
	c.turn = true
	c.callDue()
	for {
		for c.pumping {
			c.wait()
		}
		switch s := c.meet(); s {
		case stepParse:
			c.execute()
		case stepFinish:
			c.finishInput()
		case stepRequest:
			if c.t.elsewhere(c.fresh) {
				return stepElsewhere
			}
			c.handle()
		case stepDeliver:
			c.deliver()
		case stepRefuse:
			c.answerRefusal()
		default:
			c.flush()
			if s == stepUpgrade && c.t.pending() > 0 { // what has just been flushed
				c.t.push()
				continue
			}
			if !c.callDue() && (s == stepClosed) == (c.writing == writeClosed) {
				c.turn = false
				c.unhold()
				if s == stepClosed {
					c.disown()
				}
				return s
			}
		}
	}
}

// callDue calls what is due, unless somebody is at it or on his way. It reports
// whether there was anything.
func (c *conn) callDue() bool {
	if len(c.events) == 0 || c.firing || c.telling {
		return false
	}
	c.t.enter()
	c.fire()
	c.t.leave()
	return true
}

// greet has OnConnection called, before anything else.
func (c *conn) greet() {
	c.stateEvent(http.StateNew)
	if hook := c.server.OnConnection; hook != nil {
		c.wake()
		c.events = append(c.events, event{call: func() { hook(Socket{c}) }})
	}
}

// meet is where reading and writing meet: it says what comes next.
func (c *conn) meet() step {
	if invariants.Enabled {
		c.check()
	}
	switch {
	case c.writing == writeClosed:
		return stepClosed
	case c.hooks && c.dueRequest() != nil:
		return stepDeliver
	case c.fresh != nil:
		return stepRequest
	case c.refused != nil && (c.cutOff || c.outgoing.len() == 0):
		return stepRefuse
	case c.tunnel != nil && c.outgoing.len() == 0 && c.t.pending() == 0:
		return stepUpgrade
	}
	return c.meetInput()
}

// meetInput is meet for the input alone.
func (c *conn) meetInput() step {
	switch {
	case c.writing == writeClosed:
		return stepClosed
	case c.refused != nil || c.tunnel != nil:
		return stepWait // for the answers to earlier requests
	case c.reading == readDrop:
		return c.meetDrop()
	case c.current != nil && c.current.body.stuck():
		return stepWait // for somebody to take the body
	case c.current == nil && c.full() && (!c.paused || len(c.in) > 0): // else it is but the end of a message
		return stepWait // for answers
	case c.paused || len(c.in) > 0 && !c.starved:
		return stepParse
	case c.eof:
		return stepFinish
	}
	return stepRead
}

// meetDrop is meetInput when no message follows. It goes on reading, so that a
// client that hangs up is noticed and one that still sends can read its answer.
func (c *conn) meetDrop() step {
	switch {
	case c.eof && c.outgoing.len() > 0 && c.server.halfOpen:
		return stepWait
	case c.eof && c.writing == writeLast && (c.t.pending() > 0 || c.unsent > 0):
		return stepWait // for the client to take it
	case c.eof || c.writing == writeLast && c.dropped > lingerBytesMax:
		return stepFinish
	case c.dropped > lingerBytesMax:
		return stepWait
	}
	return stepRead
}

// full reports whether no further request is taken in for now.
func (c *conn) full() bool {
	return c.outgoing.len() >= pipelineRequestsMax || c.stuffed && c.backlog() >= c.server.mark
}

// backlog is how many bytes of answers cannot leave now.
func (c *conn) backlog() int { return c.heldBytes + c.t.pending() }

// execute runs the parser over the input.
func (c *conn) execute() {
	if c.paused {
		c.parser.Resume()
		c.paused = false
	}
	n, code := c.parser.Execute(c.in)
	if invariants.Enabled {
		invariants.Check(n >= 0 && n <= len(c.in), "http1: the parser is done with more than it got")
	}
	c.in = c.in[n:]
	switch code {
	case httpparse.OK:
		c.starved = true
	case httpparse.Paused:
		if c.paused = len(c.in) > 0 || !c.parser.Idle(); !c.paused {
			c.parser.Resume()
			c.starved = true
		}
	case httpparse.PausedUpgrade:
		c.paused = c.tunnel == nil
	default:
		e := c.refusalOf(code)
		c.attach(e)
		c.refuse(e)
	}
	if c.reading == readDrop {
		c.dropped += len(c.in)
		c.in, c.paused = nil, false
	}
	if c.overfull {
		c.endOutput()
	}
	if c.waiters > 0 {
		c.cond.Broadcast() // a Read may wait for what has come
	}
}

func (c *conn) refusalOf(code httpparse.Code) *ClientError {
	if bad := c.bad; bad != nil {
		c.bad = nil
		return bad.clientError(c.base + c.parser.Consumed())
	}
	e := parserRefusal(code, c.parser.Err())
	e.Offset += c.base
	return e
}

// attach tells OnClientError which bytes are meant.
func (c *conn) attach(e *ClientError) {
	if c.server.OnClientError != nil && c.packet != nil {
		e.RawPacket = bytes.Clone(c.packet)
		e.BytesParsed = int(e.Offset - (c.received - uint64(len(c.packet))))
	}
}

// finishInput is called once the input has ended and all of it was parsed.
func (c *conn) finishInput() {
	if c.reading < readDrop {
		if code := c.parser.Finish(); code != httpparse.OK {
			c.refuse(c.refusalOf(code))
			return
		}
		c.reading = readDrop
	}
	if c.outgoing.len() > 0 && c.server.halfOpen && c.writing == writeOpen {
		c.outgoing.back().last = true // its head may say otherwise: no client could use it
		c.hungUp()
		return
	}
	// As in Node, a client that has ended its side gets what is written, and
	// no more: for one that waits it is the sign that it has gone.
	c.flush()
	if c.t.pending() > 0 && c.writing == writeOpen {
		c.endOutput()
		return
	}
	if c.eof {
		c.depart()
		return
	}
	c.shut()
}

// notify wakes whoever waits for a change.
func (c *conn) notify() {
	if c.work != nil && c.waiters > 0 {
		c.cond.Broadcast()
	}
	c.t.changed()
}
