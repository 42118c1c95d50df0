module github.com/cork-go/cork/bench/blocking

go 1.26.0

replace github.com/cork-go/cork => ../..

require github.com/cork-go/cork v0.0.0

require golang.org/x/sys v0.48.0 // indirect
