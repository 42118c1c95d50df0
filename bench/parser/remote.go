package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// The portable implementation is chosen when the program is built (-tags
// purego). So that it stands in the same rounds as the others, the main process
// keeps a second build of this program running and asks it for each piece of
// work by name; it waits meanwhile, so the two do not run at once.

// order is one piece of work for the other process, answer what it cost.
type order struct {
	Task  string
	Iters int
}

type answer struct {
	Cost  cost
	Error string
}

// twin is the other process.
type twin struct {
	cmd  *exec.Cmd
	send *json.Encoder
	recv *json.Decoder
	in   io.Closer
}

func startTwin(path string) (*twin, error) {
	cmd := exec.Command(path, "-serve")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &twin{cmd, json.NewEncoder(in), json.NewDecoder(out), in}, nil
}

// stop ends the process by closing its input.
func (t *twin) stop() error {
	return errors.Join(t.in.Close(), t.cmd.Wait())
}

// remote is a task of the other process.
type remote struct {
	twin *twin
	task string
}

func (r remote) do(iters int) (cost, error) {
	if err := r.twin.send.Encode(order{r.task, iters}); err != nil {
		return cost{}, err
	}
	var a answer
	if err := r.twin.recv.Decode(&a); err != nil {
		return cost{}, err
	}
	if a.Error != "" {
		return cost{}, errors.New(a.Error)
	}
	return a.Cost, nil
}

// serve is the other process: it does what it is told until its input ends.
func serve(tasks []task, in io.Reader, out io.Writer) error {
	byName := make(map[string]doer, len(tasks))
	for _, t := range tasks {
		byName[t.name] = t.do
	}
	recv, send := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var o order
		if err := recv.Decode(&o); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		var a answer
		if d, ok := byName[o.Task]; !ok {
			a.Error = fmt.Sprintf("no task %q here", o.Task)
		} else if c, err := d.do(o.Iters); err != nil {
			a.Error = err.Error()
		} else {
			a.Cost = c
		}
		if err := send.Encode(a); err != nil {
			return err
		}
	}
}

// serveTasks is the other process of remote.go: it has all tasks of ours.
func serveTasks(in io.Reader, out io.Writer) error {
	runners, _ := inputTasks()
	_, tasks := pieceTasks(nil)
	for _, r := range runners {
		tasks = append(tasks, task{r.task(), local(r.run)})
	}
	return serve(tasks, in, out)
}
