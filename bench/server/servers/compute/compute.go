// Package compute is the handler that computes, the same for all servers in Go.
package compute

// rounds take about 20 ms on a machine of 2023.
const rounds = 17_000_000

// For20ms keeps a processor busy with a fixed amount of work, however long that
// takes, and never blocks.
//
//go:noinline
func For20ms() (x uint64) {
	for i := range uint64(rounds) {
		x = x*6364136223846793005 + i // each waits for the one before
	}
	return x
}
