#!/bin/sh
# Builds everything that this machine has, and compares; arguments go to the
# program (see -help). Needs Linux, Go, a C compiler, and two cores to be of use.
#
#   ./run.sh -install     first installs Debian's packages of the other servers (as root)
#   CC                    the C compiler, gcc unless set
set -eu
cd "$(dirname "$0")"

if [ "${1:-}" = -install ]; then
	shift
	for package in gcc libc6-dev util-linux nodejs nginx-light h2o libh2o-evloop-dev; do
		apt-get install -y --no-install-recommends "$package" >&2 ||
			echo "run.sh: no package $package: what needs it is left out" >&2
	done
fi

# Idle connections are open files, of the server and of the load.
ulimit -n "$(ulimit -Hn)" 2>/dev/null || echo "run.sh: open files stay at $(ulimit -n)" >&2

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
go build -o "$out/run" .
"$out/run" "$@"
