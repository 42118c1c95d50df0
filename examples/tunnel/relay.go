package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// pieceBytes is what a tunnel holds of each direction.
const pieceBytes = 32 << 10

// relay hands on what two connections say to each other, beginning with head
// from a to b, until both have finished, one fails, nothing has been said for
// the time idle, or ctx is done. A direction that has finished is finished for
// the other side too, and the other direction goes on. When it returns it has
// no goroutines left; a and b are the caller's to close.
func relay(ctx context.Context, a, b net.Conn, head []byte, idle time.Duration) (aToB, bToA int64, err error) {
	stop := context.AfterFunc(ctx, func() { _, _ = a.Close(), b.Close() })
	defer stop()
	said := func() { // anything, in either direction: the clock begins anew
		d := time.Now().Add(idle)
		_, _ = a.SetDeadline(d), b.SetDeadline(d)
	}
	said()
	var once sync.Once
	failed := func(e error) {
		once.Do(func() { err = e; abort(a); abort(b) }) // and the other direction fails too
	}
	var both sync.WaitGroup
	both.Go(func() {
		var e error
		if aToB, e = pipe(b, a, head, said); e != nil {
			failed(e)
		}
	})
	both.Go(func() {
		var e error
		if bToA, e = pipe(a, b, nil, said); e != nil {
			failed(e)
		}
	})
	both.Wait()
	return aToB, bToA, err
}

// echo hands a connection what it says, beginning with head, until it has
// finished.
func echo(ctx context.Context, socket net.Conn, head []byte, idle time.Duration) (n int64, err error) {
	stop := context.AfterFunc(ctx, func() { _ = socket.Close() })
	defer stop()
	said := func() { _ = socket.SetDeadline(time.Now().Add(idle)) }
	said()
	return pipe(socket, socket, head, said)
}

// pipe writes head, and then what it reads from src, to dst. The next piece is
// read when the last one has been written: a slow reader slows the writer. At
// the end of src it ends the output of dst.
func pipe(dst, src net.Conn, head []byte, said func()) (total int64, err error) {
	n, err := dst.Write(head)
	total = int64(n)
	if err != nil {
		return total, err
	}
	piece := make([]byte, pieceBytes)
	for {
		n, readErr := src.Read(piece)
		if n > 0 {
			said()
			n, err = dst.Write(piece[:n])
			total += int64(n)
			if err != nil {
				return total, err
			}
			said()
		}
		if readErr == io.EOF {
			return total, finish(dst)
		}
		if readErr != nil {
			return total, readErr
		}
	}
}

// finish ends a connection's output and leaves its input open.
func finish(socket net.Conn) error {
	half, ok := socket.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}

// abort closes with a reset if it can, so that the peer does not take what it has
// got for the whole.
func abort(socket net.Conn) {
	if s, ok := socket.(interface{ SetLinger(seconds int) error }); ok {
		_ = s.SetLinger(0)
	}
	_ = socket.Close()
}

// ending says for the log how a tunnel ended.
func ending(err error) string {
	switch {
	case err == nil:
		return "finished"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "idle for too long"
	}
	return err.Error()
}
