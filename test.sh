#!/usr/bin/env bash
# Runs all tests of all modules of this repository. Arguments go to go test:
#   ./test.sh -race -v
# Needs Go and nothing else. What needs more is skipped, and said at the top.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

if [[ -z ${CORK_SHARED:-} && -d ../shared ]]; then
  CORK_SHARED=../shared
fi
if [[ -n ${CORK_SHARED:-} ]]; then
  CORK_SHARED=$(cd "$CORK_SHARED" && pwd)
  export CORK_SHARED
  echo "test.sh: with llhttp's corpus, from CORK_SHARED"
else
  echo "test.sh: SKIPPED: llhttp's corpus; CORK_SHARED does not name the folder that has it"
fi

# The main module comes last, so that its results are what one sees.
while IFS= read -r mod; do
  dir=$(dirname "$mod")
  if [[ $dir != . ]]; then
    echo "test.sh: module $dir"
    if ! (cd "$dir" && go mod download); then
      echo "test.sh: SKIPPED: module $dir; its dependencies cannot be downloaded"
      continue
    fi
    (cd "$dir" && go test "$@" ./...)
  fi
done < <(find . -name go.mod -not -path '*/.*/*' -not -path '*/testdata/*' | sort)

echo "test.sh: the main module"
go test "$@" ./...
