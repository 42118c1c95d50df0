package httpparse

import "github.com/cork-go/cork/internal/fieldname"

// Type is what a parser reads.
type Type uint8

const (
	Request  Type = 1
	Response Type = 2
)

// Protocol is the word before the slash of the version. Servers take HTTP.
type Protocol uint8

const (
	ProtocolHTTP Protocol = iota
	ProtocolRTSP
	ProtocolICE
)

// Flags is what the parser has learnt of a message's framing and connection.
// The bits are llhttp's.
type Flags uint16

const (
	FlagConnectionKeepAlive Flags = 1 << 0 // Connection (or Proxy-Connection) has the token keep-alive
	FlagConnectionClose     Flags = 1 << 1 // … close
	FlagConnectionUpgrade   Flags = 1 << 2 // … upgrade
	FlagChunked             Flags = 1 << 3 // the last transfer coding is chunked
	FlagUpgrade             Flags = 1 << 4 // an Upgrade field is there
	FlagContentLength       Flags = 1 << 5 // a Content-Length field is there
	FlagSkipBody            Flags = 1 << 6 // OnHeadersComplete said SkipBody
	FlagTrailing            Flags = 1 << 7 // the trailer section has been reached
	FlagTransferEncoding    Flags = 1 << 9 // a Transfer-Encoding field with a value is there
)

// Message is the start line and the framing of the message being parsed, valid
// from OnHeadersComplete to OnMessageComplete. HTTP/0.9 requests have Major 0
// and Minor 9.
type Message struct {
	ContentLength uint64 // of the body, if FlagContentLength; of the current chunk, if FlagChunked
	Target        Span   // request target, in the head
	StatusMessage Span   // reason phrase, in the head
	Known         fieldname.Set
	Status        uint16
	Flags         Flags
	Method        Method
	Protocol      Protocol
	Major, Minor  uint8
	Upgrade       bool // CONNECT, or Upgrade with Connection: upgrade
	response      bool
}

// NeedsEOF reports whether the message ends only with the connection. Only a
// response can (RFC 9112 section 6.3).
func (m *Message) NeedsEOF() bool {
	if !m.response {
		return false
	}
	if m.Status/100 == 1 || m.Status == 204 || m.Status == 304 || m.Flags&FlagSkipBody != 0 {
		return false
	}
	if m.Flags&FlagTransferEncoding != 0 && m.Flags&FlagChunked == 0 {
		return true
	}
	return m.Flags&(FlagChunked|FlagContentLength) == 0
}

// ShouldKeepAlive reports whether the connection may carry another message
// after this one, as the message alone says (RFC 9112 section 9.3). In an
// HTTP/1.0 message llhttp overlooks a close beside keep-alive; here it counts.
func (m *Message) ShouldKeepAlive() bool {
	if m.Flags&FlagConnectionClose != 0 {
		return false
	}
	if (m.Major == 0 || m.Minor == 0) && m.Flags&FlagConnectionKeepAlive == 0 {
		return false
	}
	return !m.NeedsEOF()
}
