//go:build !linux

package http1

func checkOptions(*conn, bool) error { return nil }
