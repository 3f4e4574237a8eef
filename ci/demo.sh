#!/usr/bin/env bash
# demo.sh [HOST_CONTEXT] [MEMBER_CONTEXTS] shows a federation on real clusters: without a context on the test bed, which it brings up first,
# with one on your own clusters, found through your kubeconfig. Run again, it finds everything in place and changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
host=${1:-} members=${2:-}
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
  host=rivendell
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

say "3. The federation API answers, with nodes nowhere behind it"
show kubectl --context="$federation" get namespaces
show kubectl --context="$federation" get crd clusters.federation.fedhelm.io

say "4. An application in it is stored as an ordinary object"
show kubectl --context="$federation" apply -f ci/demo/app.yaml
show kubectl --context="$federation" --namespace=shire get deployments,services

say "5. What runs in the host cluster"
show kubectl --context="$host" --namespace=federation-system get pods,services
show fedhelm status "$federation" --host-cluster-context="$host"

say "It is yours: export KUBECONFIG=${KUBECONFIG:-$HOME/.kube/config}; kubectl --context=$federation get namespaces"
echo "To take it away: fedhelm delete $federation --host-cluster-context=$host --purge-data; the test bed: make testbed-down"
