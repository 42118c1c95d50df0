/*
 * bare is the limit of the socket path: it reads, counts the ends of heads and
 * writes as many copies of one fixed answer with one write. It parses nothing,
 * so it must never meet anybody but a benchmark. One thread, one epoll
 * descriptor, level-triggered, non-blocking sockets, read and write.
 *
 *   bare PORT hello     answers are as long as cork's to the same requests;
 *   bare PORT json      a test holds them equal
 *   bare PORT close     one answer for each connection, then the end
 *   bare PORT echo N    the N bytes behind each head come back; not pipelined
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { readMax = 16 << 10, eventsMax = 512, fdMax = 1 << 17, answersMax = readMax / 4 + 1 };

#define TEXT "text/plain; charset=utf-8"
#define STREAM "application/octet-stream"
#define HEAD(type) "HTTP/1.1 200 OK\r\nContent-Type: " type "\r\nConnection: "
#define KEEP "keep-alive\r\nKeep-Alive: timeout=5\r\nDate: "
#define CLOSE "close\r\nDate: "
#define DATE "Thu, 01 Jan 1970 00:00:00 GMT"
#define LENGTH "\r\nContent-Length: "
#define HELLO LENGTH "13\r\n\r\nHello, World!"
#define JSON LENGTH "27\r\n\r\n{\"message\":\"Hello, World!\"}"

static char *answers; /* copies of the answer, so that one write sends any number */
static size_t answerLen, dateAt;
static int answerCount, closes, poller;

/* A connection of echo; the others need one byte. */
struct echo {
	char *body;
	size_t got, sent; /* of the body; of head and body */
	int inBody, writing;
};
static uint8_t ends[fdMax]; /* how much of CRLFCRLF was the end of the last read */
static struct echo *echoes[fdMax];
static size_t echoLen;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void makeAnswers(const char *before, const char *after, int n)
{
	answerCount = n;
	dateAt = strlen(before);
	answerLen = dateAt + strlen(DATE) + strlen(after);
	answers = malloc((size_t)n * answerLen + 1);
	if (answers == NULL)
		die("malloc");
	for (int i = 0; i < n; i++)
		sprintf(answers + (size_t)i * answerLen, "%s" DATE "%s", before, after);
}

/* Writes the date into all copies, once a second at most. */
static void date(void)
{
	static time_t last;
	time_t t = time(NULL);
	char text[64];
	struct tm tm;
	if (t == last)
		return;
	last = t;
	strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&t, &tm));
	for (int i = 0; i < answerCount; i++)
		memcpy(answers + (size_t)i * answerLen + dateAt, text, strlen(DATE));
}

/* Counts CRLFCRLF, over the borders of reads too. */
static size_t count(int fd, const char *p, size_t n)
{
	const char *end = p + n;
	size_t found = 0;
	/* Most reads begin and end with a request; for those memmem does it all. */
	if (ends[fd] == 0) {
		const char *q;
		while (p < end && (q = memmem(p, (size_t)(end - p), "\r\n\r\n", 4)) != NULL) {
			found++;
			p = q + 4;
		}
		if (end - p > 3)
			p = end - 3;
	}
	for (; p < end; p++) {
		if (*p == (ends[fd] % 2 == 0 ? '\r' : '\n')) {
			if (++ends[fd] == 4) {
				found++;
				ends[fd] = 0;
			}
		} else {
			ends[fd] = *p == '\r';
		}
	}
	return found;
}

static void drop(int fd)
{
	if (echoes[fd] != NULL) {
		free(echoes[fd]->body);
		free(echoes[fd]);
		echoes[fd] = NULL;
	}
	close(fd);
}

static void serveFixed(int fd)
{
	char buffer[readMax];
	ssize_t n = read(fd, buffer, sizeof buffer);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		drop(fd);
		return;
	}
	size_t len = count(fd, buffer, (size_t)n) * answerLen;
	/* Answers that the socket does not take are lost, and the connection with
	 * them; no workload here lets it come to that. */
	if (len > 0 && (write(fd, answers, len) != (ssize_t)len || closes))
		drop(fd);
}

static void watch(int fd, int writing)
{
	struct epoll_event e = {.events = writing ? EPOLLOUT : EPOLLIN, .data.fd = fd};
	epoll_ctl(poller, EPOLL_CTL_MOD, fd, &e);
}

/* Sends head and body, what is left of them. */
static void sendEcho(int fd, struct echo *c)
{
	struct iovec v[2] = {{answers, answerLen}, {c->body, echoLen}};
	int i = c->sent >= answerLen;
	size_t skip = i ? c->sent - answerLen : c->sent;
	v[i].iov_base = (char *)v[i].iov_base + skip;
	v[i].iov_len -= skip;
	ssize_t n = writev(fd, v + i, 2 - i);
	if (n < 0 && errno != EAGAIN) {
		drop(fd);
		return;
	}
	c->sent += n > 0 ? (size_t)n : 0;
	int writing = c->sent < answerLen + echoLen;
	if (writing != c->writing)
		watch(fd, writing);
	c->writing = writing;
	if (!writing)
		c->sent = c->got = 0;
}

static void serveEcho(int fd)
{
	struct echo *c = echoes[fd];
	ssize_t n;
	if (c == NULL) {
		c = echoes[fd] = calloc(1, sizeof *c);
		if (c == NULL || (c->body = malloc(echoLen + readMax)) == NULL)
			die("malloc");
	}
	if (c->writing) {
		sendEcho(fd, c);
		return;
	}
	/* While there is a head to come, it is read into the place of the body. */
	n = read(fd, c->body + c->got, echoLen + (c->inBody ? 0 : readMax) - c->got);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		drop(fd);
		return;
	}
	c->got += (size_t)n;
	if (!c->inBody) {
		char *end = memmem(c->body, c->got, "\r\n\r\n", 4);
		if (end == NULL)
			return;
		end += 4;
		c->got -= (size_t)(end - c->body);
		memmove(c->body, end, c->got);
		c->inBody = 1;
	}
	if (c->got < echoLen)
		return;
	c->inBody = 0;
	sendEcho(fd, c);
}

static int listenOn(int port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	addr.sin_port = htons((uint16_t)port);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* connections inherit it */
	if (bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(fd, 4096) < 0)
		die("listen");
	return fd;
}

static void acceptAll(int listener)
{
	int fd;
	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
		if (fd >= fdMax) {
			close(fd);
			continue;
		}
		ends[fd] = 0;
		epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e);
	}
}

int main(int argc, char **argv)
{
	struct epoll_event events[eventsMax];
	const char *mode = argc > 2 ? argv[2] : "";
	void (*serve)(int) = serveFixed;
	char after[64];

	if (strcmp(mode, "hello") == 0) {
		makeAnswers(HEAD(TEXT) KEEP, HELLO, answersMax);
	} else if (strcmp(mode, "json") == 0) {
		makeAnswers(HEAD("application/json") KEEP, JSON, answersMax);
	} else if (strcmp(mode, "close") == 0) {
		makeAnswers(HEAD(TEXT) CLOSE, HELLO, answersMax);
		closes = 1;
	} else if (strcmp(mode, "echo") == 0 && argc > 3) {
		echoLen = strtoul(argv[3], NULL, 10);
		snprintf(after, sizeof after, LENGTH "%zu\r\n\r\n", echoLen);
		makeAnswers(HEAD(STREAM) KEEP, after, 1);
		serve = serveEcho;
	} else {
		fprintf(stderr, "usage: bare port hello|json|close|echo [bytes]\n");
		return 2;
	}

	signal(SIGPIPE, SIG_IGN);
	int listener = listenOn(atoi(argv[1]));
	poller = epoll_create1(0);
	struct epoll_event e = {.events = EPOLLIN, .data.fd = listener};
	epoll_ctl(poller, EPOLL_CTL_ADD, listener, &e);
	for (;;) {
		int n = epoll_wait(poller, events, eventsMax, -1);
		date();
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listener)
				acceptAll(listener);
			else
				serve(events[i].data.fd);
		}
	}
}
