//go:build llhttp

#include <api.c>
