package http1

import (
	"bytes"
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
// One goroutine, the carrier's, calls run; it executes the parser, the handlers
// and OnData. mu is released while code of the application runs and while the
// carrier waits. Other goroutines come in through ServerResponse (which writes
// under mu) and through a body's Read, which reads the connection on behalf of
// the carrier while that is busy with a handler.
type conn struct {
	// Set once in newConn.
	server *Server
	t      transport

	mu   sync.Mutex
	cond sync.Cond // something has changed: conn.notify

	// parser is lent from newConn to shut (or upgrade); nil afterwards.
	parser *httpparse.Parser

	reading reading
	writing writing

	// The input.
	in       []byte // arrived, and the parser is not done with it
	own      bool   // in is the connection's own memory, not the carrier's buffer
	starved  bool   // the parser has seen all of in
	paused   bool   // the parser has to be resumed before it goes on
	eof      bool   // no more bytes will come
	overfull bool   // more of an unwanted body has come than is dropped for the connection's sake
	dropped  int    // bytes dropped in readDrop

	// The messages.
	filling  *exchange        // collects fields of a head that is not complete
	current  *IncomingMessage // its body is being read; nil between messages
	fresh    *exchange        // its handler has not been called
	tunnel   *exchange        // asks to leave HTTP
	refused  *ClientError     // the answer is due when outgoing is empty
	cut      bool             // … at once, without an answer
	bad      *refusal         // found in a parser callback
	requests int              // heads taken in
	incoming queue[IncomingMessage]
	outgoing queue[ServerResponse]

	handling bool // a handler runs on the carrier's goroutine
	pumping  bool // a Read reads the connection meanwhile
	hooks    bool // some request of this connection has OnData or OnEnd

	// The output.
	outBuf    *buffer // lent while out is not empty
	out       []byte  // written, and not yet handed to the transport
	heldBytes int     // in responses behind the front
	turn      bool    // run is at work: output may be gathered
	holding   bool    // timer is armed
	broken    bool    // a write has failed
	timer     *time.Timer
	vec       [3][]byte
	chunkHead []byte
	tail      []byte

	// Callbacks that are due; see fire.
	events    []event
	finishing []event // due when out has been handed over
	firing    bool

	// Clock.
	now         time.Time // of the last input or tick
	started     time.Time // of the message being read; before the first, of the connection
	idleSince   time.Time // the last answer was finished
	lingerUntil time.Time // of writeLast
}

func newConn(s *Server, t transport, now time.Time) *conn {
	c := &conn{server: s, t: t, now: now, started: now}
	c.cond.L = &c.mu
	c.parser = s.parsers.get()
	c.parser.Init(httpparse.Request, c, s.parserOptions)
	return c
}

// take gives the connection input. data stays the carrier's: it must be left
// alone until keep has been called.
func (c *conn) take(data []byte, now time.Time) {
	c.now = now
	if c.reading >= readDrop {
		c.dropped += len(data)
		return
	}
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
	if len(c.in) == 0 {
		c.in, c.own = nil, false
	} else if !c.own {
		c.in, c.own = bytes.Clone(c.in), true
	}
	if c.current != nil && len(c.current.body.piece) > 0 {
		c.current.body.piece = bytes.Clone(c.current.body.piece)
	}
}

// run does what can be done without the carrier and returns what it has to do.
// mu is held; run releases it while code of the application runs.
func (c *conn) run() step {
	c.turn = true
	for {
		for c.pumping {
			c.cond.Wait()
		}
		switch s := c.meet(); s {
		case stepParse:
			c.execute()
		case stepFinish:
			c.finishInput()
		case stepRequest:
			c.handle()
		case stepDeliver:
			c.deliver()
		case stepRefuse:
			c.answerRefusal()
		default:
			c.turn = false
			c.stopTimer()
			c.flush()
			if !c.fire() && (s == stepClosed) == (c.writing == writeClosed) {
				return s
			}
			c.turn = true
		}
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
	case c.due() != nil:
		return stepDeliver
	case c.fresh != nil:
		return stepRequest
	case c.refused != nil && (c.cut || c.outgoing.len() == 0):
		return stepRefuse
	case c.tunnel != nil && c.outgoing.len() == 0:
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
	case c.current == nil && c.full():
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
	case c.eof && c.outgoing.len() > 0 && c.server.AllowHalfOpen:
		return stepWait
	case c.eof || c.writing == writeLast && c.dropped > lingerBytesMax:
		return stepFinish
	case c.dropped > lingerBytesMax:
		return stepWait
	}
	return stepRead
}

// full reports whether no further request is taken in for now.
func (c *conn) full() bool {
	return c.outgoing.len() >= pipelineRequestsMax || c.heldBytes > heldBytesMax
}

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
		c.paused = true
	case httpparse.PausedUpgrade:
		c.paused = c.tunnel == nil
	default:
		c.refuse(c.refusalOf(code))
	}
	if c.reading == readDrop {
		c.in, c.paused = nil, false
	}
	if c.overfull {
		c.endOutput()
	}
	c.cond.Broadcast() // a Read may wait for what has come
}

func (c *conn) refusalOf(code httpparse.Code) *ClientError {
	if bad := c.bad; bad != nil {
		c.bad = nil
		return bad.clientError(c.parser.Consumed())
	}
	return parserRefusal(code, c.parser.Err())
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
	if c.outgoing.len() > 0 && c.server.AllowHalfOpen && c.writing == writeOpen {
		res := c.outgoing.back()
		res.last, res.keepAlive = true, false
		return
	}
	// As in Node, a client that has ended its side gets what is written, and
	// no more: for one that waits it is the sign that it has gone.
	c.flush()
	c.shut()
}

// notify wakes whoever waits for a change.
func (c *conn) notify() {
	c.cond.Broadcast()
	c.t.changed()
}
