package http1

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// testCarrier carries the connections of test servers.
var testCarrier = CarrierAuto

// TestMain runs all tests once per carrier.
func TestMain(m *testing.M) {
	code := m.Run()
	for _, mode := range []string{"test.fuzz", "test.fuzzworker", "test.bench", "test.list"} {
		if v := flag.Lookup(mode).Value.String(); v != "" && v != "false" {
			os.Exit(code)
		}
	}
	if (&Server{}).usesLoops() && code == 0 {
		testCarrier = CarrierNet
		fmt.Println("once more, with CarrierNet")
		code = m.Run()
	}
	os.Exit(code)
}
