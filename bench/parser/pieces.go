package main

import (
	"fmt"

	"github.com/cork-go/cork/bench/parser/llhttp"
	"github.com/cork-go/cork/internal/httpparse"
)

// The pieces that the inputs are fed in. 0 stands for all at once.
var pieceSteps = [...]int{0, 64, 1}

// pieceInputs are those whose head is the whole of them.
var pieceInputs = [...]string{browserGET, typicalGET}

// feeder is a parser that goes on where it stopped.
type feeder struct {
	name string
	run  func(data []byte, step, iters int) error
}

// feeders lists them. Those that begin again with each piece (net/http's,
// fasthttp's and hertz's, over their readers) are left out: they are called
// when there is something to read, not for each piece.
func feeders() []feeder {
	fs := []feeder{{corkName, func(data []byte, step, iters int) error {
		c := newCork(httpparse.Options{})
		for range iters {
			if pending, err := c.feed(data, step); err != nil || pending != 0 {
				return fmt.Errorf("%d bytes left, %w", pending, err)
			}
		}
		return nil
	}}}
	if llhttp.Available {
		fs = append(fs, feeder{llhttpName, func(data []byte, step, iters int) error {
			_, err := llhttp.Run(data, step, iters, true, false)
			return err
		}})
	}
	return fs
}

// piece is one line's part of the table: a parser, an input, a step.
type piece struct {
	Parser, Input string
	Step          int
}

func (p piece) task() string { return fmt.Sprintf("pieces/%s/%s/%d", p.Parser, p.Input, p.Step) }

// pieceTasks makes the tasks; a twin, if there is one, runs ours a second time.
func pieceTasks(t *twin) ([]piece, []task) {
	var pieces []piece
	var tasks []task
	for _, name := range pieceInputs {
		data := inputNamed(name).data
		for _, f := range feeders() {
			for _, step := range pieceSteps {
				p := piece{f.name, name, step}
				pieces = append(pieces, p)
				if step == 0 {
					step = len(data)
				}
				tasks = append(tasks, task{p.task(), local(func(iters int) error { return f.run(data, step, iters) })})
				if t != nil && f.name == corkName {
					r := remote{t, p.task()}
					p.Parser = portableName
					pieces = append(pieces, p)
					tasks = append(tasks, task{p.task(), r})
				}
			}
		}
	}
	return pieces, tasks
}

func inputNamed(name string) input {
	for _, in := range inputs() {
		if in.name == name {
			return in
		}
	}
	panic("no input " + name)
}

func stepName(step int) string {
	switch step {
	case 0:
		return "whole"
	case 1:
		return "byte by byte"
	default:
		return fmt.Sprintf("%d bytes", step)
	}
}

func measurePieces(r *report, o options, t *twin, progress func(int)) error {
	pieces, tasks := pieceTasks(t)
	fs, err := o.plan.measure(tasks, progress)
	for i, f := range fs {
		r.Pieces = append(r.Pieces, pieceRow{pieces[i], f.Nanos})
	}
	return err
}
