package httpparse

// Target is a request target cut into its parts, each as it was sent: nothing
// is decoded or lower-cased, and a host keeps its userinfo and port.
//
// The spans count from the first byte of the target that was split. They hold
// no pointer and stay right when the target is moved or copied; to have them
// count from the begin of a head, add Message.Target.Off. A part that is not
// there is the zero Span. One that is there and empty has no length but a
// place: the query of "/?" is Span{2, 0}.
type Target struct {
	Schema   Span // without "://"
	Host     Span // userinfo, host and port: a:b@example.com:80
	Path     Span // from the '/' on, or '*'
	Query    Span // without the '?'
	Fragment Span // without the '#'
	Form     TargetForm
}

// HasQuery reports whether there is a '?', with a query behind it or without.
func (t *Target) HasQuery() bool { return t.Query.Off != 0 }

// HasFragment reports whether there is a '#'. No request should have one (RFC
// 9112 section 3.2); llhttp lets it pass.
func (t *Target) HasFragment() bool { return t.Fragment.Off != 0 }

// TargetForm is the form of a request target, RFC 9112 section 3.2.
type TargetForm uint8

const (
	// FormOther is none of the RFC's: "*x", a CONNECT without a host or with
	// a path, userinfo or query, an absolute URL without a host. llhttp's
	// machine accepts them, a server should not.
	FormOther     TargetForm = iota
	FormOrigin               // /path?query
	FormAbsolute             // http://host/path?query
	FormAuthority            // host:port, of CONNECT
	FormAsterisk             // *, of OPTIONS
)

// SplitTarget cuts a request target into its parts as llhttp's machine of URLs
// does; connect says that the method is CONNECT, whose target begins with the
// host. It does not allocate, unless it fails.
//
// The error has the code InvalidURL and llhttp's reason; its Offset counts from
// the first byte of target and is len(target) when the target ends too early.
// The parts that were complete before the error are in the Target.
func SplitTarget(target []byte, connect bool) (Target, *Error) {
	var t Target
	at := 0 // where the path begins, or what follows an empty one
	var err *Error
	switch {
	case len(target) == 0:
		err = &Error{InvalidURL, targetInvalid, 0}
	case connect:
		at, err = t.splitHost(target, 0)
	case target[0] == '/' || target[0] == '*':
	case targetClasses[target[0]]&targetAlpha != 0:
		if at, err = t.splitSchema(target); err == nil {
			at, err = t.splitHost(target, at)
		}
	default:
		err = targetErrorNoSpace(target, 0, "Unexpected start char in url")
	}
	if err == nil {
		err = t.splitRest(target, at)
	}
	if err == nil {
		t.Form = t.formOf(target, connect)
	}
	return t, err
}

// splitSchema reads the schema and "://". It returns where the host begins.
func (t *Target) splitSchema(target []byte) (int, *Error) {
	const reason = "Unexpected char in url schema"
	end := targetRun(target, 0, targetAlpha)
	if end == len(target) || target[end] != ':' {
		return 0, targetErrorNoSpace(target, end, reason)
	}
	t.Schema = Span{0, uint32(end)}
	if at := end + 1; at == len(target) || target[at] != '/' {
		return 0, targetErrorNoSpace(target, at, reason)
	}
	// llhttp takes "//" for one word: inside of it each other byte, a blank
	// too, is the same error.
	if at := end + 2; at == len(target) || target[at] != '/' {
		return 0, &Error{InvalidURL, reason, uint64(at)}
	}
	return end + 3, nil
}

// splitHost reads userinfo, host and port from target[at] on. It returns the
// position of the '/' or '?' behind, or the end of target.
func (t *Target) splitHost(target []byte, at int) (int, *Error) {
	end := at
	for {
		end = targetRun(target, end, targetHost)
		if end == len(target) || target[end] != '@' {
			break
		}
		end++
		if end < len(target) && target[end] == '@' {
			return 0, &Error{InvalidURL, "Double @ in url", uint64(end + 1)}
		}
	}
	if end < len(target) && target[end] != '/' && target[end] != '?' {
		return 0, targetError(target, end, "Unexpected char in url server")
	}
	t.Host = Span{uint32(at), uint32(end - at)}
	return end, nil
}

// splitRest reads path, query and fragment from target[at] on.
func (t *Target) splitRest(target []byte, at int) *Error {
	if at == len(target) {
		return nil
	}
	if target[at] != '?' {
		end := targetRun(target, at, targetPath)
		if end < len(target) && target[end] != '?' && target[end] != '#' {
			return targetError(target, end, "Invalid char in url path")
		}
		t.Path = Span{uint32(at), uint32(end - at)}
		if at = end; at == len(target) {
			return nil
		}
	}
	if target[at] == '?' {
		end := targetRun(target, at+1, targetQuery)
		if end < len(target) && target[end] != '#' {
			return targetError(target, end, "Invalid char in url query")
		}
		t.Query = Span{uint32(at + 1), uint32(end - at - 1)}
		if at = end; at == len(target) {
			return nil
		}
	}
	end := targetRun(target, at+1, targetFragment)
	if end < len(target) {
		return targetError(target, end, "Invalid char in url fragment start")
	}
	t.Fragment = Span{uint32(at + 1), uint32(end - at - 1)}
	return nil
}

// formOf names the form of a target that was split.
func (t *Target) formOf(target []byte, connect bool) TargetForm {
	switch {
	case connect:
		if t.Host.Len == 0 || int(t.Host.Len) != len(target) || hasUserinfo(target) {
			return FormOther
		}
		return FormAuthority
	case t.Schema.Len > 0:
		if t.Host.Len == 0 {
			return FormOther
		}
		return FormAbsolute
	case target[0] == '/':
		return FormOrigin
	case len(target) == 1:
		return FormAsterisk
	}
	return FormOther
}

func hasUserinfo(host []byte) bool {
	for _, c := range host {
		if c == '@' {
			return true
		}
	}
	return false
}

// targetRun returns the position of the first byte from at on that is not of
// the class, or the end of target.
func targetRun(target []byte, at int, class uint8) int {
	for at < len(target) && targetClasses[target[at]]&class != 0 {
		at++
	}
	return at
}

const targetInvalid = "Invalid characters in url"

// targetError is the error of a byte that cannot stand at target[at]. TAB and
// FF have a reason of their own, and llhttp has passed them when it stops.
func targetError(target []byte, at int, reason string) *Error {
	if at < len(target) && (target[at] == '\t' || target[at] == '\f') {
		return &Error{InvalidURL, targetInvalid, uint64(at + 1)}
	}
	return &Error{InvalidURL, reason, uint64(at)}
}

// targetErrorNoSpace is targetError up to the host, where the SP or line end
// behind a target is as wrong as TAB is.
func targetErrorNoSpace(target []byte, at int, reason string) *Error {
	if at == len(target) {
		return &Error{InvalidURL, targetInvalid, uint64(at)}
	}
	if c := target[at]; c == ' ' || c == '\r' || c == '\n' {
		return &Error{InvalidURL, targetInvalid, uint64(at + 1)}
	}
	return targetError(target, at, reason)
}

// The classes of bytes in a target. They are the machine's (class.go), written
// down a second time so that FuzzSplitTarget compares two things.
const (
	targetAlpha    uint8 = 1 << iota
	targetHost           // RFC 2396 userinfo, and brackets
	targetPath           // visible ASCII but '?' and '#'
	targetQuery          // … and '?'
	targetFragment       // … and '#'
)

var targetClasses = func() (t [256]uint8) {
	for c := '!'; c <= '~'; c++ {
		switch {
		case c == '#':
			t[c] = targetFragment
		case c == '?':
			t[c] = targetFragment | targetQuery
		default:
			t[c] = targetFragment | targetQuery | targetPath
		}
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
			t[c] |= targetAlpha | targetHost
		case '0' <= c && c <= '9':
			t[c] |= targetHost
		}
	}
	for _, c := range "-_.!~*'()%;:&=+$,[]" {
		t[c] |= targetHost
	}
	return t
}()
