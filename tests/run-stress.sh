#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run-stress.sh MODE NAME PROGRAM SECONDS SEED: runs a stress program and says in its last line how it went:
#     stress MODE NAME: passed | failed (...)
# The programs have a watchdog of their own; the limit here is for one that cannot even run that.
mode=$1 name=$2 program=$3 seconds=$4 seed=$5
log=$(mktemp)
trap 'rm -f "$log"' EXIT

timeout -k 5 $((seconds * 2 + 180)) "$program" "$seconds" "$seed" >"$log" 2>&1 </dev/null
status=$?
cat "$log"
if [ "$status" -eq 0 ]; then
  echo "stress $mode $name: passed"
else
  echo "stress $mode $name: failed (status $status, seed $seed)"
fi
exit "$((status != 0))"
