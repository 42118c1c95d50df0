package main

import "github.com/cork-go/cork/bench/parser/llhttp"

// llhttpPeers is llhttp twice: as a server uses it, and bare, which is what the
// machine itself costs.
func llhttpPeers() []peer {
	if !llhttp.Available {
		return nil
	}
	return []peer{llhttpPeer(llhttpName, true), llhttpPeer(llhttpBareName, false)}
}

func llhttpPeer(name string, callbacks bool) peer {
	return peer{name, func(data []byte) (func(int) error, func() (seen, error), error) {
		run := func(iters int) error {
			_, err := llhttp.Run(data, len(data), iters, callbacks, false)
			return err
		}
		look := func() (seen, error) {
			// Without callbacks nothing is reported: look with them.
			s, err := llhttp.Run(data, len(data), 1, true, false)
			return seen(s), err
		}
		return run, look, nil
	}}
}
