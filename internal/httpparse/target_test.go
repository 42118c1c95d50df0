package httpparse

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// targetParts writes a split target as the corpus writes its spans.
func targetParts(t *Target, target []byte) []string {
	var lines []string
	for _, part := range []struct {
		name  string
		span  Span
		there bool
	}{
		{"url.schema", t.Schema, t.Schema.Len > 0},
		{"url.host", t.Host, t.Host != Span{}},
		{"url.path", t.Path, t.Path.Len > 0},
		{"url.query", t.Query, t.HasQuery()},
		{"url.fragment", t.Fragment, t.HasFragment()},
	} {
		if part.there {
			lines = append(lines, fmt.Sprintf("off=%d span %s %q", part.span.Off, part.name, part.span.Of(target)))
		}
	}
	return lines
}

func targetLines(target []byte, connect bool) string {
	t, err := SplitTarget(target, connect)
	lines := targetParts(&t, target)
	if err != nil {
		lines = append(lines, fmt.Sprintf("off=%d error %d %q", err.Offset, err.Code, err.Reason))
	}
	return strings.Join(lines, "\n")
}

func TestSplitTarget(t *testing.T) {
	seen := 0
	for _, c := range loadCorpus(t) {
		if c.Type != "url" {
			continue
		}
		seen++
		t.Run(c.ID, func(t *testing.T) {
			target := c.bytes(t)
			var want []string
			for _, e := range c.Merged {
				switch e["event"] {
				case "span":
					value := (&corpusCase{Input: e["value"].(string)}).bytes(t)
					want = append(want, fmt.Sprintf("off=%v span %s %q", e["off"], e["span"], value))
				case "error":
					want = append(want, fmt.Sprintf("off=%v error %v %q", e["off"], e["code"], e["reason"]))
				default:
					t.Fatalf("what is %v?", e)
				}
			}
			if got := targetLines(target, false); got != strings.Join(want, "\n") {
				t.Errorf("%q:\n%s\nwant\n%s", target, got, strings.Join(want, "\n"))
			}
		})
	}
	if seen != 21 {
		t.Errorf("%d cases of URLs, want 21", seen)
	}
}

func TestSplitTargetParts(t *testing.T) {
	for _, tt := range []struct {
		name, target                        string
		connect                             bool
		form                                TargetForm
		schema, host, path, query, fragment string
	}{
		{name: "root", target: "/", form: FormOrigin, path: "/"},
		{name: "asterisk", target: "*", form: FormAsterisk, path: "*"},
		{name: "asterisk with more", target: "*x", path: "*x"},
		{name: "asterisk with query", target: "*?a", path: "*", query: "a"},
		{name: "two slashes are no host", target: "//host/x", form: FormOrigin, path: "//host/x"},
		{name: "empty query", target: "/?", form: FormOrigin, path: "/"},
		{name: "empty fragment", target: "/#", form: FormOrigin, path: "/"},
		{name: "question marks in query and fragment", target: "/a?b?c#d?e#f", form: FormOrigin, path: "/a", query: "b?c", fragment: "d?e#f"},
		{name: "no path", target: "http://a", form: FormAbsolute, schema: "http", host: "a"},
		{name: "no path, query", target: "http://a?b", form: FormAbsolute, schema: "http", host: "a", query: "b"},
		{name: "no host", target: "http://", schema: "http"},
		{name: "no host, path", target: "http:///a", schema: "http", path: "/a"},
		{name: "no host, query", target: "http://?a", schema: "http", query: "a"},
		{name: "two @ apart", target: "http://a@b@c/", form: FormAbsolute, schema: "http", host: "a@b@c", path: "/"},
		{name: "@ at the end", target: "http://a@", form: FormAbsolute, schema: "http", host: "a@"},
		{name: "capitals stay", target: "HTTP://A/B", form: FormAbsolute, schema: "HTTP", host: "A", path: "/B"},
		{name: "connect", target: "example.com:443", connect: true, form: FormAuthority, host: "example.com:443"},
		{name: "connect, address", target: "[::1]:443", connect: true, form: FormAuthority, host: "[::1]:443"},
		{name: "connect, looks like a schema", target: "http://a", connect: true, host: "http:", path: "//a"},
		{name: "connect, userinfo", target: "a@b:1", connect: true, host: "a@b:1"},
		{name: "connect, path", target: "a:1/b", connect: true, host: "a:1", path: "/b"},
		{name: "connect, only a path", target: "/a", connect: true, path: "/a"},
		{name: "connect, only a query", target: "?a", connect: true, query: "a"},
		{name: "connect, asterisk is a host", target: "*", connect: true, form: FormAuthority, host: "*"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := []byte(tt.target)
			got, err := SplitTarget(b, tt.connect)
			if err != nil {
				t.Fatalf("%q: %v", tt.target, err)
			}
			if got.Form != tt.form {
				t.Errorf("%q: form %d, want %d", tt.target, got.Form, tt.form)
			}
			for _, part := range []struct {
				name string
				span Span
				want string
			}{
				{"schema", got.Schema, tt.schema}, {"host", got.Host, tt.host}, {"path", got.Path, tt.path},
				{"query", got.Query, tt.query}, {"fragment", got.Fragment, tt.fragment},
			} {
				if s := string(part.span.Of(b)); s != part.want {
					t.Errorf("%q: %s %q, want %q", tt.target, part.name, s, part.want)
				}
			}
			if joined := joinTarget(&got, b); string(joined) != tt.target {
				t.Errorf("%q: the parts make %q", tt.target, joined)
			}
		})
	}
}

func TestSplitTargetErrors(t *testing.T) {
	for _, tt := range []struct {
		target  string
		connect bool
		offset  uint64
		reason  string
	}{
		{"", false, 0, "Invalid characters in url"},
		{"", true, 0, "Invalid characters in url"},
		{"?a", false, 0, "Unexpected start char in url"},
		{"1:", false, 0, "Unexpected start char in url"},
		{"\x00", false, 0, "Unexpected start char in url"},
		{" ", false, 1, "Invalid characters in url"},
		{"\t", false, 1, "Invalid characters in url"},
		{"\n", false, 1, "Invalid characters in url"},
		{"http", false, 4, "Invalid characters in url"},
		{"http a", false, 5, "Invalid characters in url"},
		{"ht\ftp", false, 3, "Invalid characters in url"},
		{"h2:", false, 1, "Unexpected char in url schema"},
		{"http/", false, 4, "Unexpected char in url schema"},
		{"http:", false, 5, "Invalid characters in url"},
		{"http:a", false, 5, "Unexpected char in url schema"},
		{"http:\t", false, 6, "Invalid characters in url"},
		{"http:/", false, 6, "Unexpected char in url schema"},
		{"http:/\t/", false, 6, "Unexpected char in url schema"},
		{"http:/ /", false, 6, "Unexpected char in url schema"},
		{"http://a\"", false, 8, "Unexpected char in url server"},
		{"http://a#b", false, 8, "Unexpected char in url server"},
		{"http://a b", false, 8, "Unexpected char in url server"},
		{"http://a\tb", false, 9, "Invalid characters in url"},
		{"http://@@", false, 9, "Double @ in url"},
		{"http://a@\t", false, 10, "Invalid characters in url"},
		{"/a b", false, 2, "Invalid char in url path"},
		{"/\x7f", false, 1, "Invalid char in url path"},
		{"/\x80", false, 1, "Invalid char in url path"},
		{"/?\r", false, 2, "Invalid char in url query"},
		{"/?\xff", false, 2, "Invalid char in url query"},
		{"/?\f", false, 3, "Invalid characters in url"},
		{"/# ", false, 2, "Invalid char in url fragment start"},
		{"/?#\t", false, 4, "Invalid characters in url"},
		{"a#", true, 1, "Unexpected char in url server"},
		{"a@@", true, 3, "Double @ in url"},
	} {
		_, err := SplitTarget([]byte(tt.target), tt.connect)
		if err == nil || err.Code != InvalidURL || err.Offset != tt.offset || err.Reason != tt.reason {
			t.Errorf("%q: %v, want %q at %d", tt.target, err, tt.reason, tt.offset)
		}
	}
}

// TestSplitTargetBytes: the alphabet of each part, byte by byte.
func TestSplitTargetBytes(t *testing.T) {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	const host = letters + "0123456789-_.!~*'()%;:&=+$,[]@/?"
	visible := ""
	for c := '!'; c <= '~'; c++ {
		visible += string(c)
	}
	for _, tt := range []struct {
		part, before, after, alphabet string
	}{
		{"schema", "a", "a://b", letters},
		{"host", "http://a", "b/", host},
		{"path", "/", "a", visible},
		{"query", "/?", "a", visible},
		{"fragment", "/#", "a", visible},
	} {
		for c := range 256 {
			target := tt.before + string([]byte{byte(c)}) + tt.after
			_, err := SplitTarget([]byte(target), false)
			if got, want := err == nil, strings.Contains(tt.alphabet, string([]byte{byte(c)})); got != want {
				t.Errorf("%s: %q accepted: %v, want %v", tt.part, target, got, want)
			}
		}
	}
}

func TestSplitTargetAllocations(t *testing.T) {
	for _, target := range []string{"/path?query", "http://host/path?query#fragment"} {
		b := []byte(target)
		if n := testing.AllocsPerRun(100, func() {
			if _, err := SplitTarget(b, false); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%q: %v allocations, want 0", target, n)
		}
	}
}

// joinTarget puts the parts of an accepted target together again.
func joinTarget(t *Target, target []byte) []byte {
	var b []byte
	if t.Schema.Len > 0 {
		b = append(append(b, t.Schema.Of(target)...), "://"...)
	}
	b = append(b, t.Host.Of(target)...)
	b = append(b, t.Path.Of(target)...)
	if t.HasQuery() {
		b = append(append(b, '?'), t.Query.Of(target)...)
	}
	if t.HasFragment() {
		b = append(append(b, '#'), t.Fragment.Of(target)...)
	}
	return b
}

// parseTarget lets the Parser read target on a request line. It returns the
// target that the Parser found, or its error with the offset in the target.
func parseTarget(target []byte, connect bool) (found []byte, err *Error) {
	method := "GET "
	if connect {
		method = "CONNECT "
	}
	wire := append(append([]byte(method), target...), " HTTP/1.1\r\n\r\n"...)
	var p Parser
	p.Init(Request, handlerOnly{}, Options{})
	p.Execute(wire)
	if err = p.Err(); err != nil && err.Code == InvalidURL {
		return nil, &Error{err.Code, err.Reason, err.Offset - uint64(len(method))}
	}
	return p.Target.Of(wire), nil
}

func FuzzSplitTarget(f *testing.F) {
	for _, target := range []string{"", "/", "*", "/path?query=value#fragment", "/?", "/#", "/?#", "*?",
		"http://a:b@example.com:8080/p/a/t/h?query=string#hash", "http://[fe80::a%25eth0]/", "HTTP://h?q",
		"http://a:b@@c/", "schema:/path", "x:/\t", "example.com:443", "//a/b", "http://", "http:///", "/%zz", "/%2f",
		"http://a@b@c", "/a\tb", "http://h:x/", "http://h%41/"} {
		f.Add([]byte(target), false)
		f.Add([]byte(target), true)
	}
	f.Fuzz(func(t *testing.T, target []byte, connect bool) {
		got, err := SplitTarget(target, connect)
		if err != nil {
			if err.Code != InvalidURL || err.Reason == "" || err.Offset > uint64(len(target)) {
				t.Fatalf("%q: error %v", target, err)
			}
		} else if joined := joinTarget(&got, target); !bytes.Equal(joined, target) {
			t.Fatalf("%q: the parts make %q", target, joined)
		}
		compareWithParser(t, target, connect, err)
		if err == nil && !connect {
			compareWithURL(t, target, &got)
		}
	})
}

// compareWithParser: SplitTarget takes what the Parser takes, and fails for
// the same reason at the same byte.
func compareWithParser(t *testing.T, target []byte, connect bool, err *Error) {
	if len(target) == 0 || bytes.ContainsAny(target, " \r\n") || len(target) > defaultHeadBytesMax/2 {
		return // for the Parser the target ends before that, or is too long, or "HTTP/1.1" is one
	}
	found, perr := parseTarget(target, connect)
	switch {
	case perr == nil && err == nil:
		if !bytes.Equal(found, target) {
			t.Fatalf("%q: the parser's target is %q", target, found)
		}
	case perr == nil || err == nil:
		t.Fatalf("%q: %v, the parser says %v", target, err, perr)
	case err.Offset == uint64(len(target)) && perr.Offset == err.Offset+1 && perr.Reason == err.Reason:
		// The parser has passed the space behind the target.
	case *perr != *err:
		t.Fatalf("%q: %v, the parser says %v", target, err, perr)
	}
}

// compareWithURL: what net/url takes for a request target too has the same
// parts there. Known differences:
//
//  1. net/url knows no fragments in request targets: '#' and what follows
//     belongs to the query or the path.
//  2. It has the schema in lower case, and path and host decoded.
//  3. It divides userinfo from host at the last '@'.
func compareWithURL(t *testing.T, target []byte, got *Target) {
	u, err := url.ParseRequestURI(string(target))
	if err != nil {
		return
	}
	path, query := string(got.Path.Of(target)), string(got.Query.Of(target))
	if got.HasFragment() { // 1
		rest := "#" + string(got.Fragment.Of(target))
		if got.HasQuery() {
			query += rest
		} else if path += rest; strings.Contains(rest, "?") {
			path, query, _ = strings.Cut(path, "?")
		}
	}
	if schema := strings.ToLower(string(got.Schema.Of(target))); schema != u.Scheme { // 2
		t.Fatalf("%q: schema %q, net/url has %q", target, schema, u.Scheme)
	}
	if decoded, err := url.PathUnescape(path); err != nil || decoded != u.Path {
		t.Fatalf("%q: path %q, net/url has %q", target, path, u.Path)
	}
	if query != u.RawQuery {
		t.Fatalf("%q: query %q, net/url has %q", target, query, u.RawQuery)
	}
	host := string(got.Host.Of(target))
	if at := strings.LastIndexByte(host, '@'); at >= 0 { // 3
		host = host[at+1:]
	} else if u.User != nil {
		t.Fatalf("%q: host %q, net/url has the userinfo %q", target, host, u.User)
	}
	if decoded, err := url.PathUnescape(host); err != nil || decoded != u.Host {
		t.Fatalf("%q: host %q, net/url has %q", target, host, u.Host)
	}
}

func BenchmarkSplitTarget(b *testing.B) {
	for _, target := range []string{"/", "/users/42/posts?page=2&sort=new",
		"http://example.com:8080/users/42/posts?page=2&sort=new"} {
		b.Run(target[:min(len(target), 8)], func(b *testing.B) {
			in := []byte(target)
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := SplitTarget(in, false); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
