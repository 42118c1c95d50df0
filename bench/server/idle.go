package main

import "io"

type idleTurn struct{}

func (r *report) idleTable(io.Writer) {}
func (r *report) idleBars() []bar     { return nil }
