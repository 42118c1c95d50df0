package nethttp

import (
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/cork-go/cork/http1"
)

// TestTables: docs/net-http.md has everything that net/http exports about servers,
// and what it calls present is there.
func TestTables(t *testing.T) {
	docs, err := os.ReadFile("../../docs/net-http.md")
	if err != nil {
		t.Fatal(err)
	}
	for heading, of := range map[string]reflect.Type{
		"## http.Server\n":             reflect.TypeFor[*http.Server](),
		"## http.ResponseController\n": reflect.TypeFor[*http.ResponseController](),
		"## http.Request\n":            reflect.TypeFor[http.Request](),
	} {
		_, table, found := strings.Cut(string(docs), heading)
		if !found {
			t.Errorf("no %q", heading)
			continue
		}
		table, _, _ = strings.Cut(table, "\n## ")
		for _, name := range exported(of) {
			row := ""
			for line := range strings.Lines(table) {
				if names, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |"); strings.Contains(names, "`"+name+"`") {
					row = line
				}
			}
			if row == "" {
				t.Errorf("%q has no row for %s", heading, name)
			}
			if of == reflect.TypeFor[*http.Server]() && has(name) != strings.Contains(row, "| present") {
				t.Errorf("http1.Server has %s: %v; the row says %q", name, has(name), row)
			}
		}
	}
}

// exported returns the names of fields, and of methods if of is a pointer.
func exported(of reflect.Type) (names []string) {
	if of.Kind() == reflect.Pointer {
		for i := range of.NumMethod() {
			names = append(names, of.Method(i).Name)
		}
		of = of.Elem()
	}
	for _, f := range reflect.VisibleFields(of) {
		if f.IsExported() {
			names = append(names, f.Name)
		}
	}
	return names
}

// has reports whether cork's server has a field or method.
func has(name string) bool {
	of := reflect.TypeFor[*http1.Server]()
	_, method := of.MethodByName(name)
	_, field := of.Elem().FieldByName(name)
	return method || field
}
