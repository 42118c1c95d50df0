//go:build llhttp

#include "feed.h"

#include <string.h>

#include "llhttp.h"

/* What a server keeps of a request: where things are. Spans may come in
 * pieces; a piece that follows one of the same kind lengthens it, as in Node's
 * binding. */

enum { FIELDS_MAX = 64 };

struct span {
  const char* at;
  size_t len;
};

struct sink {
  struct span url;
  struct span names[FIELDS_MAX];
  struct span values[FIELDS_MAX];
  unsigned field_count;
  int in_name;
  uint64_t requests, fields, body_bytes;
  uint8_t method, major, minor, keep_alive;
};

static struct sink* sink_of(llhttp_t* p) { return (struct sink*)p->data; }

static void extend(struct span* s, const char* at, size_t len) {
  if (s->at == NULL) s->at = at;
  s->len += len;
}

static int on_message_begin(llhttp_t* p) {
  struct sink* s = sink_of(p);
  s->url.at = NULL;
  s->url.len = 0;
  s->field_count = 0;
  s->in_name = 0;
  return 0;
}

static int on_url(llhttp_t* p, const char* at, size_t len) {
  extend(&sink_of(p)->url, at, len);
  return 0;
}

static int on_header_field(llhttp_t* p, const char* at, size_t len) {
  struct sink* s = sink_of(p);
  if (!s->in_name) {
    s->in_name = 1;
    s->fields++;
    s->field_count = (s->field_count + 1) % FIELDS_MAX;
    memset(&s->names[s->field_count], 0, sizeof(struct span));
    memset(&s->values[s->field_count], 0, sizeof(struct span));
  }
  extend(&s->names[s->field_count], at, len);
  return 0;
}

static int on_header_value(llhttp_t* p, const char* at, size_t len) {
  struct sink* s = sink_of(p);
  s->in_name = 0;
  extend(&s->values[s->field_count], at, len);
  return 0;
}

static int on_headers_complete(llhttp_t* p) {
  struct sink* s = sink_of(p);
  s->method = p->method;
  s->major = p->http_major;
  s->minor = p->http_minor;
  s->keep_alive = (uint8_t)llhttp_should_keep_alive(p);
  return 0;
}

static int on_body(llhttp_t* p, const char* at, size_t len) {
  (void)at;
  sink_of(p)->body_bytes += len;
  return 0;
}

static int on_message_complete(llhttp_t* p) {
  sink_of(p)->requests++;
  return 0;
}

static void start(llhttp_t* p, const llhttp_settings_t* settings, struct sink* s) {
  llhttp_init(p, HTTP_REQUEST, settings);
  p->data = s;
}

static int feed_once(llhttp_t* p, const char* data, size_t len, size_t step) {
  for (size_t at = 0; at < len; at += step) {
    int code = llhttp_execute(p, data + at, len - at < step ? len - at : step);
    if (code != HPE_OK) return code;
  }
  return HPE_OK;
}

int feed(const char* data, size_t len, size_t step, size_t iters, int callbacks, int fresh, struct feed_seen* out) {
  llhttp_settings_t settings;
  llhttp_t parser;
  struct sink s;

  memset(&s, 0, sizeof s);
  llhttp_settings_init(&settings);
  if (callbacks) {
    settings.on_message_begin = on_message_begin;
    settings.on_url = on_url;
    settings.on_header_field = on_header_field;
    settings.on_header_value = on_header_value;
    settings.on_headers_complete = on_headers_complete;
    settings.on_body = on_body;
    settings.on_message_complete = on_message_complete;
  }
  start(&parser, &settings, &s);
  for (size_t i = 0; i < iters; i++) {
    if (fresh && i > 0) start(&parser, &settings, &s);
    int code = feed_once(&parser, data, len, step);
    if (code != HPE_OK) return code;
  }
  memset(out, 0, sizeof *out);
  out->target_off = s.url.at ? (size_t)(s.url.at - data) : 0;
  out->target_len = s.url.len;
  out->requests = s.requests;
  out->fields = s.fields;
  out->body_bytes = s.body_bytes;
  out->method = s.method;
  out->major = s.major;
  out->minor = s.minor;
  return HPE_OK;
}

#define TEXT(x) #x
#define DECIMAL(x) TEXT(x)

#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

const char* feed_version(void) {
  return DECIMAL(LLHTTP_VERSION_MAJOR) "." DECIMAL(LLHTTP_VERSION_MINOR) "." DECIMAL(LLHTTP_VERSION_PATCH)
      ", " COMPILER;
}

const char* feed_errno_name(int code) { return llhttp_errno_name((llhttp_errno_t)code); }

const char* feed_method_name(int method) { return llhttp_method_name((llhttp_method_t)method); }
