// Package fieldname knows the names of header fields that HTTP programs use
// all the time. A parser that has recognised a name once hands on its ID, and
// nobody compares or hashes the name again.
//
//	switch fieldname.Lookup(name) {
//	case fieldname.ContentLength:
//		…
//	case fieldname.Unknown: // the name itself has to be looked at
//	}
//
// Lookup takes any bytes. LookupAt is for a parser's inner loop: it reads whole
// words and leans on promises about them.
package fieldname

//go:generate go run ./gen table_gen.go

// ID is the index of a well-known field name. Zero, Unknown, is every other
// name. IDs are stable within one build only; never store them.
type ID uint8

// Unknown is the ID of a name that is not in the table.
const Unknown ID = 0

// String returns the name in lower case, and "" for Unknown. The string is a
// constant.
func (id ID) String() string {
	if id < count {
		return names[id]
	}
	return ""
}

// Canonical returns the name as http.CanonicalHeaderKey writes it
// ("Www-Authenticate", "Etag"), and "" for Unknown. The string is a constant.
func (id ID) Canonical() string {
	if id < count {
		return canonicals[id]
	}
	return ""
}

// Count is one more than the largest ID, for tables indexed by ID.
const Count = int(count)
