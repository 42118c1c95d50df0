// Parser times cork's HTTP/1 parser beside the others that can be had: net/http's,
// those of some Go servers, and llhttp in C. Everything runs in one process, in
// turns, on the same bytes in memory, on one core; what is printed are medians.
//
//	./run.sh              # all rows: builds llhttp if its sources are there, and the portable twin
//	./run.sh -check       # and exit 1 if a bar of check.go is missed
//	go run .              # Go parsers only
//	go test -bench .      # the same runs for benchstat
//
// The table goes to standard output as Markdown, the progress to standard error.
//
// The rules that keep it honest:
//
//   - A parser gets a row only if it reports what the input holds: method,
//     target, version, number of fields where it tells, bytes of body.
//   - Each does its own complete job: start line, every field found and
//     validated as that parser does, the body taken out of its chunks. Objects
//     are reused as that parser's server reuses them.
//   - Those that read only from a bufio.Reader get one of 16 KiB, reset for
//     each run: no request straddles its end.
//   - The garbage collector runs as in production, so that who allocates pays
//     for it. The clock is the CPU time of the process where the system has
//     one: it counts the collector's threads, and not the neighbours'.
//   - The bytes are the same each time, so the branch predictor knows them by
//     heart. That flatters every parser here; which one most, is not measured.
//   - llhttp is called once for thousands of requests: the cost of a call from
//     Go to C does not count.
package main
