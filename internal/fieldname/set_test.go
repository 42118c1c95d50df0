package fieldname

import "testing"

func TestSet(t *testing.T) {
	var s Set
	for i := range ID(128) {
		if s.Has(i) {
			t.Fatalf("Has(%d) before Add", i)
		}
		s.Add(i)
		for j := range ID(128) {
			if got, want := s.Has(j), j <= i; got != want {
				t.Fatalf("after Add(0…%d): Has(%d) = %v, want %v", i, j, got, want)
			}
		}
	}
	copied := s
	s = Set{}
	if !copied.Has(Host) || s.Has(Host) {
		t.Error("a copy is not independent")
	}
}

// TestNamesBeginWithLetters: the parser relies on it that a name whose first
// byte is a control character is no known name (folding maps some to digits
// and the hyphen).
func TestNamesBeginWithLetters(t *testing.T) {
	for id := ID(1); int(id) < Count; id++ {
		if c := id.String()[0]; c < 'a' || c > 'z' {
			t.Errorf("%s begins with %q", id, c)
		}
	}
}
