package depstest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// The checker itself, on made-up graphs in the real house: each case breaks one
// rule, and the sentence has to name the culprit.
func TestCheckerSeesBadGraphs(t *testing.T) {
	const m = "github.com/cork-go/cork"
	tests := []struct {
		name string
		file file
		want string // part of the one sentence; "" if all is well
	}{
		{"lower floor", file{"http1/conn.go", []string{m + "/internal/httpparse"}}, ""},
		{"two floors down", file{"http1/conn.go", []string{m + "/internal/fieldname"}}, ""},
		{"the root is a package", file{"pages/page.go", []string{m}}, ""},
		{"standard library", file{"internal/loop/loop.go", []string{"errors", "net/netip"}}, ""},
		{"x module", file{"internal/netpoll/poll.go", []string{"golang.org/x/sys/unix"}}, ""},
		{"upwards", file{"internal/httpparse/parser.go", []string{m + "/http1"}}, "internal/httpparse/parser.go imports " + m + "/http1: floor 1 must import lower floors only"},
		{"the root imports what stands on it", file{"cork.go", []string{m + "/middleware"}}, "floor 5 must import lower floors only"},
		{"sideways", file{"ws/conn.go", []string{m}}, "floor 5 must import lower floors only, and it is on floor 5"},
		{"sideways on the ground", file{"internal/bytescan/scan.go", []string{m + "/internal/fieldname"}}, "floor 0"},
		{"from a file of another system", file{"internal/netpoll/poll_windows.go", []string{m + "/http1"}}, "floor 1"},
		{"a test reaches up", file{"internal/httpparse/peer_test.go", []string{m + "/http1", "net/http"}}, ""},

		{"internal and net/http", file{"internal/loop/loop.go", []string{"net/http"}}, "internal packages never import net/http"},
		{"internal and its relatives", file{"internal/loop/loop.go", []string{"net/http/httptrace"}}, "internal packages never import net/http"},
		{"http1 and net/http", file{"http1/bridge.go", []string{"net/http"}}, ""},

		{"loop knows parser", file{"internal/loop/loop.go", []string{m + "/internal/httpparse"}}, "two towers"},
		{"parser knows loop", file{"internal/httpparse/parser.go", []string{m + "/internal/loop"}}, "only http1/transport_loop*.go may"},
		{"buffers know field names", file{"internal/iobuf/queue.go", []string{m + "/internal/fieldname"}}, "two towers"},

		{"the door", file{"http1/transport_loop.go", []string{m + "/internal/loop"}}, ""},
		{"another wing of it", file{"http1/transport_loops.go", []string{m + "/internal/loop"}}, ""},
		{"beside the door", file{"http1/conn.go", []string{m + "/internal/loop"}}, "only http1/transport_loop*.go may"},
		{"over the wall", file{"app.go", []string{m + "/internal/loop"}}, "only http1/transport_loop*.go may"},

		{"example", file{"examples/hello/main.go", []string{m + "/http1", m, "net/http"}}, ""},
		{"example with a private part", file{"examples/hello/main.go", []string{m + "/internal/freelist"}}, "examples show what users can do"},
		{"its test too", file{"examples/hello/main_test.go", []string{m + "/internal/freelist"}}, "examples show what users can do"},
		{"an example as a library", file{"app.go", []string{m + "/examples/hello"}}, "nobody imports it"},

		{"new package", file{"internal/newthing/a.go", nil}, "package internal/newthing has no floor: place it in the table"},
		{"new package is imported", file{"http1/conn.go", []string{m + "/internal/newthing"}}, "internal/newthing has no floor"},
		{"foreign module", file{"app.go", []string{"example.org/router"}}, "its module is not on the short list"},
		{"foreign module in a test", file{"app_test.go", []string{"example.org/assert"}}, "its module is not on the short list"},
		{"almost a module of the list", file{"app.go", []string{"golang.org/x/network"}}, "its module is not on the short list"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { expect(t, cork.check([]file{tt.file}), tt.want) })
	}
}

func TestCheckerSaysOncePerPackage(t *testing.T) {
	got := cork.check([]file{{"newthing/a.go", nil}, {"newthing/b.go", nil}})
	expect(t, got, "package newthing has no floor")
}

func TestCheckerSeesNetHTTPFromAfar(t *testing.T) {
	tests := []struct {
		name string
		deps map[string][]string
		want string
	}{
		{"clean", map[string][]string{cork.module + "/internal/loop": {"errors", "net"}}, ""},
		{"through another", map[string][]string{cork.module + "/internal/loop": {"golang.org/x/net/http2", "net/http"}}, "internal/loop reaches net/http"},
		{"not internal", map[string][]string{cork.module + "/http1": {"net/http"}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { expect(t, cork.checkDeps(tt.deps), tt.want) })
	}
}

func TestCheckerSeesBadGoMod(t *testing.T) {
	tests := []struct{ name, json, want string }{
		{"empty", `{}`, ""},
		{"on the list", `{"Require":[{"Path":"golang.org/x/sys"}]}`, ""},
		{"indirect, of a tool", `{"Require":[{"Path":"example.org/x","Indirect":true}]}`, ""},
		{"direct", `{"Require":[{"Path":"example.org/x"}]}`, "go.mod requires example.org/x"},
		{"tool on the list", `{"Tool":[{"Path":"honnef.co/go/tools/cmd/staticcheck"}]}`, ""},
		{"another tool", `{"Tool":[{"Path":"example.org/cmd/x"}]}`, "go.mod names the tool example.org/cmd/x"},
		{"replaced", `{"Replace":[{"Old":{"Path":"golang.org/x/sys"}}]}`, "go.mod replaces golang.org/x/sys"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var m goMod
			if err := json.Unmarshal([]byte(tt.json), &m); err != nil {
				t.Fatal(err)
			}
			expect(t, cork.checkMod(m), tt.want)
		})
	}
}

func TestTableNamesEachPackageOnce(t *testing.T) {
	all := append(slices.Concat(cork.floors...), cork.outside...)
	for i, pkg := range all {
		if slices.Contains(all[:i], pkg) {
			t.Errorf("package %s stands in the table twice", pkg)
		}
	}
	for _, pkg := range slices.Concat(cork.towers[0], cork.towers[1]) {
		if _, ok := cork.floor(pkg); !ok {
			t.Errorf("tower package %s has no floor", pkg)
		}
	}
}

// The tree is read as the go command reads it, for all systems at once.
func TestReadTree(t *testing.T) {
	src := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	tree := fstest.MapFS{
		"go.mod":                   src("module m"),
		"a.go":                     src("package m\nimport \"net\"\n"),
		"in/b_plan9.go":            src("//go:build plan9 && never\n\npackage in\nimport (\n_ \"os\"\n\tx \"io\"\n)\n"),
		"in/b.txt":                 src("not Go"),
		"in/testdata/c.go":         src("package c\nimport \"never\"\n"),
		".hidden/d.go":             src("package d"),
		"_old/e.go":                src("package e"),
		"in/_f.go":                 src("package f"),
		"bench/parser/go.mod":      src("module m/bench/parser"),
		"bench/parser/g.go":        src("package g"),
		"bench/parser/sub/deep.go": src("package sub"),
	}
	var got []string
	for _, f := range readTree(t, tree) {
		got = append(got, f.path+" "+strings.Join(f.imports, ","))
	}
	want := []string{"a.go net", "in/b_plan9.go os,io"}
	if !slices.Equal(got, want) {
		t.Errorf("readTree = %q, want %q", got, want)
	}
}

// expect fails unless got is exactly one sentence with want in it, or none if
// want is empty.
func expect(t *testing.T, got []string, want string) {
	t.Helper()
	switch {
	case want == "" && len(got) > 0:
		t.Errorf("complaints %q, want none", got)
	case want != "" && (len(got) != 1 || !strings.Contains(got[0], want)):
		t.Errorf("complaints %q, want one with %q", got, want)
	}
}
