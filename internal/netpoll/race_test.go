//go:build (linux || darwin || freebsd || netbsd || openbsd || dragonfly) && race

package netpoll

const raceEnabled = true
