/*
 * load sends one request over and over on many connections of one server and
 * says what came back, how fast, and what the server's processes paid for it.
 * It is one thread, one epoll descriptor, closed loop: a connection sends its
 * next request (or its next batch, -p) when the last has been answered.
 *
 * It has to cost less than the server it measures:
 *
 *   - It never sleeps while it measures, it polls. A server does not pay for
 *     waking the load generator then, as it would not if that were on another
 *     machine. The time of the empty polls is the idle share that it reports;
 *     near zero means that it was the bottleneck and not the server.
 *   - The first answer is parsed and checked, and becomes the model. An answer
 *     that equals it, apart from the value of Date, needs no parsing; so each
 *     byte of each answer is compared and hardly any is parsed.
 *
 * The server's CPU time is read by this program itself, at the first and the
 * last moment of the window that it counts: the clock of each process for the
 * sum (nanoseconds), /proc/PID/stat for user and system apart (ticks).
 *
 * Output is one JSON object on one line. With -i it first prints the line
 * "open" when all idle connections have had their answer, and goes on when it
 * reads a line.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	readMax = 256 << 10,    /* one read; the buffer is shared by all connections */
	eventsMax = 512,        /* of one epoll_wait */
	pidsMax = 64,           /* processes of the server */
	connectingMax = 128,    /* idle connections that are being made at a time */
	answerMax = 64 << 20,   /* an answer longer than that is a fault */
	modelsMax = 64,         /* different heads that are learned before we give up and parse */
	sourcesMax = 200,        /* addresses that connections come from, see begin */
	connectRetryMillis = 10, /* pause after a refused connection */
	idleAnswerSeconds = 10,  /* to wait for the answer on an idle connection */
	firstAnswersSeconds = 5  /* to wait for an answer on each connection */
};

static void die(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fprintf(stderr, "load: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(1);
}

static void *must(void *p)
{
	if (p == NULL)
		die("out of memory");
	return p;
}

static uint64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- what is asked for ------------------------------------------------- */

static struct {
	int port, conns, depth, idle, cpu;
	int oneShot; /* a new connection for each request; the server closes it */
	int sleepy;  /* sleep in epoll_wait, as most generators do */
	double seconds, warmup;
	char *request, *body;
	size_t requestLen, bodyLen;
	char *slow; /* sent instead of the request, one time in slowEvery */
	size_t slowLen;
	char *slowMark; /* in slow: replaced by another number each time; may be NULL */
	unsigned slowEvery;
	pid_t pids[pidsMax];
	int pidCount;
} opt = {.conns = 64, .depth = 1, .cpu = -1, .seconds = 2, .warmup = 0.5};

enum { markLen = 8 };
static const char mark[] = "########";

static char *batch; /* depth requests */
static size_t batchLen;

/* ---- latencies: a histogram with 64 steps to each power of two ---------- */

enum { stepBits = 6, steps = 1 << stepBits };

static uint64_t histogram[(64 - stepBits) * steps];

static void record(uint64_t nanos, uint64_t times)
{
	unsigned slot;
	if (nanos < steps) {
		slot = (unsigned)nanos;
	} else {
		unsigned shift = 63u - (unsigned)__builtin_clzll(nanos) - stepBits;
		slot = (shift + 1) * steps + (unsigned)((nanos >> shift) - steps);
	}
	histogram[slot] += times;
}

static double quantileMicros(double q)
{
	uint64_t sum = 0, seen = 0;
	size_t i, n = sizeof histogram / sizeof *histogram;
	for (i = 0; i < n; i++)
		sum += histogram[i];
	if (sum == 0)
		return 0;
	for (i = 0; i < n; i++) {
		seen += histogram[i];
		if ((double)seen >= q * (double)sum)
			break;
	}
	if (i < steps)
		return (double)i / 1e3;
	unsigned shift = (unsigned)(i / steps) - 1;
	/* the middle of the step */
	return ((double)((steps + i % steps) << shift) + (double)(1ull << shift) / 2) / 1e3;
}

/* ---- answers ------------------------------------------------------------ */

struct model {
	char *bytes;
	size_t len;
	size_t dateFrom, dateTo; /* the value of Date; equal if there is none */
};

static struct model *models[modelsMax];
static int modelCount;
static struct model *current;
static int learning; /* an answer that is right and new becomes the model */

static struct {
	uint64_t answers, bytes, connects;
	/* faults */
	uint64_t status, body, malformed, closed, connect;
} count;

/* finds a field of a head; the value's first byte, or NULL */
static const char *field(const char *head, size_t len, const char *name)
{
	const char *p = head, *end = head + len;
	size_t n = strlen(name);
	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		p++;
		if ((size_t)(end - p) > n && strncasecmp(p, name, n) == 0 && p[n] == ':') {
			for (p += n + 1; *p == ' '; p++)
				;
			return p;
		}
	}
	return NULL;
}

/* The chunked body at p: its length on the wire, 0 if it is not all there, -1 if
 * it is wrong. Its bytes are gathered in place. */
static long unchunk(char *p, size_t len, size_t *bodyLen)
{
	char *from = p, *to = p, *end = p + len;
	for (;;) {
		char *nl = memchr(from, '\n', (size_t)(end - from));
		if (nl == NULL)
			return 0;
		char *stop;
		unsigned long size = strtoul(from, &stop, 16);
		if (stop == from || size > answerMax)
			return -1;
		from = nl + 1;
		if ((size_t)(end - from) < size + 2)
			return 0;
		memmove(to, from, size);
		to += size;
		from += size;
		if (memcmp(from, "\r\n", 2) != 0)
			return -1;
		from += 2;
		if (size == 0) {
			*bodyLen = (size_t)(to - p);
			return from - p;
		}
	}
}

/* Counts it, and tells where the first one is wrong. */
static void wrongBody(const char *body, size_t len)
{
	size_t i = 0;
	if (count.body++ > 0)
		return;
	while (i < len && i < opt.bodyLen && body[i] == opt.body[i])
		i++;
	fprintf(stderr, "load: a wrong body: %zu bytes, want %zu; from byte %zu on: \"%.*s\", want \"%.*s\"\n", len, opt.bodyLen,
		i, (int)(len - i < 40 ? len - i : 40), body + i, (int)(opt.bodyLen - i < 40 ? opt.bodyLen - i : 40), opt.body + i);
}

/* Parses one answer: its length, 0 if it is not all there, -1 if it cannot be. */
static long parse(const char *p, size_t len)
{
	const char *end = memmem(p, len, "\r\n\r\n", 4);
	if (end == NULL)
		return len > 65536 ? -1 : 0;
	size_t headLen = (size_t)(end - p) + 4;
	if (headLen < 16 || memcmp(p, "HTTP/1.", 7) != 0)
		return -1;
	const char *body = p + headLen;
	size_t bodyLen, whole;
	char *copy = NULL;
	const char *v = field(p, headLen, "content-length");
	if (v != NULL) {
		bodyLen = strtoul(v, NULL, 10);
		if (bodyLen > answerMax)
			return -1;
		whole = headLen + bodyLen;
		if (len < whole)
			return 0;
	} else if ((v = field(p, headLen, "transfer-encoding")) != NULL && strncasecmp(v, "chunked", 7) == 0) {
		copy = must(malloc(len - headLen + 1));
		memcpy(copy, body, len - headLen);
		copy[len - headLen] = 0;
		long n = unchunk(copy, len - headLen, &bodyLen);
		if (n <= 0) {
			free(copy);
			return n;
		}
		body = copy;
		whole = headLen + (size_t)n;
	} else {
		return -1;
	}
	if (memcmp(p + 8, " 200", 4) != 0)
		count.status++;
	else if (bodyLen != opt.bodyLen || memcmp(body, opt.body, bodyLen) != 0)
		wrongBody(body, bodyLen);
	else if (learning && modelCount < modelsMax) {
		struct model *m = must(calloc(1, sizeof *m));
		m->bytes = must(malloc(whole));
		memcpy(m->bytes, p, whole);
		m->len = whole;
		if ((v = field(p, headLen, "date")) != NULL) {
			m->dateFrom = (size_t)(v - p);
			m->dateTo = (size_t)((const char *)memchr(v, '\r', headLen) - p);
		}
		current = models[modelCount++] = m;
	}
	free(copy);
	return (long)whole;
}

/* ---- connections -------------------------------------------------------- */

struct conn {
	int fd;
	int pending;     /* answers of the batch that are not here yet */
	int waitsForEnd; /* answered; the server has to close */
	const char *out; /* the batch, or the slow request */
	char *fresh;     /* the slow request with a number of its own */
	size_t outLen, sent;
	size_t at;       /* bytes of the present answer that equal its model */
	const struct model *model;
	char *odd; /* an answer that equals none, so far as it has come */
	size_t oddLen, oddRoom;
	uint64_t since; /* when the batch was sent, or the connection begun */
};

static int poller;
static struct sockaddr_in target;
static struct conn *conns;
static char *buffer;
static uint64_t clockNow; /* of the last event handled */

/* A slow request that nobody has sent before. */
static void chooseFresh(struct conn *c)
{
	static uint32_t number;
	char digits[markLen + 1];
	if (c->fresh == NULL) {
		c->fresh = must(malloc(opt.slowLen));
		memcpy(c->fresh, opt.slow, opt.slowLen);
	}
	snprintf(digits, sizeof digits, "%08x", number++ * 2654435761u);
	memcpy(c->fresh + (opt.slowMark - opt.slow), digits, markLen);
	c->out = c->fresh;
}

/* What is sent next. */
static void choose(struct conn *c)
{
	static uint32_t random = 2463534242u; /* xorshift; the same in each run */
	c->out = batch;
	c->outLen = batchLen;
	c->pending = opt.depth;
	c->sent = 0;
	if (opt.slowEvery == 0)
		return;
	random ^= random << 13;
	random ^= random >> 17;
	random ^= random << 5;
	if (random % opt.slowEvery == 0) {
		c->out = opt.slow;
		c->outLen = opt.slowLen;
		if (opt.slowMark != NULL)
			chooseFresh(c);
	}
}

static void begin(struct conn *c)
{
	int on = 1;
	choose(c);
	c->waitsForEnd = 0;
	c->at = c->oddLen = 0;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		die("socket: %s", strerror(errno));
	if (!opt.oneShot) {
		setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	} else {
		/* An address for each slot, 127.0.0.2 and so on: the ports of one are
		 * used up within a second, and a port that is used again too soon may
		 * lose its SYN. */
		struct sockaddr_in source = {.sin_family = AF_INET};
		source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)((c - conns) % sourcesMax));
		setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
		if (bind(c->fd, (struct sockaddr *)&source, sizeof source) < 0)
			die("bind: %s", strerror(errno));
	}
	if (connect(c->fd, (struct sockaddr *)&target, sizeof target) < 0 && errno != EINPROGRESS) {
		count.connect++;
		if (count.connect > 1000)
			die("connect: %s", strerror(errno));
		close(c->fd);
		usleep(connectRetryMillis * 1000);
		begin(c);
		return;
	}
	struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
	if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &e) < 0)
		die("epoll_ctl: %s", strerror(errno));
	count.connects++;
	c->since = clockNow;
}

static void again(struct conn *c)
{
	close(c->fd);
	begin(c);
}

static void fault(struct conn *c, uint64_t *kind)
{
	++*kind;
	if (count.closed + count.malformed + count.connect > 100000)
		die("too many faults; the server closes its connections or answers nonsense");
	again(c);
}

/* Sends what is left of the batch. */
static void flush(struct conn *c)
{
	while (c->sent < c->outLen) {
		ssize_t n = send(c->fd, c->out + c->sent, c->outLen - c->sent, MSG_NOSIGNAL);
		if (n < 0) {
			if (errno != EAGAIN)
				fault(c, errno == ECONNREFUSED ? &count.connect : &count.closed);
			return;
		}
		c->sent += (size_t)n;
	}
}

/* One answer is whole; returns 1 if the batch is. */
static int answered(struct conn *c)
{
	c->at = 0;
	count.answers++;
	return --c->pending == 0;
}

/* The bytes of model m at offset at equal p, apart from the date. */
static int equal(const struct model *m, size_t at, const char *p, size_t n)
{
	size_t end = at + n;
	if (at < m->dateFrom) {
		size_t k = (end < m->dateFrom ? end : m->dateFrom) - at;
		if (memcmp(m->bytes + at, p, k) != 0)
			return 0;
	}
	if (end > m->dateTo) {
		size_t from = at > m->dateTo ? at : m->dateTo;
		if (memcmp(m->bytes + from, p + (from - at), end - from) != 0)
			return 0;
	}
	return 1;
}

static void keepOdd(struct conn *c, const char *p, size_t n)
{
	if (c->oddLen + n > c->oddRoom) {
		c->oddRoom = (c->oddLen + n) * 2;
		c->odd = must(realloc(c->odd, c->oddRoom));
	}
	memcpy(c->odd + c->oddLen, p, n);
	c->oddLen += n;
}

/* Takes received bytes. 1: the batch is answered, 0: not yet, -1: nonsense. */
static int take(struct conn *c, const char *p, size_t n)
{
	int done = 0;
	while (n > 0) {
		if (done)
			return -1; /* more than was asked for */
		if (c->oddLen == 0) {
			if (c->at == 0)
				c->model = current;
			const struct model *m = c->model;
			if (m != NULL) {
				size_t k = m->len - c->at;
				if (k > n)
					k = n;
				if (equal(m, c->at, p, k)) {
					c->at += k;
					p += k;
					n -= k;
					if (c->at == m->len)
						done = answered(c);
					continue;
				}
				if (c->at > 0)
					keepOdd(c, m->bytes, c->at);
			}
		}
		size_t before = c->oddLen;
		keepOdd(c, p, n);
		long whole = parse(c->odd, c->oddLen);
		if (whole < 0 || c->oddLen > answerMax)
			return -1;
		if (whole == 0)
			return 0;
		size_t used = (size_t)whole - before;
		p += used;
		n -= used;
		c->oddLen = 0;
		done = answered(c);
	}
	return done;
}

/* The server has closed a connection after its only answer. */
static void ended(struct conn *c)
{
	clockNow = now();
	record(clockNow - c->since, 1);
	again(c);
}

/* Reads what is there; atEnd if the server's end of the stream is known to be
 * among it, which saves the read that would find it. */
static void onReadable(struct conn *c, int atEnd)
{
	for (;;) {
		ssize_t n = recv(c->fd, buffer, readMax, 0);
		if (n < 0) {
			if (errno != EAGAIN)
				fault(c, &count.closed);
			return;
		}
		if (n == 0) {
			fault(c, &count.closed);
			return;
		}
		count.bytes += (uint64_t)n;
		int r = take(c, buffer, (size_t)n);
		if (r < 0) {
			fault(c, &count.malformed);
			return;
		}
		if (r > 0 && opt.oneShot) {
			c->waitsForEnd = 1;
			if (atEnd)
				ended(c);
			return;
		}
		if (r > 0) {
			clockNow = now();
			if (c->out == batch) /* latencies are those of the fast ones */
				record(clockNow - c->since, (uint64_t)opt.depth);
			c->since = clockNow;
			choose(c);
			flush(c);
			return;
		}
		if (n < readMax && !atEnd)
			return; /* drained; the next bytes are a new edge */
	}
}

static void onEvent(const struct epoll_event *e)
{
	struct conn *c = e->data.ptr;
	int atEnd = (e->events & EPOLLRDHUP) != 0;
	if ((e->events & EPOLLOUT) != 0 && c->sent < c->outLen) {
		int fd = c->fd;
		flush(c);
		if (c->fd != fd || c->sent == 0)
			return;
	}
	if (c->waitsForEnd) {
		if (atEnd)
			ended(c);
		else if ((e->events & EPOLLERR) != 0)
			fault(c, &count.closed);
		return;
	}
	if ((e->events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) != 0)
		onReadable(c, atEnd);
}

/* ---- idle connections --------------------------------------------------- */

static int *idleFDs;

/* Opens them in blocking mode, some at a time, and has one request answered on
 * each. They stay open until the program ends. */
static void openIdle(void)
{
	int left = opt.idle;
	idleFDs = must(calloc((size_t)opt.idle, sizeof *idleFDs));
	struct timeval patience = {.tv_sec = idleAnswerSeconds};
	while (left > 0) {
		int i, n = left < connectingMax ? left : connectingMax;
		int *fds = idleFDs + (opt.idle - left);
		for (i = 0; i < n; i++) {
			fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
			if (fds[i] < 0)
				die("idle connection %d: %s (ulimit -n?)", opt.idle - left + i, strerror(errno));
			setsockopt(fds[i], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
			if (connect(fds[i], (struct sockaddr *)&target, sizeof target) < 0)
				die("idle connection %d: connect: %s", opt.idle - left + i, strerror(errno));
			if (send(fds[i], opt.request, opt.requestLen, MSG_NOSIGNAL) != (ssize_t)opt.requestLen)
				die("idle connection %d: send", opt.idle - left + i);
		}
		for (i = 0; i < n; i++) {
			size_t got = 0;
			long whole = 0;
			while (whole == 0) {
				ssize_t k = recv(fds[i], buffer + got, readMax - got, 0);
				if (k <= 0)
					die("idle connection %d: no answer", opt.idle - left + i);
				got += (size_t)k;
				whole = parse(buffer, got);
			}
			if (whole < 0)
				die("idle connection %d: a wrong answer", opt.idle - left + i);
		}
		left -= n;
	}
	if (count.status + count.body > 0)
		die("idle connections: wrong answers");
	memset(&count, 0, sizeof count);
	printf("open\n");
	fflush(stdout);
	if (fgets(buffer, readMax, stdin) == NULL)
		exit(1);
}

/* How many of them the server has closed meanwhile. */
static int idleLost(void)
{
	int i, lost = 0;
	char c;
	for (i = 0; i < opt.idle; i++)
		if (recv(idleFDs[i], &c, 1, MSG_DONTWAIT | MSG_PEEK) != -1 || errno != EAGAIN)
			lost++;
	return lost;
}

/* ---- what the server pays ----------------------------------------------- */

struct usage {
	uint64_t nanos;              /* CPU time of the server's processes */
	uint64_t userTicks, sysTicks; /* the same in ticks, for the shares */
	uint64_t coreTicks;          /* of the server's core: all that was not idle */
	uint64_t stolenTicks;        /* taken from it by the host */
	uint64_t switches;           /* times that this program was pushed off its core */
};

static void readUsage(struct usage *u)
{
	char line[1024], name[64];
	int i;
	memset(u, 0, sizeof *u);
	for (i = 0; i < opt.pidCount; i++) {
		clockid_t id;
		struct timespec t;
		if (clock_getcpuclockid(opt.pids[i], &id) != 0 || clock_gettime(id, &t) != 0)
			die("process %d of the server is gone", (int)opt.pids[i]);
		u->nanos += (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
		snprintf(name, sizeof name, "/proc/%d/stat", (int)opt.pids[i]);
		FILE *f = fopen(name, "r");
		if (f == NULL || fgets(line, sizeof line, f) == NULL)
			die("process %d of the server is gone", (int)opt.pids[i]);
		fclose(f);
		unsigned long user = 0, sys = 0;
		char *p = strrchr(line, ')'); /* the name may hold anything */
		if (p == NULL || sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &sys) != 2)
			die("cannot read %s", name);
		u->userTicks += user;
		u->sysTicks += sys;
	}
	if (opt.cpu >= 0) {
		FILE *f = fopen("/proc/stat", "r");
		snprintf(name, sizeof name, "cpu%d ", opt.cpu);
		while (f != NULL && fgets(line, sizeof line, f) != NULL) {
			unsigned long v[8] = {0};
			if (strncmp(line, name, strlen(name)) != 0)
				continue;
			sscanf(line, "%*s %lu %lu %lu %lu %lu %lu %lu %lu", v, v + 1, v + 2, v + 3, v + 4, v + 5, v + 6, v + 7);
			u->coreTicks = v[0] + v[1] + v[2] + v[5] + v[6];
			u->stolenTicks = v[7];
		}
		if (f != NULL)
			fclose(f);
	}
	struct rusage r;
	getrusage(RUSAGE_SELF, &r);
	u->switches = (uint64_t)r.ru_nivcsw;
}

/* ---- the run ------------------------------------------------------------ */

static uint64_t idleNanos;

/* Serves events for a time, or until there were so many answers; returns when
 * it was over. */
static uint64_t serve(double seconds, uint64_t answers)
{
	struct epoll_event events[eventsMax];
	uint64_t until = now() + (uint64_t)(seconds * 1e9), before = now();
	for (;;) {
		int i, n = epoll_wait(poller, events, eventsMax, opt.sleepy ? 10 : 0);
		if (n < 0 && errno != EINTR)
			die("epoll_wait: %s", strerror(errno));
		clockNow = now();
		/* a poll that finds nothing was idle time, and so is a sleep */
		if (n <= 0 || opt.sleepy)
			idleNanos += clockNow - before;
		/* an edge that is not handled never comes again: first the events */
		for (i = 0; i < n; i++)
			onEvent(&events[i]);
		before = n > 0 ? now() : clockNow;
		if (before >= until || count.answers >= answers)
			return before;
	}
}

static char *readFile(const char *name, size_t *len)
{
	FILE *f = fopen(name, "rb");
	if (f == NULL)
		die("%s: %s", name, strerror(errno));
	char *p = must(malloc(answerMax));
	*len = fread(p, 1, answerMax, f);
	fclose(f);
	return must(realloc(p, *len + 1));
}

static void options(int argc, char **argv)
{
	int c;
	char *p;
	while ((c = getopt(argc, argv, "a:c:p:t:w:r:b:i:P:K:S:E:os")) != -1) {
		switch (c) {
		case 'a': opt.port = atoi(optarg); break;
		case 'c': opt.conns = atoi(optarg); break;
		case 'p': opt.depth = atoi(optarg); break;
		case 't': opt.seconds = atof(optarg); break;
		case 'w': opt.warmup = atof(optarg); break;
		case 'r': opt.request = readFile(optarg, &opt.requestLen); break;
		case 'b': opt.body = readFile(optarg, &opt.bodyLen); break;
		case 'S':
			opt.slow = readFile(optarg, &opt.slowLen);
			opt.slowMark = memmem(opt.slow, opt.slowLen, mark, markLen);
			break;
		case 'E': opt.slowEvery = (unsigned)atoi(optarg); break;
		case 'i': opt.idle = atoi(optarg); break;
		case 'K': opt.cpu = atoi(optarg); break;
		case 'o': opt.oneShot = 1; break;
		case 's': opt.sleepy = 1; break;
		case 'P':
			for (p = strtok(optarg, ","); p != NULL && opt.pidCount < pidsMax; p = strtok(NULL, ","))
				opt.pids[opt.pidCount++] = atoi(p);
			break;
		default:
			exit(2);
		}
	}
	if (opt.port == 0 || opt.request == NULL || opt.body == NULL || opt.conns < 1 || opt.depth < 1 ||
	    (opt.oneShot && opt.depth > 1) || (opt.slowEvery > 0 && (opt.slow == NULL || opt.depth > 1)))
		die("usage: load -a port -r request-file -b body-file [-c connections] [-p depth] [-t seconds]\n"
		    "\t[-w warm-up seconds] [-o] (new connection per request) [-s] (sleep, do not poll)\n"
		    "\t[-S slow-request-file -E n] (one in n is that one, with ######## a number)\n"
		    "\t[-i idle connections] [-P pid,pid] [-K core of the server]");
}

int main(int argc, char **argv)
{
	int i;
	options(argc, argv);
	buffer = must(malloc(readMax));
	batchLen = opt.requestLen * (size_t)opt.depth;
	batch = must(malloc(batchLen));
	for (i = 0; i < opt.depth; i++)
		memcpy(batch + (size_t)i * opt.requestLen, opt.request, opt.requestLen);
	target.sin_family = AF_INET;
	target.sin_port = htons((uint16_t)opt.port);
	target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (opt.idle > 0)
		openIdle();
	learning = 1;

	poller = epoll_create1(EPOLL_CLOEXEC);
	if (poller < 0)
		die("epoll_create1: %s", strerror(errno));
	conns = must(calloc((size_t)opt.conns, sizeof *conns));
	clockNow = now();
	for (i = 0; i < opt.conns; i++)
		begin(&conns[i]);
	/* A SYN that was lost is sent again after a second; that is no warm-up. */
	serve(firstAnswersSeconds, (uint64_t)opt.conns);
	serve(opt.warmup, UINT64_MAX);

	struct usage a, b;
	readUsage(&a);
	memset(histogram, 0, sizeof histogram);
	count.answers = count.bytes = count.connects = 0; /* but not the faults */
	idleNanos = 0;
	uint64_t from = now();
	uint64_t until = serve(opt.seconds, UINT64_MAX);
	readUsage(&b);

	double seconds = (double)(until - from) / 1e9;
	long hz = sysconf(_SC_CLK_TCK);
	printf("{\"answers\":%llu,\"bytes\":%llu,\"connects\":%llu,\"seconds\":%.6f,\"idle\":%.4f,"
	       "\"badStatus\":%llu,\"badBody\":%llu,\"malformed\":%llu,\"closed\":%llu,\"refused\":%llu,"
	       "\"p50\":%.2f,\"p90\":%.2f,\"p99\":%.2f,\"p999\":%.2f,"
	       "\"cpu\":%.6f,\"user\":%.6f,\"system\":%.6f,\"core\":%.6f,\"stolen\":%.6f,\"pushed\":%llu,\"models\":%d,\"idleLost\":%d}\n",
	       (unsigned long long)count.answers, (unsigned long long)count.bytes, (unsigned long long)count.connects,
	       seconds, (double)idleNanos / (double)(until - from),
	       (unsigned long long)count.status, (unsigned long long)count.body, (unsigned long long)count.malformed,
	       (unsigned long long)count.closed, (unsigned long long)count.connect,
	       quantileMicros(0.5), quantileMicros(0.9), quantileMicros(0.99), quantileMicros(0.999),
	       (double)(b.nanos - a.nanos) / 1e9,
	       (double)(b.userTicks - a.userTicks) / (double)hz, (double)(b.sysTicks - a.sysTicks) / (double)hz,
	       (double)(b.coreTicks - a.coreTicks) / (double)hz, (double)(b.stolenTicks - a.stolenTicks) / (double)hz,
	       (unsigned long long)(b.switches - a.switches), modelCount, idleLost());
	return 0;
}
