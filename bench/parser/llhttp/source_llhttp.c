//go:build llhttp

#include <llhttp.c>
