#!/usr/bin/env bash
# demo.sh [HOST_CONTEXT] [MEMBER_CONTEXTS] shows a federation on real clusters: without a context on the test bed, which it brings up first,
# with one on your own clusters, found through your kubeconfig. Run again, it finds everything in place and changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
host=${1:-} members=${2:-} away=
federation=fellowship

bold='' plain=''
if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m'; fi
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
show() { printf '$ %s\n' "$*"; "$@"; }

if [ -z "$host" ]; then
  say "1. Real clusters on this machine (make testbed-up)"
  (cd ci/testbed && go run . up --members "${MEMBERS:-2}")
  bin=$(cd ci/testbed && go run . build --print-dir)
  # A kubeconfig of the demo's own: yours is not touched.
  export KUBECONFIG=${FEDHELM_TESTBED:?}/demo.kubeconfig
  [ -s "$KUBECONFIG" ] || install -m 0600 "$FEDHELM_TESTBED/kubeconfig" "$KUBECONFIG"
  host=rivendell away="; the test bed: make testbed-down"
  members=$("$bin/kubectl" config get-contexts -o name | grep -v -x -e "$host" -e "$federation" | paste -sd, -)
else
  say "1. Your clusters: host $host${members:+, members $members}"
  bin=$(cd ci/testbed && go run . build --only kubectl --print-dir)
fi
PATH=$PWD/bin:$bin:$PATH

for context in $host ${members//,/ }; do
  show kubectl --context="$context" version --output=json | sed -n 's/.*"gitVersion": "\(.*\)".*/   \1/p' | tail -n 1
done

say "2. A federation control plane, from one command"
show fedhelm init "$federation" --host-cluster-context="$host"

if [ -n "$members" ]; then
  say "3. Each member joins with one command"
  for context in ${members//,/ }; do
    # A member's name is a part of DNS names; contexts are called whatever they are called.
    name=$(tr '[:upper:]' '[:lower:]' <<<"$context" | sed -E 's/[^a-z0-9]+/-/g; s/^[^a-z]+//; s/-+$//' | cut -c1-63)
    if [ "$name" = "$context" ]; then
      show fedhelm join "$name" --federation="$federation" --host-cluster-context="$host"
    else
      show fedhelm join "$name" --federation="$federation" --host-cluster-context="$host" --cluster-context="$context"
    fi
  done
else
  say "3. No member joins (give some: MEMBER_CONTEXTS=a,b)"
fi

say "4. The federation API answers, with nodes nowhere behind it, and knows its members"
show kubectl --context="$federation" get namespaces
show kubectl --context="$federation" get clusters

say "5. Everything is well, seen from all sides"
show fedhelm check "$federation" --host-cluster-context="$host"

say "6. An application: ordinary objects of the federation, which run in its members"
show kubectl --context="$federation" apply -f ci/demo/app.yaml
if [ -n "$members" ]; then
  show kubectl --context="$federation" --namespace=shire rollout status deployment/web --timeout=3m
  show fedhelm describe deployment/web --namespace=shire --context="$federation"
  for context in ${members//,/ }; do
    show kubectl --context="$context" --namespace=shire get pods
  done
fi
show kubectl --context="$federation" --namespace=shire get deployments,services

say "7. What runs in the host cluster"
show kubectl --context="$host" --namespace=federation-system get pods,services
show fedhelm status "$federation" --host-cluster-context="$host"

say "It is yours: export KUBECONFIG=${KUBECONFIG:-$HOME/.kube/config}; kubectl --context=$federation get clusters"
echo "To take it away: fedhelm unjoin each member, then fedhelm delete $federation --purge-data, all with --host-cluster-context=$host$away"
