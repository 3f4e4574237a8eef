#!/usr/bin/env bash
# cc.sh sees to a C compiler, without which Go's race detector cannot be linked. Where it is missing and the user is root, it is installed; else it
# says what to do.
set -euo pipefail

compiler=$(go env CC)
if command -v "${compiler%% *}" >/dev/null; then
  exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "cc.sh: the race detector takes a C compiler, and $compiler is missing; install it with: sudo apt-get install --no-install-recommends gcc libc6-dev" >&2
  exit 1
fi
echo "install gcc" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >&2
apt-get install -q -y --no-install-recommends gcc libc6-dev >&2
