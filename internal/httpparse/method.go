package httpparse

import "slices"

// Method is a request method, numbered as in llhttp.
type Method uint8

// The methods that the parser knows. Those from Describe on belong to RTSP and
// are accepted only with an RTSP version; PRI is the start of an HTTP/2 preface.
const (
	MethodDelete Method = iota
	MethodGet
	MethodHead
	MethodPost
	MethodPut
	MethodConnect
	MethodOptions
	MethodTrace
	MethodCopy
	MethodLock
	MethodMkcol
	MethodMove
	MethodPropfind
	MethodProppatch
	MethodSearch
	MethodUnlock
	MethodBind
	MethodRebind
	MethodUnbind
	MethodACL
	MethodReport
	MethodMkactivity
	MethodCheckout
	MethodMerge
	MethodMSearch
	MethodNotify
	MethodSubscribe
	MethodUnsubscribe
	MethodPatch
	MethodPurge
	MethodMkcalendar
	MethodLink
	MethodUnlink
	MethodSource
	MethodPRI
	MethodDescribe
	MethodAnnounce
	MethodSetup
	MethodPlay
	MethodPause
	MethodTeardown
	MethodGetParameter
	MethodSetParameter
	MethodRedirect
	MethodRecord
	MethodFlush
	MethodQuery
	methodCount
)

var methodNames = [methodCount]string{
	"DELETE", "GET", "HEAD", "POST", "PUT", "CONNECT", "OPTIONS", "TRACE", "COPY", "LOCK", "MKCOL",
	"MOVE", "PROPFIND", "PROPPATCH", "SEARCH", "UNLOCK", "BIND", "REBIND", "UNBIND", "ACL", "REPORT",
	"MKACTIVITY", "CHECKOUT", "MERGE", "M-SEARCH", "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE", "PATCH",
	"PURGE", "MKCALENDAR", "LINK", "UNLINK", "SOURCE", "PRI", "DESCRIBE", "ANNOUNCE", "SETUP", "PLAY",
	"PAUSE", "TEARDOWN", "GET_PARAMETER", "SET_PARAMETER", "REDIRECT", "RECORD", "FLUSH", "QUERY",
}

// String returns the method as it stands on the wire; the string is a constant.
func (m Method) String() string {
	if m < methodCount {
		return methodNames[m]
	}
	return ""
}

// methodsSorted holds the names in order, so that the methods that begin with
// the bytes seen so far are a range; methodsByName are their numbers.
var methodsSorted, methodsByName = func() ([]string, []Method) {
	names := slices.Clone(methodNames[:])
	slices.Sort(names)
	ms := make([]Method, len(names))
	for i, n := range names {
		ms[i] = Method(slices.Index(methodNames[:], n))
	}
	return names, ms
}()

// narrowMethods returns the part of the range [lo,hi) of methodsSorted whose
// names have c at position n. All names of the range are equal before n.
func narrowMethods(lo, hi, n, c uint8) (uint8, uint8) {
	for lo < hi && (int(n) == len(methodsSorted[lo]) || methodsSorted[lo][n] < c) {
		lo++
	}
	end := lo
	for end < hi && methodsSorted[end][n] == c {
		end++
	}
	return lo, end
}
