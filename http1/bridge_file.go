package http1

import (
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
)

// ReadFrom implements io.ReaderFrom, which io.Copy looks for: what http.FileServer
// sends of a file goes from the kernel to the kernel, where there is a way.
func (w *responseWriter) ReadFrom(src io.Reader) (int64, error) {
	file, n := fileOf(src)
	if file == nil || n < copyBytesMax {
		return w.copyFrom(src)
	}
	begin := int64(0)
	if _, typed := w.header["Content-Type"]; !typed {
		var err error
		if begin, err = w.copyFrom(io.LimitReader(src, sniffBytes)); err != nil {
			return begin, err
		}
	}
	sent, err := w.sendFile(file, n-begin)
	if limited, ok := src.(*io.LimitedReader); ok {
		limited.N -= sent
	}
	if err == errNoSendFile {
		rest, err := w.copyFrom(src)
		return begin + sent + rest, err
	}
	return begin + sent, err
}

// sniffBytes is what http.DetectContentType looks at.
const sniffBytes = 512

// errNoSendFile: the bytes have to be copied.
const errNoSendFile = syscall.ENOTSUP

// fileSender is a carrier that can send a file. It returns errNoSendFile for one
// that has to be copied from where it is then. The output that was gathered has
// been handed over. mu is held, and released while the client takes its time.
type fileSender interface {
	sendFile(file *os.File, n int64) (int64, error)
}

// fileOf returns the regular file that src reads, and how much of it there is.
func fileOf(src io.Reader) (file *os.File, n int64) {
	limited, ok := src.(*io.LimitedReader)
	if ok {
		src = limited.R
	}
	if file, ok = src.(*os.File); !ok {
		return nil, 0
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, 0
	}
	at, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, 0
	}
	n = info.Size() - at
	if limited != nil {
		n = min(n, limited.N)
	}
	return file, n
}

// sendFile sends n bytes of a file if the answer's length has been declared.
func (w *responseWriter) sendFile(file *os.File, n int64) (int64, error) {
	ex, err := w.lock()
	if err != nil {
		return 0, err
	}
	c, res := w.c, &ex.res
	defer c.unlock()
	sender, ok := c.t.(fileSender)
	if !ok {
		return 0, errNoSendFile
	}
	if !w.wroteHeader {
		w.snapshot(ex, http.StatusOK)
	}
	if w.contentLength < 0 || w.written+n > w.contentLength || !bodyAllowed(w.status) || res.headOnly {
		return 0, errNoSendFile
	}
	if err := w.flush(ex); err != nil {
		return 0, err
	}
	if res.length.kind != bodySized || c.outgoing.front() != res {
		return 0, errNoSendFile
	}
	sent, err := sender.sendFile(file, n)
	w.written += sent
	if w.ex == ex {
		res.written += uint64(sent)
	}
	if err == nil || err == errNoSendFile {
		return sent, err
	}
	c.broken = true
	c.shut()
	return sent, ErrConnectionClosed
}

// sendFile implements fileSender. What the kernel does not take waits in the file.
func (t *loopTransport) sendFile(file *os.File, n int64) (sent int64, err error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return 0, errNoSendFile
	}
	c := t.conn
	for sent < n {
		if c.writing != writeOpen {
			return sent, ErrConnectionClosed
		}
		if t.socket.Pending() > 0 { // behind what is there
			c.waitForChange()
			continue
		}
		part := 0
		ctlErr := raw.Control(func(fd uintptr) {
			part, err = t.socket.SendFile(int(fd), int(min(n-sent, writeBytesMax)))
		})
		switch {
		case ctlErr != nil:
			return sent, errNoSendFile // closed: reading will tell
		case err == syscall.EAGAIN:
			t.waitForRoom()
		case err == syscall.ENOTSUP, err == syscall.ENOSYS, err == syscall.EINVAL:
			return sent, errNoSendFile
		case err != nil:
			return sent, err
		case part == 0:
			return sent, nil // the file has become shorter
		}
		sent += int64(part)
		c.sent += uint64(part) // for what the peer owes meanwhile
	}
	return sent, nil
}

// waitForRoom waits until the kernel takes more, as long as the peer may take.
func (t *loopTransport) waitForRoom() {
	t.needsRoom = true
	if t.takenEnough() {
		t.expectProgress()
	}
	for t.needsRoom && t.conn.writing == writeOpen {
		t.conn.waitForChange()
	}
}

// hasRoom is called when the socket is writable and somebody waits for that.
func (t *loopTransport) hasRoom() {
	t.needsRoom = false
	if t.takenEnough() {
		t.expectProgress()
	}
	t.conn.notify()
}

// sendFile implements fileSender by what package net has.
func (t *netTransport) sendFile(file *os.File, n int64) (sent int64, err error) {
	socket, ok := t.socket.(*net.TCPConn)
	if !ok {
		return 0, errNoSendFile
	}
	for sent < n {
		t.armWrite()
		part, err := socket.ReadFrom(io.LimitReader(file, min(n-sent, writeBytesMax)))
		sent += part
		t.conn.sent += uint64(part)
		if err = t.wrote(int(part), err); err != nil || part == 0 {
			return sent, err
		}
	}
	return sent, nil
}

// copyFrom writes src in pieces, through memory of the connection's pools.
func (w *responseWriter) copyFrom(src io.Reader) (int64, error) {
	lent := w.c.pools.buffer()
	defer w.c.pools.putBuffer(lent)
	return io.CopyBuffer(writerOnly{w}, src, lent.b)
}

// writerOnly hides the other methods of a writer from io.Copy.
type writerOnly struct{ io.Writer }
