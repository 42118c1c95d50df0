package depstest

// cork is the house of this module. A package imports packages of lower floors
// only. Packages that are planned have their place already; a new one gets it
// here, in the change that adds it.
var cork = house{
	module: "github.com/cork-go/cork",
	floors: [][]string{
		{"internal/bytescan", "internal/fieldname", "internal/invariants"},
		{"internal/httpparse", "internal/freelist", "internal/timewheel", "internal/netpoll"},
		{"internal/iobuf"},
		{"internal/loop"},
		{"http1"},
		{".", "ws"},
		{"middleware", "hub", "inspect"},
		{"pages"},
		{"cmd/cork"},
	},
	// Tests, generators and programs: no floor, and nobody imports them.
	outside: []string{
		"internal/apitest", "internal/depstest", "internal/fieldname/gen", "internal/netpoll/faulty",
		"internal/oracleapp", "internal/oracleapp/compare", "internal/testbed",
	},
	// Bytes to parser, buffers to loop: two towers that meet in http1 alone.
	towers: [2][]string{
		{"internal/httpparse", "internal/bytescan", "internal/fieldname"},
		{"internal/loop", "internal/iobuf", "internal/timewheel", "internal/netpoll"},
	},
	doors: map[string]string{
		"internal/loop": "http1/transport_loop*.go",
	},
	// What the main go.mod may require directly. What brings a tree of its own
	// is a module under contrib/, rivals and suites are modules under bench/.
	modules: []string{"golang.org/x/net", "golang.org/x/sys"},
	// Build tools, run with go tool; never imported.
	tools: []string{
		"golang.org/x/vuln/cmd/govulncheck",
		"honnef.co/go/tools/cmd/staticcheck",
	},
}
