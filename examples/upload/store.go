package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pieceBytes is how much of a file is in memory.
const pieceBytes = 64 << 10

// tempPrefix begins the names of files that are not complete. Names that
// clients choose do not begin with a dot.
const tempPrefix = ".upload-"

var (
	errTooLarge = errors.New("the file is too large")
	errStorage  = errors.New("the file cannot be stored")
)

// store is a folder. Names cannot lead out of it: os.Root sees to that, whatever
// validName lets through and whatever links somebody puts into the folder.
type store struct {
	root *os.Root
	// create makes a new file; a field so that tests can have a bad disk.
	create func(root *os.Root, name string) (file, error)
}

// file is what a store needs of an *os.File.
type file interface {
	io.WriteCloser
	Sync() error
}

func openStore(dir string) (*store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &store{root: root, create: createFile}, nil
}

func createFile(root *os.Root, name string) (file, error) {
	return root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

func (s *store) Close() error { return s.root.Close() }

// has reports whether there is something of that name, and whether a file may
// take its place.
func (s *store) has(name string) (there, replaceable bool) {
	info, err := s.root.Lstat(name)
	if err != nil {
		return false, errors.Is(err, fs.ErrNotExist)
	}
	return true, !info.IsDir()
}

// save writes body to the file name, in place of one that is there. It calls
// wrote with the length of each piece that has been written. It returns
// errTooLarge if there are more than most bytes, errStorage, wrapped, if the
// disk fails, and else body's error; then nothing has changed.
func (s *store) save(name string, body io.Reader, most int64, wrote func(n int)) error {
	temp := tempPrefix + rand.Text()
	f, err := s.create(s.root, temp)
	if err != nil {
		return fmt.Errorf("%w: %w", errStorage, err)
	}
	err = copyAll(f, body, most, wrote)
	if err == nil {
		err = storage(f.Sync())
	}
	if e := storage(f.Close()); err == nil { // in any case: open files cannot be removed everywhere
		err = e
	}
	if err == nil {
		err = storage(s.root.Rename(temp, name))
	}
	if err != nil {
		_ = s.root.Remove(temp)
		return err
	}
	return storage(s.syncFolder())
}

// copyAll has one piece in memory at a time; while it waits for the disk nobody
// reads the body.
func copyAll(f io.Writer, body io.Reader, most int64, wrote func(n int)) error {
	piece := make([]byte, pieceBytes)
	var total int64
	for {
		n, err := body.Read(piece)
		if total += int64(n); total > most {
			return errTooLarge
		}
		if n > 0 {
			if _, err := f.Write(piece[:n]); err != nil {
				return storage(err)
			}
			wrote(n)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// syncFolder makes a rename last.
func (s *store) syncFolder() error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be flushed there
	}
	folder, err := s.root.Open(".")
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

func storage(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errStorage, err)
}

// nameBytesMax leaves room below the 255 of most file systems.
const nameBytesMax = 200

// validName reports whether a client may choose the name: letters, digits and a
// few signs that are harmless inside of a name, no separators. It must not begin
// like a hidden file or an option, nor end in what Windows takes away.
func validName(name string) bool {
	if name == "" || len(name) > nameBytesMax || !utf8.ValidString(name) {
		return false
	}
	if strings.TrimLeft(name, ". -") != name || strings.TrimRight(name, ". ") != name {
		return false
	}
	for _, r := range name {
		if !unicode.In(r, unicode.Letter, unicode.Mark, unicode.Digit) && !strings.ContainsRune(" .-_+,@()", r) {
			return false
		}
	}
	return true
}
