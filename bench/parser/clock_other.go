//go:build !linux

package main

import "time"

// clockName is what the tables say of the clock.
const clockName = "the wall's"

var epoch = time.Now()

func now() time.Duration { return time.Since(epoch) }
