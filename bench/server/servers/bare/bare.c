/*
 * bare is the limit of the socket path: it reads, counts the ends of heads and
 * writes as many copies of one fixed answer with one write. It parses nothing,
 * so it must never meet anybody but a benchmark. One thread, one epoll
 * descriptor, level-triggered, non-blocking sockets, read and write.
 *
 * The answer is as long as cork's to the same request; a test holds them equal.
 *
 *   bare PORT [close]    close: one answer for each connection, then the end
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { readMax = 16 << 10, eventsMax = 512, fdMax = 1 << 17, answersMax = readMax / 4 + 1 };

#define HEAD                                 \
	"HTTP/1.1 200 OK\r\n"                    \
	"Content-Type: text/plain; charset=utf-8\r\n" \
	"Date: "
#define DATE "Thu, 01 Jan 1970 00:00:00 GMT"
#define KEEP "\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 13\r\n\r\nHello, World!"
#define CLOSE "\r\nConnection: close\r\nContent-Length: 13\r\n\r\nHello, World!"

static char *answers;  /* many copies of the answer, so that one write sends any number */
static size_t answerLen;
static uint8_t ends[fdMax]; /* how much of CRLFCRLF was the end of the last read */

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* Writes the date into all copies, once a second at most. */
static void date(void)
{
	static time_t last;
	time_t t = time(NULL);
	char text[64];
	struct tm tm;
	size_t i;
	if (t == last)
		return;
	last = t;
	strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&t, &tm));
	for (i = 0; i < answersMax; i++)
		memcpy(answers + i * answerLen + sizeof HEAD - 1, text, sizeof DATE - 1);
}

/* Counts CRLFCRLF, over the borders of reads too. */
static size_t count(int fd, const char *p, size_t n)
{
	const char *end = p + n;
	size_t found = 0;
	/* The usual read begins and ends with a request: whole words, then. */
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

static void serve(int fd, int closes)
{
	char buffer[readMax];
	ssize_t n = read(fd, buffer, sizeof buffer);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		close(fd);
		return;
	}
	size_t len = count(fd, buffer, (size_t)n) * answerLen;
	/* Answers that the socket does not take are lost, and the connection with
	 * them; no workload here lets it come to that. */
	if (len > 0 && (write(fd, answers, len) != (ssize_t)len || closes))
		close(fd);
}

int main(int argc, char **argv)
{
	struct epoll_event events[eventsMax];
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int on = 1, closes = argc > 2 && strcmp(argv[2], "close") == 0;
	if (argc < 2) {
		fprintf(stderr, "usage: bare port [close]\n");
		return 2;
	}
	addr.sin_port = htons((uint16_t)atoi(argv[1]));
	const char *answer = closes ? HEAD DATE CLOSE : HEAD DATE KEEP;
	answerLen = strlen(answer);
	answers = malloc(answersMax * answerLen);
	if (answers == NULL)
		die("malloc");
	for (size_t i = 0; i < answersMax; i++)
		memcpy(answers + i * answerLen, answer, answerLen);

	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(listener, 4096) < 0)
		die("listen");
	int poller = epoll_create1(0);
	struct epoll_event e = {.events = EPOLLIN, .data.fd = listener};
	epoll_ctl(poller, EPOLL_CTL_ADD, listener, &e);

	for (;;) {
		int n = epoll_wait(poller, events, eventsMax, -1);
		date();
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;
			if (fd != listener) {
				serve(fd, closes);
				continue;
			}
			while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
				if (fd >= fdMax) {
					close(fd);
					continue;
				}
				setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
				ends[fd] = 0;
				e.data.fd = fd;
				epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e);
			}
		}
	}
}
