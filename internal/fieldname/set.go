package fieldname

// Set is a set of IDs. The zero value is empty; copies are independent.
type Set [2]uint64

// Has reports whether id is in s.
func (s *Set) Has(id ID) bool { return s[id>>6&1]>>(id&63)&1 != 0 }

// Add puts id into s. Unknown is an ID like any other here: a set that holds it
// has seen a name outside the table.
func (s *Set) Add(id ID) { s[id>>6&1] |= 1 << (id & 63) }
