package main

import "errors"

// runner is one parser set up on one input. run parses the input iters times,
// as one keep-alive connection would; look parses it once and reports.
type runner struct {
	name  string
	input input
	run   func(iters int) error
	look  func() (seen, error)
}

// peer makes runners. open returns errNotMade for an input that the parser is
// not made for.
type peer struct {
	name string
	open func(data []byte) (run func(iters int) error, look func() (seen, error), err error)
}

var errNotMade = errors.New("the parser is not made for this input")

// The names that the bars refer to.
const (
	corkName       = "cork"
	portableName   = "cork, portable"
	netHTTPName    = "net/http ReadRequest"
	fasthttpName   = "fasthttp"
	hertzName      = "hertz"
	llhttpName     = "llhttp, callbacks"
	llhttpBareName = "llhttp, no callbacks"
)

// peers lists the parsers in the order of the table.
func peers() []peer {
	ps := []peer{corkPeer()}
	ps = append(ps, llhttpPeers()...)
	return append(ps, wildcatPeer(), httparserPeer(), hertzPeer(), fasthttpPeer(), nbioPeer(), netHTTPPeer())
}

// runner sets p up on in and looks once whether it finds there what there is.
func (p peer) runner(in input) (runner, error) {
	run, look, err := p.open(in.data)
	if err != nil {
		return runner{}, err
	}
	got, err := look()
	if err != nil {
		return runner{}, err
	}
	if err := in.want.check(got); err != nil {
		return runner{}, err
	}
	return runner{p.name, in, run, look}, nil
}

// inputTasks opens each parser on each input; what does not agree with the
// input is left out with its reason.
func inputTasks() ([]runner, []omission) {
	var runners []runner
	var left []omission
	for _, p := range peers() {
		for _, in := range inputs() {
			r, err := p.runner(in)
			if err != nil {
				left = append(left, omission{p.name, in.name, err.Error()})
				continue
			}
			runners = append(runners, r)
		}
	}
	return runners, left
}

func (r runner) task() string { return "inputs/" + r.name + "/" + r.input.name }

func measureInputs(r *report, o options, t *twin, progress func(int)) error {
	all, left := inputTasks()
	r.Left = left
	var runners []runner
	var tasks []task
	add := func(x runner, d doer) {
		if o.only.MatchString(x.name) {
			runners = append(runners, x)
			tasks = append(tasks, task{x.task(), d})
		}
	}
	for _, x := range all {
		add(x, local(x.run))
		if t != nil && x.name == corkName {
			d := remote{t, x.task()}
			x.name = portableName
			add(x, d)
		}
	}
	fs, err := o.plan.measure(tasks, progress)
	if err != nil {
		return err
	}
	for i, x := range runners {
		n := x.input.want.Requests
		r.Rows = append(r.Rows, row{x.name, x.input.name, len(x.input.data), n,
			fs[i].Nanos / float64(n), fs[i].NanosMin / float64(n), fs[i].Mallocs / float64(n)})
	}
	return nil
}
