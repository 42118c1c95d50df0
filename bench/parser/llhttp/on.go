//go:build llhttp && cgo

package llhttp

// The directories of the sources, -O3 and -march=native come from CGO_CFLAGS,
// which run.sh sets: there they need no allow-list.

// #include "feed.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// Available reports whether llhttp is built in.
const Available = true

// Version is llhttp's version and the compiler that built it.
func Version() string { return C.GoString(C.feed_version()) }

// Run feeds data in pieces of step bytes, iters times: to one parser, as a
// keep-alive connection does, or if fresh, to one set up anew each time. With
// callbacks each event is received and its place stored, as a server does it.
func Run(data []byte, step, iters int, callbacks, fresh bool) (Seen, error) {
	var out C.struct_feed_seen
	flag := func(b bool) C.int {
		if b {
			return 1
		}
		return 0
	}
	if code := C.feed((*C.char)(unsafe.Pointer(unsafe.SliceData(data))), C.size_t(len(data)), C.size_t(step),
		C.size_t(iters), flag(callbacks), flag(fresh), &out); code != 0 {
		return Seen{}, fmt.Errorf("llhttp: %s", C.GoString(C.feed_errno_name(code)))
	}
	return Seen{
		Method:    C.GoString(C.feed_method_name(out.method)),
		Target:    string(data[out.target_off : out.target_off+out.target_len]),
		Major:     int(out.major),
		Minor:     int(out.minor),
		Requests:  int(out.requests),
		Fields:    int(out.fields),
		BodyBytes: int(out.body_bytes),
	}, nil
}
