module github.com/cork-go/cork

go 1.26
