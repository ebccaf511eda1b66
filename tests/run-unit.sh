#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run-unit.sh MODE PROGRAM LIMIT [ARGUMENT...]: runs a Criterion program and says in its last line how it went:
#     unit MODE: N passed, N failed
# Fails if a test failed, the program did not end by itself within LIMIT seconds, or no test was run at all.
mode=$1 program=$2 limit=$3
shift 3
# Many tests wait, for other threads or a grace period.
jobs=$((2 * $(nproc)))
log=$(mktemp)
trap 'rm -f "$log"' EXIT

timeout -k 5 "$limit" "$program" --color=never --jobs "$jobs" "$@" >"$log" 2>&1 </dev/null
status=$?
counts=$(sed -n 's/.*Synthesis: Tested: \([0-9]*\) | Passing: \([0-9]*\) .*/\1 \2/p' "$log" | tail -n 1)
read -r tested passing <<<"${counts:-0 0}"
failed=$((tested - passing))
if [ "$failed" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$tested" -eq 0 ]; }; then failed=1; fi
if [ "$failed" -ne 0 ]; then
  cat "$log"
  [ "$status" -eq 124 ] && echo "unit $mode: no end after $limit s"
fi
echo "unit $mode: $passing passed, $failed failed"
[ "$failed" -eq 0 ]
