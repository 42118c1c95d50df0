//go:build !(amd64 || arm64 || loong64 || ppc64le) || purego

package httpparse

import (
	"encoding/binary"
	"github.com/cork-go/cork/internal/fieldname"

	"github.com/cork-go/cork/internal/bytescan"
)

// mem is the checked twin of the one in mem_unsafe.go.
type mem struct{ b []byte }

func memOf(b []byte) mem { return mem{b} }

func (m mem) at(i int) byte       { return m.b[i] }
func (m mem) load32(i int) uint32 { return binary.LittleEndian.Uint32(m.b[i:]) }
func (m mem) load64(i int) uint64 { return binary.LittleEndian.Uint64(m.b[i:]) }

func (m mem) visible(from, to int) bool { return bytescan.Visible(m.b[from:to]) }

func (m mem) lookup(block []byte, from, to int) fieldname.ID { return fieldname.Lookup(block[from:to]) }

// hotLines reads no lines: fastLine reads them all.
func (p *Parser) hotLines(_ mem, _, line, _, at int) (int, int) { return at, line }
