// Package apitest keeps api.txt true: the list of what this module exports. A
// change to it is a change to review.
//
//	go test ./internal/apitest -update
package apitest

import (
	"bytes"
	"flag"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write api.txt anew")

const (
	root = "../.."
	list = root + "/api.txt"
)

func TestAPI(t *testing.T) {
	got := strings.Join(exported(t), "\n") + "\n"
	if *update {
		if err := os.WriteFile(list, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	old := strings.Split(string(want), "\n")
	now := strings.Split(got, "\n")
	for _, line := range now {
		if !slices.Contains(old, line) {
			t.Errorf("new:  %s", line)
		}
	}
	for _, line := range old {
		if !slices.Contains(now, line) {
			t.Errorf("gone: %s", line)
		}
	}
	if t.Failed() {
		t.Log("if that is meant: go test ./internal/apitest -update, and a line in CHANGELOG.md")
	}
}

// exported returns a line for each exported name of the public packages.
func exported(t *testing.T) (lines []string) {
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		name := d.Name()
		if path != root {
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
				return filepath.SkipDir
			}
		}
		if path != root && strings.HasPrefix(name, ".") || slices.Contains([]string{"internal", "examples", "bench", "contrib", "testdata", "docs"}, name) {
			return filepath.SkipDir
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		found, err := exportedOf(path, filepath.ToSlash(rel))
		lines = append(lines, found...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

func exportedOf(dir, pkg string) (lines []string, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		if file.Name.Name == "main" {
			continue
		}
		for _, decl := range file.Decls {
			for _, line := range declared(decl) {
				lines = append(lines, "pkg "+pkg+", "+line)
			}
		}
	}
	return lines, nil
}

func declared(decl ast.Decl) (lines []string) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if !d.Name.IsExported() || d.Recv != nil && !ast.IsExported(receiver(d.Recv)) {
			return nil
		}
		d.Body, d.Doc = nil, nil
		return []string{text(d)}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.ValueSpec:
				for _, name := range s.Names {
					if name.IsExported() {
						lines = append(lines, d.Tok.String()+" "+name.Name)
					}
				}
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					lines = append(lines, typeLines(s)...)
				}
			}
		}
	}
	return lines
}

func typeLines(s *ast.TypeSpec) []string {
	name := "type " + s.Name.Name
	var fields *ast.FieldList
	kind := ""
	switch u := s.Type.(type) {
	case *ast.StructType:
		kind, fields = " struct", u.Fields
	case *ast.InterfaceType:
		kind, fields = " interface", u.Methods
	default:
		return []string{name + " " + text(s.Type)}
	}
	lines := []string{name + kind}
	for _, f := range fields.List {
		what := text(f.Type)
		if len(f.Names) == 0 {
			if base := strings.TrimPrefix(what, "*"); ast.IsExported(base[strings.LastIndex(base, ".")+1:]) {
				lines = append(lines, name+kind+", embedded "+what)
			}
		}
		for _, n := range f.Names {
			if n.IsExported() {
				lines = append(lines, name+kind+", "+n.Name+" "+what)
			}
		}
	}
	return lines
}

func receiver(fields *ast.FieldList) string {
	t := fields.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if generic, ok := t.(*ast.IndexExpr); ok {
		t = generic.X
	}
	return t.(*ast.Ident).Name
}

// text is the source of a node on one line.
func text(n ast.Node) string {
	var b bytes.Buffer
	if err := format.Node(&b, token.NewFileSet(), n); err != nil {
		return err.Error()
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
