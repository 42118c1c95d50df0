package main

import (
	"errors"
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
	command func(s *server, r start) ([]string, error)

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
	handlerName  = "cork (http.Handler)"
	netHTTPName  = "net/http"
	fasthttpName = "fasthttp"
	hertzName    = "hertz"
	nginxName    = "nginx"
	h2oName      = "h2o"
	libh2oName   = "libh2o"
)

var (
	allRoutes   = []string{routeHello, routeJSON, routeEcho, routeClose, routeSleep}
	helloRoutes = []string{routeHello, routeClose}
	blockRoutes = append(slices.Clone(allRoutes), routeFresh, routeCompute)
)

func servers() []*server {
	return []*server{
		{name: bareName, routes: []string{routeHello, routeJSON, routeEcho, routeClose}, find: findC("servers/bare/bare.c"), command: commandBare},
		{name: corkName, routes: blockRoutes, find: findGo("cork"), command: commandCork},
		{name: handlerName, routes: blockRoutes, find: findGo("nethttp"), command: commandHandler},
		{name: netHTTPName, routes: blockRoutes, find: findGo("nethttp"), command: commandGo},
		{name: fasthttpName, routes: blockRoutes, find: findGo("fasthttp"), command: commandGo},
		{name: "fiber", routes: allRoutes, find: findGo("fiber"), command: commandGo},
		{name: hertzName, routes: allRoutes, find: findGo("hertz"), command: commandGo},
		{name: "gnet", routes: []string{routeHello}, find: findGo("gnet"), command: commandGo},
		{name: "Node http", routes: allRoutes, find: findInstalled("node", "nodejs"), command: commandNode},
		{name: nginxName, routes: helloRoutes, find: findInstalled("nginx", "nginx-light"), command: commandNginx},
		{name: h2oName, routes: helloRoutes, find: findInstalled("h2o", "h2o"), command: commandH2O},
		{name: libh2oName, routes: helloRoutes, find: findLibh2o, command: commandPort},
	}
}

func (s *server) takes(w workload) bool { return slices.Contains(s.routes, w.route) }

func commandPort(s *server, r start) ([]string, error) {
	return []string{s.program, strconv.Itoa(r.port)}, nil
}

func commandBare(s *server, r start) ([]string, error) {
	args := []string{s.program, strconv.Itoa(r.port), r.workload.route}
	if r.workload.route == routeEcho {
		args = append(args, strconv.Itoa(len(r.workload.sends)))
	}
	return args, nil
}

func commandGo(s *server, r start) ([]string, error) {
	return []string{s.program, "-addr", fmt.Sprintf("127.0.0.1:%d", r.port)}, nil
}

func commandCork(s *server, r start) ([]string, error) {
	args := []string{s.program, "-addr", fmt.Sprintf("127.0.0.1:%d", r.port), "-carrier", r.carrier}
	if r.idle {
		args = append(args, "-idle", "5m") // the default is Node's 5 s
	}
	return args, nil
}

// commandHandler serves what net/http does.
func commandHandler(s *server, r start) ([]string, error) {
	return []string{s.program, "-addr", fmt.Sprintf("127.0.0.1:%d", r.port), "-cork", "-carrier", r.carrier}, nil
}

func commandNode(s *server, r start) ([]string, error) {
	args := []string{s.program, "servers/node/server.js", strconv.Itoa(r.port)}
	if r.idle {
		args = append(args, "300000") // the default is 5 s
	}
	return args, nil
}

func commandNginx(s *server, r start) ([]string, error) {
	conf, err := fillIn("servers/nginx/nginx.conf", r, "user root;")
	return []string{s.program, "-c", conf}, err
}

func commandH2O(s *server, r start) ([]string, error) {
	files := filepath.Join(r.dir, "h2o-files")
	if err := os.MkdirAll(files, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(files, "hello.txt"), []byte("Hello, World!"), 0o644); err != nil {
		return nil, err
	}
	conf, err := fillIn("servers/h2o/h2o.conf", r, "user: root")
	return []string{s.program, "-c", conf}, err
}

// fillIn writes a configuration into the folder of the run. userLine is only for
// root, whose servers would become somebody else and not see that folder.
func fillIn(template string, r start, userLine string) (string, error) {
	text, err := os.ReadFile(template)
	if err != nil {
		return "", err
	}
	if os.Getuid() != 0 {
		userLine = ""
	}
	values := map[string]string{"DIR": r.dir, "PORT": strconv.Itoa(r.port), "USER_LINE": userLine}
	filled := os.Expand(string(text), func(name string) string { return values[name] })
	name := filepath.Join(r.dir, fmt.Sprintf("%d-%s", r.port, filepath.Base(template)))
	return name, os.WriteFile(name, []byte(filled), 0o644)
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

func findLibh2o(s *server, p *programs) (err error) {
	s.program, err = p.buildC("servers/h2o/libh2o.c", "-DH2O_USE_LIBUV=0", "-lh2o-evloop", "-lssl", "-lcrypto")
	if err != nil && !exists("/usr/include/h2o.h") {
		err = errors.New("no /usr/include/h2o.h (Debian's package libh2o-evloop-dev)")
	}
	return err
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
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

func (p *programs) buildC(source string, flags ...string) (string, error) {
	out := filepath.Join(p.dir, strings.TrimSuffix(filepath.Base(source), ".c"))
	args := append([]string{"-O2", "-Wall", "-o", out, source}, flags...)
	return out, p.run(p.cc, args...)
}

func (p *programs) run(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %v %s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}
