package depstest

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

func TestFloors(t *testing.T) {
	files := readTree(t, os.DirFS(root))
	for _, w := range cork.check(files) {
		t.Error(w)
	}
	// A reader that finds nothing would be content with everything.
	seen := map[string]bool{}
	for _, f := range files {
		seen[f.pkg()] = true
	}
	for _, pkg := range []string{"internal/depstest", "internal/freelist", "internal/invariants"} {
		if !seen[pkg] {
			t.Errorf("package %s was not found under %s", pkg, root)
		}
	}
}

func TestNetHTTPIsOutOfReach(t *testing.T) {
	deps := map[string][]string{}
	dec := json.NewDecoder(bytes.NewReader(run(t, "list", "-json=ImportPath,Deps", "./internal/...")))
	for {
		var p struct {
			ImportPath string
			Deps       []string
		}
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		deps[p.ImportPath] = p.Deps
	}
	if len(deps) == 0 {
		t.Fatal("go list found no internal packages")
	}
	for _, w := range cork.checkDeps(deps) {
		t.Error(w)
	}
}

func TestGoMod(t *testing.T) {
	var m goMod
	if err := json.Unmarshal(run(t, "mod", "edit", "-json"), &m); err != nil {
		t.Fatal(err)
	}
	for _, w := range cork.checkMod(m) {
		t.Error(w)
	}
}

// run runs the go command in the module's root and returns what it prints.
func run(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	cmd.Stderr = new(bytes.Buffer)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, cmd.Stderr)
	}
	return out
}

// readTree reads the imports of every Go file of a module. As the go command
// does, it passes over testdata, names that begin with a dot or an underscore,
// and nested modules.
func readTree(t *testing.T, tree fs.FS) []file {
	t.Helper()
	var files []file
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		hidden := name != "." && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_"))
		if d.IsDir() {
			if _, err := fs.Stat(tree, path.Join(name, "go.mod")); name != "." && err == nil || hidden || base == "testdata" {
				return fs.SkipDir
			}
			return nil
		}
		if hidden || !strings.HasSuffix(base, ".go") {
			return nil
		}
		f, err := readFile(tree, name)
		files = append(files, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func readFile(tree fs.FS, name string) (file, error) {
	src, err := fs.ReadFile(tree, name)
	if err != nil {
		return file{}, err
	}
	syntax, err := parser.ParseFile(token.NewFileSet(), filepath.FromSlash(name), src, parser.ImportsOnly)
	if err != nil {
		return file{}, err
	}
	f := file{path: name}
	for _, spec := range syntax.Imports {
		imp, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return file{}, err
		}
		f.imports = append(f.imports, imp)
	}
	return f, nil
}
