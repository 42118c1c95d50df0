package fieldname

// A parser that has the words of a name in registers looks it up in three
// steps, each small enough to be inlined into its loop:
//
//	mask := fieldname.FoldMask(n)
//	first := <8 bytes at 0> & mask
//	last := <8 bytes at max(n, 8)-8> & mask
//	id := fieldname.Candidate(first, last, n)
//	if !fieldname.Match(id, first, last, n) || n > 16 && !fieldname.MatchMiddle(…) {
//		id = fieldname.Unknown
//	}
//
// The promise of LookupAt holds here too: no control characters in the name.
// LookupAt is these steps in one call.

// FoldMask returns what the words of a name of n bytes, n not negative, are
// masked with: it cuts off what is behind a short name and folds the case.
func FoldMask(n int) uint64 { return foldMasks[min(uint(n), 8)] }

var foldMasks = [9]uint64{0, 0xdf, 0xdfdf, 0xdfdfdf, 0xdfdfdfdf, 0xdfdfdfdfdf, 0xdfdfdfdfdfdf, 0xdfdfdfdfdfdfdf, foldMask}

// Candidate returns the one ID that a name with these words and this length can
// have. Of the words only last is hashed, so first need not be there in time.
func Candidate(_, last uint64, n int) ID { return candidate(last, n) }

// Match reports whether the words and the length are those of the name id;
// for names of more than 16 bytes MatchMiddle must agree.
func Match(id ID, first, last uint64, n int) bool {
	e := &entries[id&(idsMax-1)]
	return (first^e.first)|(last^e.last)|(uint64(n)^e.n) == 0
}

// MatchMiddle is the rest of Match for names of 17 to 32 bytes: mid0 are the
// bytes from 8, mid1 those from n-16, both masked.
func MatchMiddle(id ID, mid0, mid1 uint64) bool {
	e := &entries[id&(idsMax-1)]
	return mid0 == e.mid0 && mid1 == e.mid1
}
