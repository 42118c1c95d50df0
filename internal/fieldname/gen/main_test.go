package main

import (
	"bytes"
	"os"
	"testing"
)

// TestGeneratedClean: the committed table is what the generator makes.
func TestGeneratedClean(t *testing.T) {
	want, err := generate(names)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../table_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("table_gen.go is not what the generator makes now: run go generate ./internal/fieldname")
	}
}

func TestCheck(t *testing.T) {
	long := name{"Long", "a-name-of-more-than-thirty-two-bytes"}
	many := make([]name, 128)
	for i := range many {
		many[i] = name{"A" + string(rune('0'+i)), "a" + string(rune('0'+i%10)) + string(rune('a'+i/10))}
	}
	for _, tt := range []struct {
		why   string
		names []name
	}{
		{"name twice", []name{{"A", "a"}, {"B", "a"}}},
		{"constant twice", []name{{"A", "a"}, {"A", "b"}}},
		{"empty name", []name{{"A", ""}}},
		{"upper case", []name{{"A", "A"}}},
		{"underscore, which folds onto DEL", []name{{"A", "a_b"}}},
		{"too long", []name{long}},
		{"too many", many},
		{"same length and last eight bytes", []name{{"A", "x-csrf-token"}, {"B", "x-xsrf-token"}}},
	} {
		if check(tt.names) == nil {
			t.Errorf("%s: check accepted it", tt.why)
		}
	}
}
