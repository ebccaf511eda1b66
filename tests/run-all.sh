#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run-all.sh [PART...]: runs the tests in all variants (or only in those named), prints a line for each part, in full the
# output of parts that fail, and as its last line "N passed, N failed". Fails if anything failed.
#
# A part is one variant: compiler, optimisation, sanitizer. A unit test counts once for each variant and mode that it ran
# in, a run of a stress program likewise, and each property that the models prove or each mutant that they catch.
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C
make=${MAKE:-make}
jobs=${JOBS:-$(nproc)}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0

now() { date +%s; }

# part NAME COMMAND...: runs it and adds up what its output counts.
part() {
  local name=$1 start p f status
  shift
  if [ ${#wanted[@]} -gt 0 ] && [[ " ${wanted[*]} " != *" $name "* ]]; then return; fi
  start=$(now)
  "$@" >"$log" 2>&1 </dev/null
  status=$?
  # "unit MODE: P passed, F failed", "P passed, F failed", "stress MODE NAME: passed", "stress MODE NAME: failed (...)"
  read -r p f < <(awk '
    /^(unit [a-z]+: )?[0-9]+ passed, [0-9]+ failed$/ { sub(/^unit [a-z]+: /, ""); p += $1; f += $3 }
    /^stress [a-z]+ [a-z_]+: passed$/ { p++ }
    /^stress [a-z]+ [a-z_]+: failed/ { f++ }
    END { print p + 0, f + 0 }' "$log")
  # A part that ran nothing, or that failed without saying where, has failed.
  if [ "$f" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$p" -eq 0 ]; }; then f=1; fi
  passed=$((passed + p)) failed=$((failed + f))
  if [ "$f" -ne 0 ]; then
    printf -- '--- %s\n' "$name"
    cat "$log"
    printf -- '--- end of %s\n' "$name"
  fi
  printf '%-16s %5d passed, %d failed, %d s\n' "$name" "$p" "$f" $(($(now) - start))
}

# variant TARGETS ARGUMENT...: builds what the targets need in parallel, then runs them one after the other.
variant() {
  local targets=$1 status=0 target
  shift
  for target in $targets; do
    case $target in
      unit) $make --no-print-directory -j"$jobs" "$@" unit-programs || return 1 ;;
      stress-quick) $make --no-print-directory -j"$jobs" "$@" stress-programs || return 1 ;;
      fuzz-quick) $make --no-print-directory -j"$jobs" "$@" fuzz-programs || return 1 ;;
    esac
  done
  for target in $targets; do $make --no-print-directory "$@" "$target" || status=1; done
  return $status
}

models() {
  if ! command -v spin >/dev/null; then
    echo "spin is not installed: the models are not checked"
    return 1
  fi
  bash tests/models/verify.sh
}

wanted=("$@")
part gcc             variant 'unit stress-quick' CC=gcc
part gcc-debug       variant unit                CC=gcc DEBUG=1
if command -v clang >/dev/null; then
  part clang         variant unit                CC=clang
  part clang-debug   variant unit                CC=clang DEBUG=1 MODE=biased
fi
part address         variant 'unit stress-quick' CC=gcc SAN=address
part thread          variant unit                CC=gcc SAN=thread MODE=biased
part thread-atomic   variant unit                CC=gcc SAN=thread MODE=atomic
part thread-stress   variant stress-quick        CC=gcc SAN=thread
if command -v clang >/dev/null; then
  part clang-thread  variant stress-quick        CC=clang SAN=thread MODE=biased
fi
part fuzz            variant fuzz-quick          CC=gcc SAN=address
if [ -f tests/models/verify.sh ]; then part models models; fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
