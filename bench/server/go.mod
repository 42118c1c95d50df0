module github.com/cork-go/cork/bench/server

go 1.26.0

replace github.com/cork-go/cork => ../..

require (
	github.com/cork-go/cork v0.0.0
	github.com/valyala/fasthttp v1.72.0
)

require (
	github.com/andybalholm/brotli v1.2.1 // indirect
	github.com/klauspost/compress v1.18.6 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
)
