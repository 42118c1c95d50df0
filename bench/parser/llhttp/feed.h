#ifndef CORK_BENCH_FEED_H
#define CORK_BENCH_FEED_H

#include <stddef.h>
#include <stdint.h>

struct feed_seen {
  size_t target_off, target_len;
  uint64_t requests, fields, body_bytes;
  int method, major, minor;
};

int feed(const char* data, size_t len, size_t step, size_t iters, int callbacks, int fresh, struct feed_seen* out);
const char* feed_version(void);
const char* feed_errno_name(int code);
const char* feed_method_name(int method);

#endif
