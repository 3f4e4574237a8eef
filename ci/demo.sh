#!/usr/bin/env bash
# demo.sh [HOST_CONTEXT] [MEMBER_CONTEXTS] [IMAGE] shows a federation on real clusters: without a context on the test bed, which it brings up first,
# with one on your own clusters, found through your kubeconfig, which pull our image by the name IMAGE. Run again, it finds everything in place and changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
host=${1:-} members=${2:-} image=${3:-} away=
federation=fellowship

bold='' plain=''
if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m'; fi
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
# A member's name is a part of DNS names; contexts are called whatever they are called.
name_of() { tr '[:upper:]' '[:lower:]' <<<"$1" | sed -E 's/[^a-z0-9]+/-/g; s/^[^a-z]+//; s/-+$//' | cut -c1-63; }
# Nothing runs on simulated nodes, so nobody there can be asked for names.
simulated() { kubectl --context="$1" get nodes --output=jsonpath='{.items[*].status.nodeInfo.kubeletVersion}' | grep -q kwok; }
show() { printf '$ %s\n' "$*"; "$@"; }

if [ -z "$host" ]; then
  say "1. Real clusters on this machine (make testbed-up)"
  # With real nodes, so that pods in each can ask for names.
  (cd ci/testbed && go run . up --members "${MEMBERS:-2}" --member-kinds="${MEMBER_KINDS:-$(yes real | head -n "${MEMBERS:-2}" | paste -sd, -)}")
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
show fedhelm init "$federation" --host-cluster-context="$host" ${image:+--image="$image"} --dns-provider=coredns --dns-zone-name=example.com.

if [ -n "$members" ]; then
  say "3. Each member joins with one command"
  for context in ${members//,/ }; do
    name=$(name_of "$context")
    flags=()
    if [ "$name" != "$context" ]; then flags+=(--cluster-context="$context"); fi
    if simulated "$context"; then flags+=(--cluster-dns=none); fi
    show fedhelm join "$name" --federation="$federation" --host-cluster-context="$host" "${flags[@]}"
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

if [ -n "$members" ]; then
  say "7. One name, which leads from each member to the nearest that can answer"
  show kubectl --context="$federation" --namespace=shire wait service/web --for=condition=federation.fedhelm.io/DNS --timeout=2m
  show fedhelm dns list --namespace=shire --federation="$federation" --host-cluster-context="$host"
  for context in ${members//,/ }; do
    if simulated "$context"; then continue; fi
    show fedhelm dns resolve "web.shire.$federation" --from="$(name_of "$context")" --federation="$federation" --host-cluster-context="$host"
  done
fi

say "8. What runs in the host cluster"
show kubectl --context="$host" --namespace=federation-system get pods,services
show fedhelm status "$federation" --host-cluster-context="$host"

say "It is yours: export KUBECONFIG=${KUBECONFIG:-$HOME/.kube/config}; kubectl --context=$federation get clusters"
echo "To take it away: fedhelm unjoin each member, then fedhelm delete $federation --purge-data, all with --host-cluster-context=$host$away"
