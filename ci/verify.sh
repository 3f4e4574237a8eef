#!/usr/bin/env bash
# verify.sh regenerates what is generated and tidies the modules; the tree must be afterwards as it was before.
set -euo pipefail
cd "$(dirname "$0")/.."

snapshot() { { git ls-files -s; git diff; git ls-files -o --exclude-standard | xargs -r sha256sum; } | sha256sum; }

before=$(snapshot)
make --no-print-directory generate
for module in . ci/testbed ci/testbed/versions/* ci/tools; do
  (cd "$module" && go mod tidy -diff) || {
    echo "verify: $module/go.mod is not tidy; run: (cd $module && go mod tidy)" >&2
    exit 1
  }
done
if [ "$before" != "$(snapshot)" ]; then
  git --no-pager diff --stat
  git status --short
  echo "verify: generated files were out of date; run: make generate, and commit the result" >&2
  exit 1
fi
