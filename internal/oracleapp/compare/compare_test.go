package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"a", "a", true}, {"a", "ab", false}, {"a*", "a", true}, {"a*", "abc", true}, {"*b", "ab", true},
		{"a*c", "abc", true}, {"a*c", "abd", false}, {"*", "", true}, {"a?b", "axb", false}, {"*-*@code", "x-y@code", true},
		{"**", "x", true}, {"a*b*c", "aXbYc", true}, {"", "", true}, {"", "x", false},
	} {
		if got := match(c.pattern, c.name); got != c.want {
			t.Errorf("match(%q, %q) = %v", c.pattern, c.name, got)
		}
	}
}

// TestRun: what each kind of difference makes of the report and the exit code.
func TestRun(t *testing.T) {
	const (
		ok      = `{"name":"ok","area":"x","responses":[{"status":"HTTP/1.1 200 OK","headers":[["A","1"],["X-Reason","r"]]}],"end":"open","raw":"1","_ms":1}`
		okOurs  = `{"name":"ok","area":"x","responses":[{"status":"HTTP/1.1 200 OK","headers":[["A","1"],["X-Reason","s"]]}],"end":"open","raw":"2","_ms":2}`
		good    = `{"name":"version-2.0","area":"x","responses":[{"status":"HTTP/1.1 200 OK"}],"end":"open"}`
		bad     = `{"name":"version-2.0","area":"x","responses":[{"status":"HTTP/1.1 505 No"}],"end":"closed"}`
		list    = `[{"case":"version-*","id":"versions","reason":"because"}]`
		byState = `[{"case":"*","id":"versions","reason":"because","node":"200 *","ours":"505 closed","area":"x"}]`
	)
	for _, c := range []struct {
		name, list, node, ours string
		code                   int
		want                   []string
	}{
		{"same", list, ok, okOurs, 0, []string{"same 1,", "unlisted 0"}},
		{"listed", list, ok + "," + good, okOurs + "," + bad, 0, []string{"listed versions: because\n   version-2.0\n", "same 1, listed 1,"}},
		{"listed by outcome", byState, good, bad, 0, []string{"listed 1,"}},
		{"another outcome", byState, bad, good, 1, []string{"DIFFERENT version-2.0\n", ".end: \"closed\" | \"open\"", "unlisted 1"}},
		{"gone", list, good, good, 0, []string{"no longer different: version-* (versions)"}},
		{"missing", list, good, "", 1, []string{"missing"}},
		{"tagged", "[]", `{"name":"a","end":"open","_quirk":"q"}`, `{"name":"a","end":"closed"}`, 0, []string{"tagged by the oracle: a"}},
		{"more answers", "[]", `{"name":"a","responses":[]}`, `{"name":"a","responses":[1]}`, 1, []string{".responses.0: null | 1"}},
		{"no JSON", "[]", "x", "", 2, nil},
		{"bad list", `[{"case":"a"}]`, ok, okOurs, 2, nil},
	} {
		dir := t.TempDir()
		write := func(name, text string) string {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			return path
		}
		args := []string{"-list", write("list", c.list), write("node", "["+c.node+"]"), write("ours", "["+c.ours+"]")}
		var out, errs bytes.Buffer
		if code := run(args, &out, &errs); code != c.code {
			t.Errorf("%s: exit code %d, want %d: %s%s", c.name, code, c.code, out.String(), errs.String())
		}
		for _, want := range c.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: no %q in\n%s", c.name, want, out.String())
			}
		}
	}
	if code := run([]string{"one"}, &bytes.Buffer{}, &bytes.Buffer{}); code != 2 {
		t.Errorf("one file: exit code %d, want 2", code)
	}
}

// TestList: the list of the repository is well-formed, and each id has its
// section.
func TestList(t *testing.T) {
	var all []difference
	if err := readJSON("../../../docs/node-differences.json", &all); err != nil {
		t.Fatal(err)
	}
	if err := checkList(all); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../../docs/node-differences.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		if !strings.Contains(string(text), "`"+d.ID+"`") {
			t.Errorf("docs/node-differences.md does not explain `%s`", d.ID)
		}
	}
}
