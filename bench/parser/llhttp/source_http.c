//go:build llhttp

#include <http.c>
