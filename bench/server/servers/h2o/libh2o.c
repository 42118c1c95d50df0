/*
 * libh2o answers hello from h2o's library, the way its own examples do: one
 * thread, a handler in C. The h2o program has no handler as plain as that; it
 * would serve a file.
 *
 *   libh2o PORT
 */
#include <h2o.h>
#include <h2o/http1.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static h2o_globalconf_t config;
static h2o_context_t context;
static h2o_accept_ctx_t acceptContext;

static int hello(h2o_handler_t *self, h2o_req_t *req)
{
	static h2o_generator_t generator = {NULL, NULL};
	h2o_iovec_t body = {H2O_STRLIT("Hello, World!")};
	(void)self;
	req->res.status = 200;
	req->res.reason = "OK";
	req->res.content_length = body.len;
	h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL, H2O_STRLIT("text/plain; charset=utf-8"));
	h2o_start_response(req, &generator);
	h2o_send(req, &body, 1, 1);
	return 0;
}

static void onAccept(h2o_socket_t *listener, const char *err)
{
	h2o_socket_t *s;
	int n;
	if (err != NULL)
		return;
	for (n = 0; n < 64 && (s = h2o_evloop_socket_accept(listener)) != NULL; n++)
		h2o_accept(&acceptContext, s);
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr;
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
	if (argc < 2)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	memset(&addr, 0, sizeof addr);
	addr.sin_family = AF_INET;
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	addr.sin_port = htons((uint16_t)atoi(argv[1]));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&addr, sizeof addr) != 0 || listen(fd, 4096) != 0) {
		perror("listen");
		return 1;
	}

	h2o_config_init(&config);
	config.http1.req_timeout = 300 * 1000; /* idle connections are kept so long, too */
	h2o_hostconf_t *host = h2o_config_register_host(&config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
	h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
	h2o_create_handler(path, sizeof(h2o_handler_t))->on_req = hello;

	h2o_context_init(&context, h2o_evloop_create(), &config);
	acceptContext.ctx = &context;
	acceptContext.hosts = config.hosts;
	h2o_socket_t *listener = h2o_evloop_socket_create(context.loop, fd, H2O_SOCKET_FLAG_DONT_READ);
	h2o_socket_read_start(listener, onAccept);
	while (h2o_evloop_run(context.loop, INT32_MAX) == 0)
		;
	return 1;
}
