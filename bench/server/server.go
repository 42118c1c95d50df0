package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// server is one rival. find makes it ready to be started, or says why it cannot
// be; command is what starts it.
type server struct {
	name    string
	routes  []string
	find    func(s *server, p *programs) error
	command func(s *server, r start) []string

	program string // set by find
}

// start is what a command may depend on.
type start struct {
	port     int
	workload workload
	idle     bool   // connections must outlive 5 seconds without a request
	carrier  string // cork's
	dir      string // for its files
}

const (
	bareName     = "bare C"
	corkName     = "cork"
	netHTTPName  = "net/http"
	fasthttpName = "fasthttp"
	hertzName    = "hertz"
	nginxName    = "nginx"
	h2oName      = "h2o"
)

var allRoutes = []string{routeHello, routeJSON, routeEcho, routeClose}

func servers() []*server {
	return []*server{
		{name: bareName, routes: []string{routeHello, routeClose}, find: findC("servers/bare/bare.c"), command: commandBare},
		{name: corkName, routes: allRoutes, find: findGo("cork"), command: commandCork},
		{name: netHTTPName, routes: allRoutes, find: findGo("nethttp"), command: commandGo},
		{name: fasthttpName, routes: allRoutes, find: findGo("fasthttp"), command: commandGo},
		{name: "Node http", routes: allRoutes, find: findInstalled("node", "nodejs"), command: commandNode},
	}
}

func (s *server) takes(w workload) bool { return slices.Contains(s.routes, w.route) }

func commandBare(s *server, r start) []string {
	args := []string{s.program, strconv.Itoa(r.port)}
	if r.workload.newConn {
		args = append(args, "close")
	}
	return args
}

func commandGo(s *server, r start) []string {
	return []string{s.program, "-addr", fmt.Sprintf("127.0.0.1:%d", r.port)}
}

func commandCork(s *server, r start) []string {
	args := append(commandGo(s, r), "-carrier", r.carrier)
	if r.idle {
		args = append(args, "-idle", "5m") // the default is Node's 5 s
	}
	return args
}

func commandNode(s *server, r start) []string {
	args := []string{s.program, "servers/node/server.js", strconv.Itoa(r.port)}
	if r.idle {
		args = append(args, "300000") // the default is 5 s
	}
	return args
}

// programs builds what is built from source, into one folder, once.
type programs struct {
	dir string
	cc  string
}

func findGo(pkg string) func(*server, *programs) error {
	return func(s *server, p *programs) (err error) {
		s.program, err = p.buildGo("./servers/" + pkg)
		return err
	}
}

func findC(source string) func(*server, *programs) error {
	return func(s *server, p *programs) (err error) {
		s.program, err = p.buildC(source)
		return err
	}
}

func findInstalled(name, debianPackage string) func(*server, *programs) error {
	return func(s *server, _ *programs) (err error) {
		s.program, err = lookPath(name)
		if err != nil {
			err = fmt.Errorf("no program %q (Debian's package %s)", name, debianPackage)
		}
		return err
	}
}

// lookPath knows the folders that are not in everybody's PATH, too.
func lookPath(name string) (string, error) {
	found, err := exec.LookPath(name)
	if err != nil {
		found, err = exec.LookPath("/usr/sbin/" + name)
	}
	return found, err
}

func (p *programs) buildGo(pkg string) (string, error) {
	out := filepath.Join(p.dir, filepath.Base(pkg))
	return out, p.run("go", "build", "-o", out, pkg)
}

func (p *programs) buildC(source string) (string, error) {
	out := filepath.Join(p.dir, strings.TrimSuffix(filepath.Base(source), ".c"))
	return out, p.run(p.cc, "-O2", "-Wall", "-o", out, source)
}

func (p *programs) run(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %v %s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}
