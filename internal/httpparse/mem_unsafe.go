//go:build (amd64 || arm64 || loong64 || ppc64le) && !purego

package httpparse

import (
	"unsafe"

	"github.com/cork-go/cork/internal/bytescan"
	"github.com/cork-go/cork/internal/fieldname"
)

// mem is a block for the fast path: loads without bounds checks. The fast path
// makes about a hundred small loads for a browser's head, each at a position
// that it has just compared with the block's length or got from the index; the
// checks would be a quarter of its time. Every use says why it is in bounds.
// mem_purego.go is the checked twin, under the same tests.
type mem struct{ p unsafe.Pointer }

func memOf(b []byte) mem { return mem{unsafe.Pointer(unsafe.SliceData(b))} }

func (m mem) at(i int) byte       { return *(*byte)(unsafe.Add(m.p, i)) }
func (m mem) load32(i int) uint32 { return *(*uint32)(unsafe.Add(m.p, i)) }
func (m mem) load64(i int) uint64 { return *(*uint64)(unsafe.Add(m.p, i)) }

// visible reports whether [from,to), with eight readable bytes from each begin
// of eight on, is visible ASCII.
func (m mem) visible(from, to int) bool {
	bad := uint64(0)
	for ; to-from >= 8; from += 8 {
		bad |= bytescan.Invisible(m.load64(from))
	}
	// The last bytes, with those behind them shifted out and '!' shifted in.
	left := 8 * uint(to-from) & 63
	return bad|bytescan.Invisible(m.load64(from)<<(63-left)<<1|0x2121212121212121>>left) == 0
}

// lookup finds the ID of block[from:to], which is of token characters.
func (m mem) lookup(block []byte, from, to int) fieldname.ID {
	if from+8 > len(block) {
		return fieldname.Lookup(block[from:to])
	}
	return fieldname.LookupAt(unsafe.Add(m.p, from), to-from)
}

// hotLines reads the lines that are most usual: a known name that says nothing
// about framing, colon, one blank, a value, CR LF. It stops at any other, which
// fastLine reads, and when the table is full. It returns the entry and the line
// where it stopped; or -1 and the position behind the head's empty line.
//
// This is the parser's inner loop, one turn for each field of every request,
// and all that is not usual is kept out of it so that what it works on stays
// in registers. What it does is what fastLine does, which is its plain twin:
// without it (purego) fastLine reads every line. The two stores are a Field.
//
// line <= e < k <= n-4 as for fastLine, and n is the length of the block.
func (p *Parser) hotLines(m mem, n, line, entries, at int) (int, int) {
	if line > n-8 {
		return at, line // one line, too short for loads of 8 bytes: ": a", CR LF, CR LF
	}
	entries = min(entries, at+2*(FieldsBatch-p.fieldCount)) &^ 1
	if entries >= at+4 && int(p.index[entries-3])+2 > n-8 {
		entries -= 2 // so is the last of more
	}
	field := unsafe.Pointer(&p.fields[p.fieldCount&(FieldsBatch-1)])
	known := &p.Known
	index := unsafe.Pointer(&p.index)
	for ; at < entries; at += 2 {
		e, k := int(*(*uint32)(unsafe.Add(index, at*4))), int(*(*uint32)(unsafe.Add(index, at*4+4)))
		colon, crlf := m.load32(e), m.load32(k)
		if uint16(colon) != ':'|' '<<8 || byte(colon>>16) <= ' ' || uint16(crlf) != wordCRLF || m.at(k-1) <= ' ' {
			break
		}
		length := e - line
		mask, tail := uint64(foldMask), length-8
		if length < 8 {
			mask, tail = foldMask>>(64-8*uint(length)), 0
		}
		first, last := m.load64(line)&mask, m.load64(line+tail)&mask
		id := fieldname.Candidate(first, last, length)
		if !fieldname.Match(id, first, last, length) || unusual[id] ||
			length > 16 && !fieldname.MatchMiddle(id, m.load64(line+8)&foldMask, m.load64(line+length-16)&foldMask) {
			break
		}
		known.Add(id)
		*(*uint64)(field) = uint64(line) | uint64(e+2)<<32
		*(*uint64)(unsafe.Add(field, 8)) = uint64(k-e-2) | uint64(length)<<32 | uint64(id)<<48
		field = unsafe.Add(field, unsafe.Sizeof(Field{}))
		p.fieldCount++
		line = k + 2
		if crlf == wordCRLFCRLF {
			return -1, k + 4
		}
	}
	return at, line
}

// unusual are the IDs that hotLines leaves to fastLine.
var unusual = func() (t [256]bool) {
	for id, s := range specials {
		t[id] = s != specialNone
	}
	t[fieldname.Unknown] = true
	return t
}()

const foldMask = 0xdfdfdfdfdfdfdfdf
