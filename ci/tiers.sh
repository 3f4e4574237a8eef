#!/usr/bin/env bash
# tiers.sh TIER... runs the make targets that the tiers stand for, in order, and ends with one line per tier.
# A tier that could not run has failed. All tiers run, also after a failure, so that one run says everything.
set -uo pipefail
cd "$(dirname "$0")/.."

declare -A target=([lint]=lint [unit]=test-unit [chart]=test-chart [integration]=test-integration [e2e]=test-e2e)
# What a tier leaves out is said in the summary.
declare -A without=([e2e]="long tests apart: make test-e2e-long")
declare -A result took
failed=0

for tier in "$@"; do
  if [ -z "${target[$tier]:-}" ]; then
    echo "tiers.sh: no tier named \"$tier\"; there are: ${!target[*]}" >&2
    exit 2
  fi
done

for tier in "$@"; do
  printf '\n=== %s: make %s\n' "$tier" "${target[$tier]}"
  start=$SECONDS
  if make --no-print-directory "${target[$tier]}"; then
    result[$tier]=passed
  else
    result[$tier]=FAILED
    failed=1
  fi
  took[$tier]=$((SECONDS - start))
done

printf '\n%-14s %-8s %s\n' TIER RESULT TIME
for tier in "$@"; do
  printf '%-14s %-8s %dm%02ds   %s\n' "$tier" "${result[$tier]}" $((took[$tier] / 60)) $((took[$tier] % 60)) "${without[$tier]:-}"
done
exit $failed
