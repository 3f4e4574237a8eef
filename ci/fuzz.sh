#!/usr/bin/env bash
# fuzz.sh DURATION runs every fuzz target of the module for that long, one after the other (go test takes one at a time).
set -euo pipefail
cd "$(dirname "$0")/.."

grep -rlE '^func Fuzz' --include='*_test.go' --exclude-dir=testbed . | sort | while read -r file; do
  sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$file" | while read -r name; do
    echo "=== $name in $(dirname "$file")"
    go test "$(dirname "$file")" -run '^$' -fuzz "^$name\$" -fuzztime "$1"
  done
done
