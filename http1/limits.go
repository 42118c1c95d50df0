package http1

import "time"

// Every queue and buffer of a connection has its bound here. What a user may
// change is a field of Server, with these as defaults.
const (
	// parsersIdleMax is Node's http.setMaxIdleHTTPParsers default.
	parsersIdleMax = 1000

	// headerBytesMax is Node's --max-http-header-size: names, values and target.
	headerBytesMax = 16 << 10

	// headerBytesMaxMax keeps offsets in a head far from 32 bits.
	headerBytesMaxMax = 64 << 20

	// headersMax is Node's default: 2000 flat entries.
	headersMax = 1000

	// pipelineRequestsMax is how many requests of a connection may wait for
	// their answers; then it is not read. Browsers send one, load generators
	// 16 to 64.
	pipelineRequestsMax = 64

	// highWaterMark is the default of Server.HighWaterMark, Node's since v22.
	highWaterMark = 64 << 10

	// highWaterMarkMax keeps a connection's share of memory within reason.
	highWaterMarkMax = 64 << 20

	// drainBytesMax is how much a response with OnDrain may have waiting before
	// its Write waits all the same: who does not look at WritableNeedDrain
	// writes against this wall.
	drainBytesMax = 1 << 20

	// seen… are what a work remembers of earlier requests: so many targets, and of
	// what length; one Host.
	seenTargets        = 16
	seenTargetBytesMax = 64
	seenHostBytesMax   = 64

	// memo… are what a head that is remembered may have.
	memoBytesMax = 1 << 10
	memoLinesMax = 16

	// outBytesMax is how much output is gathered before it is written, however
	// much more the same read may bring.
	outBytesMax = 64 << 10

	// copyBytesMax is up to which size a piece of a body is copied behind its
	// head into one buffer; larger ones are written from where they are.
	copyBytesMax = 8 << 10

	// writeBytesMax is what a client has to take of an answer in one WriteTimeout,
	// and the most that is written at once by a carrier that waits. With the
	// default of a minute it is 4 KiB a second.
	writeBytesMax = 256 << 10

	// minBodyRate is the default of Server.MinBodyRate, in bytes a second, and
	// bodyGrace how long a body may take whatever its rate is: Kestrel's. A modem
	// of 1994 is ten times as fast.
	minBodyRate = 240
	bodyGrace   = 5 * time.Second

	// bodyStallMax is for how long a body may stand still however fast it was
	// before: a tunnel, or a change of networks.
	bodyStallMax = time.Minute

	// bodyRateMax is far more than one client sends.
	bodyRateMax = 1 << 30

	// readBufferBytes is the size of a read. Most requests fit several times.
	readBufferBytes = 16 << 10

	// filesSpared is the part of the process's descriptors, one in so many, that
	// the default of MaxConnections leaves to others.
	filesSpared = 20

	// readAheadMax is how much is read behind a request whose handler runs on
	// another goroutine.
	readAheadMax = 16 << 10

	// loopsMax is far more event loops than there are processors.
	loopsMax = 1024

	// fieldsKept is the largest field table that goes back with a message; a
	// browser sends about 16 fields.
	fieldsKept = 64

	// outBytesKept is the memory for output that goes with a parser to the free
	// list: a batch of small answers fits.
	outBytesKept = 4 << 10

	// tailBytesKept is the largest buffer for trailers that is kept.
	tailBytesKept = 1 << 10

	// bufferBytesKept is the largest buffer that goes back to the free list.
	bufferBytesKept = 64 << 10

	// dumpBytesMax is how much of a body that nobody wants is read to keep the
	// connection, net/http's maxPostHandlerReadBytes. Beyond, it is cheaper to
	// close.
	dumpBytesMax = 256 << 10

	// lingerTimeout and lingerBytesMax bound the reading after the last answer,
	// which lets the client read the answer before a reset drops it. 16 MiB
	// swallow what a client sends before it looks at a 4 MiB field's 431.
	lingerTimeout  = 5 * time.Second
	lingerBytesMax = 16 << 20

	// unsentIgnored is how much a connection has to have sent before depart asks
	// whether the client's system has taken it all.
	unsentIgnored = 4 << 10

	// departLookMin is when depart looks again for the first time: a round trip or
	// so. It looks less and less often then.
	departLookMin = 20 * time.Millisecond

	// goexitWait bounds, roughly, the time for which a goroutine that ends in a
	// handler waits for a Write elsewhere.
	goexitWait = 16 * time.Millisecond

	// holdTime is how long output may wait for more output of the same turn,
	// Node's tick. A handler that blocks must not keep back what is written.
	holdTime = time.Millisecond

	// keepAliveBuffer is the default of Server.KeepAliveTimeoutBuffer, Node's.
	keepAliveBuffer = time.Second

	// acceptDelayMin and acceptDelayMax bound the pause after an error of
	// Accept that may pass (no descriptors left). net/http's.
	acceptDelayMin = 5 * time.Millisecond
	acceptDelayMax = time.Second

	// shutdownPoll is how often Shutdown looks whether connections have become
	// idle.
	shutdownPoll = 10 * time.Millisecond
)

// The defaults of the Server's timeouts, Node's.
const (
	defaultReadHeaderTimeout = 60 * time.Second
	defaultReadTimeout       = 300 * time.Second
	defaultIdleTimeout       = 5 * time.Second
	handlerIdleTimeout       = 11 * time.Minute // with Handler: load balancers keep theirs for 10 at most, and idle ones cost little
	defaultWriteTimeout      = 60 * time.Second // Node has none; reason at writeBytesMax
)
