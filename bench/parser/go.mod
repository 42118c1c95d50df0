module github.com/cork-go/cork/bench/parser

go 1.26.0

require (
	github.com/antlabs/httparser v0.0.11
	github.com/cloudwego/hertz v0.10.4
	github.com/cork-go/cork v0.0.0
	github.com/evanphx/wildcat v0.0.0-20141114174135-e7012f664567
	github.com/lesismal/nbio v1.6.7
	github.com/valyala/fasthttp v1.69.0
	golang.org/x/sys v0.48.0
)

require (
	github.com/andybalholm/brotli v1.2.0 // indirect
	github.com/bytedance/gopkg v0.1.3 // indirect
	github.com/klauspost/compress v1.18.2 // indirect
	github.com/lesismal/llib v1.2.2 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	github.com/vektra/errors v0.0.0-20140903201135-c64d83aba85a // indirect
	golang.org/x/crypto v0.46.0 // indirect
)

replace github.com/cork-go/cork => ../..
