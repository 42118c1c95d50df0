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
