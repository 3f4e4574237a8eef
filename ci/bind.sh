#!/usr/bin/env bash
# bind.sh sees to BIND's named, which integration and end-to-end tests run. Where it is missing and the user is root, it is installed, without
# being started; else it says what to do. The tests that need it fail without it.
set -euo pipefail

PATH=$PATH:/usr/sbin:/usr/local/sbin
if command -v named >/dev/null; then
  exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "bind.sh: BIND's named is missing; install it with: sudo apt-get install --no-install-recommends bind9" >&2
  exit 1
fi
echo "install bind9" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >&2
if [ -d /run/systemd/system ]; then
  systemctl mask --runtime named.service >&2 # the package would start it on port 53 of all addresses
fi
apt-get install -q -y --no-install-recommends bind9 >&2
if [ -d /run/systemd/system ]; then
  systemctl unmask --runtime named.service >&2
  systemctl disable named.service >&2
fi
