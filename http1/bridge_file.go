package http1

import "io"

// ReadFrom implements io.ReaderFrom, which io.Copy looks for.
func (w *responseWriter) ReadFrom(src io.Reader) (int64, error) {
	return w.copyFrom(src)
}

// copyFrom writes src in pieces, through memory of the connection's pools.
func (w *responseWriter) copyFrom(src io.Reader) (int64, error) {
	lent := w.c.pools.buffer()
	defer w.c.pools.putBuffer(lent)
	return io.CopyBuffer(writerOnly{w}, src, lent.b)
}

// writerOnly hides the other methods of a writer from io.Copy.
type writerOnly struct{ io.Writer }
