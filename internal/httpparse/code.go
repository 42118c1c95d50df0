package httpparse

import "strconv"

// Code says why Execute returned. The numbers up to 35 are llhttp's, so that a
// reader of llhttp's documentation finds the same word and the same number; the
// ones from 100 on are limits that llhttp leaves to its embedder and that cork
// keeps inside the parser.
type Code uint8

// The codes of llhttp. OK, Paused, PausedUpgrade and PausedH2Upgrade are not
// failures: a paused parser goes on after Resume.
const (
	OK                          Code = 0
	Strict                      Code = 2
	LFExpected                  Code = 3
	UnexpectedContentLength     Code = 4
	ClosedConnection            Code = 5
	InvalidMethod               Code = 6
	InvalidURL                  Code = 7
	InvalidConstant             Code = 8
	InvalidVersion              Code = 9
	InvalidHeaderToken          Code = 10
	InvalidContentLength        Code = 11
	InvalidChunkSize            Code = 12
	InvalidStatus               Code = 13
	InvalidEOFState             Code = 14
	InvalidTransferEncoding     Code = 15
	CallbackMessageBegin        Code = 16
	CallbackHeadersComplete     Code = 17
	CallbackMessageComplete     Code = 18
	CallbackChunkHeader         Code = 19
	CallbackChunkComplete       Code = 20
	Paused                      Code = 21
	PausedUpgrade               Code = 22
	PausedH2Upgrade             Code = 23
	User                        Code = 24
	CRExpected                  Code = 25
	CallbackURLComplete         Code = 26
	CallbackStatusComplete      Code = 27
	CallbackHeaderFieldComplete Code = 28
	CallbackHeaderValueComplete Code = 29
	UnexpectedSpace             Code = 30
	CallbackReset               Code = 31
	CallbackMethodComplete      Code = 32
	CallbackVersionComplete     Code = 33
	CallbackChunkExtensionName  Code = 34
	CallbackChunkExtensionValue Code = 35
	CallbackProtocolComplete    Code = 38
	HeaderOverflow              Code = 100 // Limits.HeadBytesMax or Limits.FieldsMax passed
	URLOverflow                 Code = 101 // Limits.TargetBytesMax passed
	ChunkExtensionsOverflow     Code = 102 // Limits.ChunkExtensionBytesMax or its total passed
	TrailerOverflow             Code = 103 // Limits.TrailerBytesMax or Limits.FieldsMax passed by trailers
)

// codeNames are Node's names for the codes, without their HPE_.
var codeNames = map[Code]string{
	OK: "OK", Strict: "STRICT", LFExpected: "LF_EXPECTED", UnexpectedContentLength: "UNEXPECTED_CONTENT_LENGTH",
	ClosedConnection: "CLOSED_CONNECTION", InvalidMethod: "INVALID_METHOD", InvalidURL: "INVALID_URL",
	InvalidConstant: "INVALID_CONSTANT", InvalidVersion: "INVALID_VERSION", InvalidHeaderToken: "INVALID_HEADER_TOKEN",
	InvalidContentLength: "INVALID_CONTENT_LENGTH", InvalidChunkSize: "INVALID_CHUNK_SIZE", InvalidStatus: "INVALID_STATUS",
	InvalidEOFState: "INVALID_EOF_STATE", InvalidTransferEncoding: "INVALID_TRANSFER_ENCODING",
	CallbackMessageBegin: "CB_MESSAGE_BEGIN", CallbackHeadersComplete: "CB_HEADERS_COMPLETE",
	CallbackMessageComplete: "CB_MESSAGE_COMPLETE", CallbackChunkHeader: "CB_CHUNK_HEADER",
	CallbackChunkComplete: "CB_CHUNK_COMPLETE", Paused: "PAUSED", PausedUpgrade: "PAUSED_UPGRADE",
	PausedH2Upgrade: "PAUSED_H2_UPGRADE", User: "USER", CRExpected: "CR_EXPECTED",
	CallbackURLComplete: "CB_URL_COMPLETE", CallbackStatusComplete: "CB_STATUS_COMPLETE",
	CallbackHeaderFieldComplete: "CB_HEADER_FIELD_COMPLETE", CallbackHeaderValueComplete: "CB_HEADER_VALUE_COMPLETE",
	UnexpectedSpace: "UNEXPECTED_SPACE", CallbackReset: "CB_RESET", CallbackMethodComplete: "CB_METHOD_COMPLETE",
	CallbackVersionComplete: "CB_VERSION_COMPLETE", CallbackChunkExtensionName: "CB_CHUNK_EXTENSION_NAME_COMPLETE",
	CallbackChunkExtensionValue: "CB_CHUNK_EXTENSION_VALUE_COMPLETE", CallbackProtocolComplete: "CB_PROTOCOL_COMPLETE",
	HeaderOverflow: "HEADER_OVERFLOW", URLOverflow: "URL_OVERFLOW",
	ChunkExtensionsOverflow: "CHUNK_EXTENSIONS_OVERFLOW", TrailerOverflow: "TRAILER_OVERFLOW",
}

// String returns the code as Node writes it in err.code, "HPE_INVALID_METHOD".
func (c Code) String() string {
	if name, ok := codeNames[c]; ok {
		return "HPE_" + name
	}
	return "HPE_" + strconv.Itoa(int(c))
}

var callbackReasons = map[Code]string{
	CallbackMessageBegin:    "`on_message_begin` callback error",
	CallbackHeadersComplete: "`on_headers_complete` callback error",
	CallbackMessageComplete: "`on_message_complete` callback error",
	CallbackChunkHeader:     "`on_chunk_header` callback error",
	CallbackChunkComplete:   "`on_chunk_complete` callback error",
}
