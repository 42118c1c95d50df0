package depstest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// house is what a module's import graph has to look like. Packages are named
// by their folder in the module, "." is the root.
type house struct {
	module  string
	floors  [][]string        // from the ground up
	outside []string          // packages without a floor; they import what they like and nobody imports them
	towers  [2][]string       // no package of one imports a package of the other
	doors   map[string]string // package: the files that may import it, as path.Match has them
	modules []string          // modules that may be imported and required
	tools   []string          // packages that go.mod may name as tools
}

// file is one Go file and what it imports. Every file of the tree is one, under
// whatever build constraint, so the house holds for every system at once.
type file struct {
	path    string
	imports []string
}

func (f file) pkg() string  { return path.Dir(f.path) }
func (f file) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// check returns a sentence for each thing in files that the house forbids.
// Tests may reach sideways and up, and compare with net/http: for them only the
// rules about examples and modules hold.
func (h house) check(files []file) []string {
	var wrong []string
	placed := map[string]bool{}
	for _, f := range files {
		pkg := f.pkg()
		if !h.isPlaced(pkg) && !placed[pkg] {
			placed[pkg] = true // say it once
			wrong = append(wrong, fmt.Sprintf("package %s has no floor: place it in the table of internal/depstest/floors_test.go", pkg))
		}
		for _, imp := range f.imports {
			if why := h.forbids(f, imp); why != "" {
				wrong = append(wrong, fmt.Sprintf("%s imports %s: %s", f.path, imp, why))
			}
		}
	}
	return wrong
}

// forbids says why f must not import imp, or "".
func (h house) forbids(f file, imp string) string {
	target, ours := h.ours(imp)
	switch {
	case !ours:
		return h.forbidsForeign(f, imp)
	case isExample(f.pkg()):
		if isInternal(target) {
			return "examples show what users can do, and users cannot import internal packages"
		}
		return ""
	case f.isTest():
		return ""
	case isExample(target) || slices.Contains(h.outside, target):
		return "nobody imports it"
	case h.doors[target] != "" && !matches(h.doors[target], f.path):
		return "only " + h.doors[target] + " may"
	case h.acrossTowers(f.pkg(), target):
		return "the two towers, bytes to parser and buffers to loop, meet in http1 only"
	}
	from, isFrom := h.floor(f.pkg())
	to, isTo := h.floor(target)
	switch {
	case !isFrom:
		return "" // reported once for the package
	case !isTo:
		return target + " has no floor"
	case to >= from:
		return fmt.Sprintf("floor %d must import lower floors only, and it is on floor %d", from, to)
	}
	return ""
}

// forbidsForeign says why f must not import imp, which is not of this module.
func (h house) forbidsForeign(f file, imp string) string {
	if isStandard(imp) {
		if h.isReached(f.pkg()) && !f.isTest() && isNetHTTP(imp) {
			return "internal packages never import net/http"
		}
		return ""
	}
	for _, m := range h.modules {
		if imp == m || strings.HasPrefix(imp, m+"/") {
			return ""
		}
	}
	return "its module is not on the short list; what needs it is a module of its own, under contrib/ or bench/"
}

// checkDeps returns a sentence for each internal package that reaches net/http
// through whatever it imports. deps has the transitive imports by import path.
func (h house) checkDeps(deps map[string][]string) []string {
	var wrong []string
	for imp, all := range deps {
		pkg, ours := h.ours(imp)
		if ours && h.isReached(pkg) && slices.ContainsFunc(all, isNetHTTP) {
			wrong = append(wrong, pkg+" reaches net/http through one of its imports: internal packages never do")
		}
	}
	slices.Sort(wrong)
	return wrong
}

// isReached reports whether pkg is an internal package that others import.
func (h house) isReached(pkg string) bool {
	return isInternal(pkg) && !slices.Contains(h.outside, pkg)
}

// goMod is what check needs of a go.mod file, as go mod edit -json prints it.
type goMod struct {
	Require []struct {
		Path     string
		Indirect bool
	}
	Replace []struct{ Old struct{ Path string } }
	Tool    []struct{ Path string }
}

// checkMod returns a sentence for each line of the main go.mod that the house
// forbids.
func (h house) checkMod(m goMod) []string {
	var wrong []string
	for _, r := range m.Require {
		if !r.Indirect && !slices.Contains(h.modules, r.Path) {
			wrong = append(wrong, "go.mod requires "+r.Path+", which is not on the short list of floors_test.go")
		}
	}
	for _, t := range m.Tool {
		if !slices.Contains(h.tools, t.Path) {
			wrong = append(wrong, "go.mod names the tool "+t.Path+", which is not on the short list of floors_test.go")
		}
	}
	for _, r := range m.Replace {
		wrong = append(wrong, "go.mod replaces "+r.Old.Path+": users of the module would build with something else")
	}
	return wrong
}

// ours returns the folder of an import path of this module.
func (h house) ours(imp string) (pkg string, ok bool) {
	if imp == h.module {
		return ".", true
	}
	return strings.CutPrefix(imp, h.module+"/")
}

func (h house) floor(pkg string) (n int, ok bool) {
	n = slices.IndexFunc(h.floors, func(pkgs []string) bool { return slices.Contains(pkgs, pkg) })
	return n, n >= 0
}

func (h house) isPlaced(pkg string) bool {
	_, ok := h.floor(pkg)
	return ok || isExample(pkg) || slices.Contains(h.outside, pkg)
}

func (h house) acrossTowers(a, b string) bool {
	in := func(i int, pkg string) bool { return slices.Contains(h.towers[i], pkg) }
	return in(0, a) && in(1, b) || in(1, a) && in(0, b)
}

func isExample(pkg string) bool { return strings.HasPrefix(pkg, "examples/") }

func isInternal(pkg string) bool { return slices.Contains(strings.Split(pkg, "/"), "internal") }

func isNetHTTP(imp string) bool { return imp == "net/http" || strings.HasPrefix(imp, "net/http/") }

// isStandard: only the paths of the standard library have no dot in their first
// element.
func isStandard(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return !strings.Contains(first, ".")
}

func matches(pattern, file string) bool {
	ok, err := path.Match(pattern, file)
	return ok && err == nil
}
