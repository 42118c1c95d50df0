package main

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const results = `workload,title,server,round,requests_per_second,cpu_us,user_us,system_us
hello,"hello, 64 <connections>",bare C,0,200000,5,0.1,4.9
hello,"hello, 64 <connections>",cork,0,100000,9,2,7
hello,"hello, 64 <connections>",cork,1,190000,6,1,5
hello,"hello, 64 <connections>",cork,2,180000,6,1.5,5
json,JSON,cork,0,1234567,6,1,5
`

func TestPlot(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "results.csv")
	if err := os.WriteFile(in, []byte(results), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(in, dir); err != nil {
		t.Fatal(err)
	}
	for name, wants := range map[string][]string{
		"hello": {"180,000", "6.50", "200,000", "&lt;connections&gt;"},
		"json":  {"1,234,567"},
	} {
		svg, err := os.ReadFile(filepath.Join(dir, name+".svg"))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(svg), want) {
				t.Errorf("%s.svg has no %q", name, want)
			}
		}
		for d := xml.NewDecoder(strings.NewReader(string(svg))); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s.svg: %v", name, err)
			}
		}
	}
}

func TestPlotRefusesOtherFiles(t *testing.T) {
	for _, records := range [][][]string{nil, {{"a"}, {"b"}}} {
		if _, err := chartsOf(records); err == nil {
			t.Errorf("%q: no error", records)
		}
	}
}
