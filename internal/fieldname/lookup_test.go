package fieldname

import (
	"encoding/binary"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"unsafe"
)

// byName is the plain map that the perfect hash stands for.
var byName = func() map[string]ID {
	m := map[string]ID{}
	for id := Unknown + 1; id < count; id++ {
		m[id.String()] = id
	}
	return m
}()

// lower folds A-Z only, as field names are compared (RFC 9110 section 5.1).
func lower(name string) string {
	b := []byte(name)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

func holdsControl(name string) bool {
	return strings.IndexFunc(name, func(r rune) bool { return r < ' ' }) >= 0
}

// lookupAt calls LookupAt with the least it is promised: an object that ends
// with the name, or with the eighth byte, those behind the name being noise.
func lookupAt(name string) ID {
	b := []byte(name + "\xff\x00: abcde"[:max(0, 8-len(name))])
	return LookupAt(unsafe.Pointer(unsafe.SliceData(b[:len(b):len(b)])), len(name))
}

// probe looks up in the steps of probe.go.
func probe(name string) ID {
	b := []byte(name + "\xff\x00: abcde"[:max(0, 8-len(name))])
	n := len(name)
	mask := FoldMask(n)
	at := func(off int) uint64 { return binary.LittleEndian.Uint64(b[off:]) & mask }
	first, last := at(0), at(max(n, 8)-8)
	id := Candidate(first, last, n)
	if !Match(id, first, last, n) || n > 16 && !MatchMiddle(id, at(8), at(n-16)) {
		return Unknown
	}
	return id
}

// checkName compares all ways to look name up with the map.
func checkName(t *testing.T, name string) {
	t.Helper()
	want := byName[lower(name)]
	if got := Lookup([]byte(name)); got != want {
		t.Fatalf("Lookup(%q) = %d (%s), want %d", name, got, got, want)
	}
	if holdsControl(name) {
		return // the others promise nothing
	}
	if got := lookupAt(name); got != want {
		t.Fatalf("LookupAt(%q) = %d (%s), want %d", name, got, got, want)
	}
	if got := probe(name); got != want {
		t.Fatalf("the steps for %q give %d (%s), want %d", name, got, got, want)
	}
}

func TestLookup(t *testing.T) {
	if len(byName) != Count-1 {
		t.Fatalf("%d different names, want %d", len(byName), Count-1)
	}
	for name := range byName {
		checkName(t, name)
		checkName(t, strings.ToUpper(name))
		checkName(t, http.CanonicalHeaderKey(name))
		for i := range name {
			checkName(t, name[:i]+name[i+1:])
			checkName(t, name[:i]+"-"+name[i:])
			checkName(t, name[:i])
			checkName(t, name[i:])
		}
		checkName(t, name+":")
		checkName(t, name+"s")
		checkName(t, name+name)
		checkName(t, strings.Repeat(name, 300))
	}
	for n := range 600 {
		checkName(t, strings.Repeat("x", n))
	}
}

// TestFolding is the proof by trying of the comment in lookup.go: every byte
// at every position of every name.
func TestFolding(t *testing.T) {
	for name, id := range byName {
		b := []byte(name)
		for i, old := range b {
			for c := range 256 {
				b[i] = byte(c)
				checkName(t, string(b))
			}
			b[i] = old
		}
		if Lookup(b) != id {
			t.Fatalf("%s was not put back", name)
		}
	}
}

// TestMixedCase: LookupAt at names with random letters in upper case.
func TestMixedCase(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for name := range byName {
		b := []byte(name)
		for range 50 {
			for i := range b {
				b[i] = name[i]
				if 'a' <= b[i] && b[i] <= 'z' && random.Uint32()&1 == 0 {
					b[i] -= 'a' - 'A'
				}
			}
			checkName(t, string(b))
		}
	}
}

// TestLookupAtSurroundings: the bytes behind a name do not matter, whatever
// they are.
func TestLookupAtSurroundings(t *testing.T) {
	for name, want := range byName {
		for c := range 256 {
			b := []byte(strings.Repeat(string([]byte{byte(c)}), 8) + name + strings.Repeat(string([]byte{byte(c)}), 8))
			if got := LookupAt(unsafe.Pointer(&b[8]), len(name)); got != want {
				t.Errorf("LookupAt(%q) between bytes %#x = %d, want %d", name, c, got, want)
			}
		}
	}
}

func TestNames(t *testing.T) {
	for id := Unknown + 1; id < count; id++ {
		if got, want := id.Canonical(), http.CanonicalHeaderKey(id.String()); got != want {
			t.Errorf("Canonical of %s = %q, want %q", id, got, want)
		}
		if id.String() != lower(id.String()) || id.String() == "" {
			t.Errorf("String of %d = %q, want a name in lower case", id, id)
		}
	}
	for _, id := range []ID{Unknown, count, 255} {
		if id.String() != "" || id.Canonical() != "" {
			t.Errorf("ID %d has the names %q and %q, want none", id, id.String(), id.Canonical())
		}
	}
}

// TestNodeFields: the fields that Node joins by rules of their own are in the
// table (lib/_http_incoming.js, matchKnownFields).
func TestNodeFields(t *testing.T) {
	for _, name := range strings.Fields(`age authorization content-length content-type etag expires from host
		if-modified-since if-unmodified-since last-modified location max-forwards proxy-authorization referer
		retry-after server user-agent set-cookie cookie`) {
		if Lookup([]byte(name)) == Unknown {
			t.Errorf("%s is not in the table", name)
		}
	}
}

func TestAllocations(t *testing.T) {
	name := []byte("Sec-CH-UA-Platform")
	var id ID
	if n := testing.AllocsPerRun(100, func() {
		id |= Lookup(name) | LookupAt(unsafe.Pointer(&name[0]), len(name))
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func FuzzLookup(f *testing.F) {
	for name := range byName {
		f.Add([]byte(name))
		f.Add([]byte(http.CanonicalHeaderKey(name)))
	}
	f.Add([]byte("\x0dte"))
	f.Add([]byte("etag\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, name []byte) { checkName(t, string(name)) })
}

// chromeNames are those of a navigation by Chrome over HTTP/1.1.
var chromeNames = []string{"Host", "Connection", "Cache-Control", "sec-ch-ua", "sec-ch-ua-mobile",
	"sec-ch-ua-platform", "Upgrade-Insecure-Requests", "User-Agent", "Accept", "Sec-Fetch-Site",
	"Sec-Fetch-Mode", "Sec-Fetch-User", "Sec-Fetch-Dest", "Accept-Encoding", "Accept-Language", "Cookie"}

// headOf lays names out as a head does, and says where they are.
func headOf(names []string) (head []byte, spans []span) {
	for _, name := range names {
		spans = append(spans, span{len(head), len(name)})
		head = append(head, name+": a value\r\n"...)
	}
	return head, spans
}

type span struct{ off, n int }

// shuffled is a long sequence that a branch predictor cannot learn: the worst
// case, as names do not come that way.
func shuffled(names []string) []string {
	random := rand.New(rand.NewPCG(3, 4))
	s := make([]string, 1<<14)
	for i := range s {
		s[i] = names[random.IntN(len(names))]
	}
	return s
}

func all() []string {
	var s []string
	for id := Unknown + 1; id < count; id++ {
		s = append(s, id.Canonical())
	}
	return s
}

var sink ID

// An op of both benchmarks is one name. The loops are written out: a call of a
// func value would cost as much as the lookup.

func BenchmarkLookupAt(b *testing.B) {
	for _, c := range []struct {
		name  string
		names []string
	}{
		{"chrome", chromeNames},
		{"chromeShuffled", shuffled(chromeNames)},
		{"allShuffled", shuffled(all())},
		{"unknown", []string{"X-Something", "My-Long-Field-Name", "Foo", "Not-A-Known-Field"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			head, spans := headOf(c.names)
			base := unsafe.Pointer(&head[0])
			var sum ID
			b.ResetTimer()
			for i := 0; i < b.N; i += len(spans) {
				for _, s := range spans {
					sum += LookupAt(unsafe.Add(base, s.off), s.n)
				}
			}
			sink = sum
		})
	}
}

func BenchmarkLookup(b *testing.B) {
	head, spans := headOf(chromeNames)
	var sum ID
	b.ResetTimer()
	for i := 0; i < b.N; i += len(spans) {
		for _, s := range spans {
			sum += Lookup(head[s.off : s.off+s.n])
		}
	}
	sink = sum
}

// BenchmarkEmptyCall is what is to be taken off BenchmarkLookupAt: its loop,
// and a call that does nothing.
func BenchmarkEmptyCall(b *testing.B) {
	head, spans := headOf(chromeNames)
	base := unsafe.Pointer(&head[0])
	var sum ID
	b.ResetTimer()
	for i := 0; i < b.N; i += len(spans) {
		for _, s := range spans {
			sum += emptyCall(unsafe.Add(base, s.off), s.n)
		}
	}
	sink = sum
}

//go:noinline
func emptyCall(_ unsafe.Pointer, n int) ID { return ID(n) }
