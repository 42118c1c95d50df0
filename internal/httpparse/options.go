package httpparse

// Lenient is a set of llhttp's leniencies. Each lets something through that
// RFC 9112 forbids and that has been used to smuggle requests; the zero value,
// none, is what a server on a network wants.
type Lenient uint16

const (
	LenientHeaders                Lenient = 1 << 0  // any byte but CR, LF in values; line folds; space before the colon
	LenientChunkedLength          Lenient = 1 << 1  // Content-Length beside Transfer-Encoding
	LenientKeepAlive              Lenient = 1 << 2  // messages after one that closes the connection
	LenientTransferEncoding       Lenient = 1 << 3  // chunked that is not the last coding
	LenientVersion                Lenient = 1 << 4  // any version digit.digit
	LenientDataAfterClose         Lenient = 1 << 5  // bytes after the last message are dropped, no error
	LenientOptionalLFAfterCR      Lenient = 1 << 6  // a line may end with CR alone
	LenientOptionalCRLFAfterChunk Lenient = 1 << 7  // nothing need stand between chunk data and next size
	LenientOptionalCRBeforeLF     Lenient = 1 << 8  // a line may end with LF alone
	LenientSpacesAfterChunkSize   Lenient = 1 << 9  // SP and HTAB after a chunk size
	LenientHeaderValueRelaxed     Lenient = 1 << 10 // control characters but NUL, CR, LF in values
)

// Limits bounds what a message may make the parser's user keep. Zero means the
// default. Limits are checked as bytes come in: an endless line fails early.
type Limits struct {
	// HeadBytesMax is the sum at which a head is refused, of the bytes of
	// target, field names and field values (Node's maxHeaderSize counts the
	// same). All bytes of a head, line ends and blanks too, may be twice that
	// and 8 KiB. Default 16384.
	HeadBytesMax uint32
	// FieldsMax is the largest number of fields of a head, and again of a
	// trailer section. Default 1000.
	FieldsMax uint32
	// TargetBytesMax is the longest request target. Default HeadBytesMax, and
	// so HeaderOverflow unless it is set lower.
	TargetBytesMax uint32
	// TrailerBytesMax is for the trailer section what HeadBytesMax is for the
	// head. Default 16384.
	TrailerBytesMax uint32
	// ChunkExtensionBytesMax is the most bytes of names and values of one
	// chunk's extensions. Default 16384.
	ChunkExtensionBytesMax uint32
	// ChunkExtensionBytesTotalMax is the same for all chunks of a message.
	// Default 65536.
	ChunkExtensionBytesTotalMax uint32
}

const (
	defaultHeadBytesMax                = 16384 // Node's --max-http-header-size
	defaultFieldsMax                   = 1000  // Node's 2000 flat entries
	defaultTrailerBytesMax             = 16384
	defaultChunkExtensionBytesMax      = 16384 // Node's constant
	defaultChunkExtensionBytesTotalMax = 65536 // four full ones; no honest client sends any
	headBytesMaxMax                    = 1 << 28
)

// withDefaults fills the zeros and clamps what a 32-bit offset cannot hold.
func (l Limits) withDefaults() Limits {
	def := func(v *uint32, d uint32) {
		if *v == 0 {
			*v = d
		}
		*v = min(*v, headBytesMaxMax)
	}
	def(&l.HeadBytesMax, defaultHeadBytesMax)
	def(&l.FieldsMax, defaultFieldsMax)
	def(&l.TargetBytesMax, l.HeadBytesMax)
	def(&l.TrailerBytesMax, defaultTrailerBytesMax)
	def(&l.ChunkExtensionBytesMax, defaultChunkExtensionBytesMax)
	def(&l.ChunkExtensionBytesTotalMax, defaultChunkExtensionBytesTotalMax)
	return l
}
