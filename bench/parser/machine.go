package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/cork-go/cork/bench/parser/llhttp"
)

// machine is what the figures belong to.
type machine struct {
	CPU, System, Go, LLHTTP string
}

func thisMachine() machine {
	return machine{cpuName(), runtime.GOOS + "/" + runtime.GOARCH, runtime.Version(), llhttp.Version()}
}

func (m machine) String() string {
	s := fmt.Sprintf("%s, %s, %s", m.CPU, m.System, m.Go)
	if m.LLHTTP != "" {
		s += "; llhttp " + m.LLHTTP + " -O3 -march=native"
	}
	return s + "."
}

// cpuName asks Linux; elsewhere the architecture has to do.
func cpuName() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	fields := map[string]string{}
	for sc := bufio.NewScanner(f); sc.Scan() && sc.Text() != ""; {
		if k, v, ok := strings.Cut(sc.Text(), ":"); ok {
			fields[strings.TrimSpace(k)] = strings.TrimSpace(v)
		}
	}
	name := fields["model name"]
	if name == "" {
		return runtime.GOARCH
	}
	if fields["cpu family"] != "" {
		name += fmt.Sprintf(" (family %s, model %s)", fields["cpu family"], fields["model"])
	}
	return name
}
