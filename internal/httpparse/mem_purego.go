//go:build !(amd64 || arm64 || loong64 || ppc64le) || purego

package httpparse

import (
	"encoding/binary"

	"github.com/cork-go/cork/internal/bytescan"
	"github.com/cork-go/cork/internal/fieldname"
)

// mem is the checked twin of the one in mem_unsafe.go.
type mem struct{ b []byte }

func memOf(b []byte) mem { return mem{b} }

func (m mem) at(i int) byte       { return m.b[i] }
func (m mem) load32(i int) uint32 { return binary.LittleEndian.Uint32(m.b[i:]) }
func (m mem) load64(i int) uint64 { return binary.LittleEndian.Uint64(m.b[i:]) }

func (m mem) visible(from, to int) bool { return bytescan.Visible(m.b[from:to]) }

func (m mem) matchMiddle(id fieldname.ID, from, n int) bool {
	const mask = 0xdfdfdfdfdfdfdfdf
	return n <= 32 && fieldname.MatchMiddle(id, m.load64(from+8)&mask, m.load64(from+n-16)&mask)
}
