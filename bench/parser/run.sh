#!/bin/sh
# Builds the benchmark with everything that this machine has and runs it on one
# core; arguments go to the program (see -help).
#
#   LLHTTP_DIR   a directory with llhttp's llhttp.c, api.c, http.c and llhttp.h
#   LLHTTP_LOOSE 1 builds llhttp 8's loose mode; the default is the strict one
#   CC           the C compiler, gcc unless set
#   CORE         the core to run on, the last one unless set
set -eu
cd "$(dirname "$0")"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# has DIR...: all of llhttp's files are there.
has() {
	for f in llhttp.c api.c http.c llhttp.h; do
		found=
		for d in "$@"; do
			[ -f "$d/$f" ] && found=1
		done
		[ -n "$found" ] || return 1
	done
}

dirs=
find_llhttp() {
	if [ -n "${LLHTTP_DIR:-}" ]; then
		dirs="$LLHTTP_DIR $LLHTTP_DIR/src $LLHTTP_DIR/include"
	else
		dirs="/usr/share/llhttp /usr/share/include/llhttp" # Debian's node-llhttp
	fi
	# shellcheck disable=SC2086
	has $dirs
}

tags=
: "${CC:=gcc}"
export CC
if ! command -v "$CC" >/dev/null 2>&1; then
	echo "run.sh: no $CC: the rows of llhttp are left out" >&2
else
	if ! find_llhttp && [ -z "${LLHTTP_DIR:-}" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
		apt-get install -y --no-install-recommends node-llhttp >&2 || true
	fi
	if find_llhttp; then
		tags=llhttp
		CGO_CFLAGS="-O3 -march=native -DLLHTTP_STRICT_MODE=$((1 - ${LLHTTP_LOOSE:-0}))"
		for d in $dirs; do
			CGO_CFLAGS="$CGO_CFLAGS -I$d"
		done
		export CGO_CFLAGS CGO_ENABLED=1
	else
		echo "run.sh: no sources of llhttp (install node-llhttp or set LLHTTP_DIR): its rows are left out" >&2
	fi
fi

go build -tags "$tags" -o "$out/parser" .
go build -tags noasm -o "$out/portable" .

pin=
if command -v taskset >/dev/null 2>&1; then
	pin="taskset -c ${CORE:-$(($(nproc) - 1))}"
fi
$pin "$out/parser" -portable "$out/portable" "$@"
