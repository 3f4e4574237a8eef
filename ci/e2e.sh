#!/usr/bin/env bash
# e2e.sh UP_ARGS -- TEST_ARGS brings the test bed up with the arguments of `testbed up` and runs the end-to-end tests on it.
# Namespaces of tests that were killed would take the room of these tests' pods: a bed that has any is set up anew, once it is sure that no
# test is running, for whom the tests hold a lock.
set -euo pipefail
cd "$(dirname "$0")/.."

up=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  up+=("$1")
  shift
done
shift || { echo "e2e.sh: want UP_ARGS -- TEST_ARGS" >&2; exit 2; }
kubeconfig=${FEDHELM_TESTBED:?}/kubeconfig
testbed() { (cd ci/testbed && go run . "$@"); }

bin=$(testbed build --print-dir)
PATH=$bin:$PATH
testbed up "${up[@]}"
left=$(kubectl --kubeconfig="$kubeconfig" --context=rivendell get namespaces --output=name | sed -n 's,^namespace/\(e2e-.*\),\1,p' | paste -sd' ')
if [ -n "$left" ]; then
  if ! flock --nonblock "$FEDHELM_TESTBED/tests.lock" true; then
    echo "e2e.sh: tests are running on the test bed in $FEDHELM_TESTBED (namespaces $left); wait for their end" >&2
    exit 1
  fi
  echo "The test bed has namespaces of tests that were killed ($left): it is set up anew."
  testbed down
  testbed up "${up[@]}"
fi
FEDHELM_BIN=$PWD/bin FEDHELM_E2E_KUBECONFIG=$kubeconfig go test -tags e2e -count=1 -v "$@" ./ci/e2e/...
