#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run-all.sh [PART...]: runs the tests in all variants (or only in those named), prints a line for each part, in full the
# output of parts that fail, and as its last line "N passed, N failed". Fails if anything failed.
#
# A part is one variant: compiler, optimisation, sanitizer. A unit test counts once for each variant and mode that it ran
# in, a run of a stress program likewise, and each property that the models prove or each mutant that they catch.
#
# While a part runs, the next ones are built with what it leaves of the CPUs: many tests wait.
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C
make="${MAKE:-make} --no-print-directory"
jobs=${JOBS:-$(nproc)}
work=$(mktemp -d)
builder=
trap '[ -z "$builder" ] || kill "$builder" 2>/dev/null; rm -rf "$work"' EXIT
passed=0 failed=0
wanted=("$@")

now() { date +%s; }
is_wanted() { [ ${#wanted[@]} -eq 0 ] || [[ " ${wanted[*]} " == *" $1 "* ]]; }

# part NAME COMMAND...: runs it and adds up what its output counts.
part() {
  local name=$1 log=$work/log start p f status
  shift
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

# --- Variants ---

variants=()
# variant NAME TARGETS ARGUMENT...: a part that makes the targets, one after the other, with these arguments.
variant() { ! is_wanted "$1" || variants+=("$*"); }

build_all() {
  local v name targets arguments
  for v in "${variants[@]}"; do
    read -r name targets arguments <<<"$v"
    nice -n 5 $make -j"$jobs" $arguments $(programs_of "$targets") >"$work/built-$name" 2>&1 </dev/null
    echo $?
  done
}
programs_of() { sed 's/+/ /g; s/stress-quick/stress-programs/; s/fuzz-quick/fuzz-programs/; s/unit/unit-programs/' <<<"$1"; }

# run_variant NAME TARGETS ARGUMENT...: waits until it is built, and runs it.
run_variant() {
  local name=$1 targets=$2 built=1 status=0 target
  shift 2
  read -r built <&3
  cat "$work/built-$name"
  [ "$built" -eq 0 ] || return 1
  for target in ${targets//+/ }; do $make "$@" "$target" || status=1; done
  return $status
}

models() {
  if ! command -v spin >/dev/null; then
    echo "spin is not installed: the models are not checked"
    return 1
  fi
  bash tests/models/verify.sh
}

variant gcc            unit+stress-quick CC=gcc
# WEFT_EXPENSIVE: the heap is checked at every collection. WEFT_TRACEMALLOC: every block is traced.
variant gcc-debug      unit              CC=gcc DEBUG=1 WEFT_EXPENSIVE=1
if command -v clang >/dev/null; then
  variant clang        unit              CC=clang
  variant clang-debug  unit              CC=clang DEBUG=1 WEFT_TRACEMALLOC=2
fi
variant address        unit+stress-quick CC=gcc SAN=address
variant thread         unit+stress-quick CC=gcc SAN=thread
if command -v clang >/dev/null; then
  variant clang-thread stress-quick      CC=clang SAN=thread
fi
variant fuzz           fuzz-quick        CC=gcc SAN=address

if [ ${#variants[@]} -gt 0 ]; then
  mkfifo "$work/built"
  build_all >"$work/built" &
  builder=$!
  exec 3<"$work/built"
  for v in "${variants[@]}"; do part "${v%% *}" run_variant $v; done
fi
if is_wanted models && [ -f tests/models/verify.sh ]; then part models models; fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
