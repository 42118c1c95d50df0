package httpparse

// Code says why Execute returned. The numbers up to 35 are llhttp's, so that a
// reader of llhttp's documentation finds the same word and the same number; the
// ones from 100 on are limits that llhttp leaves to its embedder and that cork
// keeps inside the parser.
type Code uint8

// The codes of llhttp. OK, Paused, PausedUpgrade and PausedH2Upgrade are not
// failures: a paused parser goes on after Resume.
const (
	OK                           Code = 0
	Strict                       Code = 2
	LFExpected                   Code = 3
	UnexpectedContentLength      Code = 4
	ClosedConnection             Code = 5
	InvalidMethod                Code = 6
	InvalidURL                   Code = 7
	InvalidConstant              Code = 8
	InvalidVersion               Code = 9
	InvalidHeaderToken           Code = 10
	InvalidContentLength         Code = 11
	InvalidChunkSize             Code = 12
	InvalidStatus                Code = 13
	InvalidEOFState              Code = 14
	InvalidTransferEncoding      Code = 15
	CallbackMessageBegin         Code = 16
	CallbackHeadersComplete      Code = 17
	CallbackMessageComplete      Code = 18
	CallbackChunkHeader          Code = 19
	CallbackChunkComplete        Code = 20
	Paused                       Code = 21
	PausedUpgrade                Code = 22
	PausedH2Upgrade              Code = 23
	User                         Code = 24
	CRExpected                   Code = 25
	CallbackURLComplete          Code = 26
	CallbackStatusComplete       Code = 27
	CallbackHeaderFieldComplete  Code = 28
	CallbackHeaderValueComplete  Code = 29
	UnexpectedSpace              Code = 30
	CallbackReset                Code = 31
	CallbackMethodComplete       Code = 32
	CallbackVersionComplete      Code = 33
	CallbackChunkExtensionName   Code = 34
	CallbackChunkExtensionValue  Code = 35
	CallbackProtocolComplete     Code = 38
	HeaderOverflow               Code = 100 // Limits.HeadBytesMax or Limits.FieldsMax passed
	URLOverflow                  Code = 101 // Limits.TargetBytesMax passed
	ChunkExtensionsOverflow      Code = 102 // Limits.ChunkExtensionBytesMax or its total passed
	TrailerOverflow              Code = 103 // Limits.TrailerBytesMax or Limits.FieldsMax passed by trailers
)
