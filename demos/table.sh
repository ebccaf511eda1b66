#!/bin/sh
# SPDX-License-Identifier: MIT
# table.sh DIRECTORY MODE...: the CPU-bound and I/O-bound figures of the latest threading runs, as one table.
directory=$1
shift
for mode in "$@"; do
  [ -s "$directory/$mode.tsv" ] && set -- "$@" "$directory/$mode.tsv"
  shift
done
[ $# -gt 0 ] || exit 0
awk -F '\t' '
  FNR == 1 { mode = FILENAME; sub(/.*\//, "", mode); sub(/\.tsv$/, "", mode); modes[++n] = mode }
  $1 == "cores" { cores = $2 }
  { base[mode, $1] = $2; other[mode, $1] = $3; verdict[mode, $1] = $4 }

  function cell(mode, figure) {
    if (other[mode, figure] + 0 == 0) return sprintf("%11s %8s  ", "-", "-")
    mark = verdict[mode, figure] == "not-checked" ? "?" : verdict[mode, figure] == "holds" ? " " : "!"
    return sprintf("%9.3f s %6.2f x%s", other[mode, figure], base[mode, figure] / other[mode, figure], mark)
  }
  function row(work, mode, name) {
    printf "%-11s %-8s %9.3f s %s  %s\n", name, mode, base[mode, work "-threads"], cell(mode, work "-threads"), \
           cell(mode, work "-processes")
    if (index(cell(mode, work "-threads") cell(mode, work "-processes"), "?")) unsure = 1
  }
  END {
    printf "\nWhat threads buy, by mode (%d cores; sequential = one after the other)\n\n", cores
    printf "%-11s %-8s %11s %11s %9s %11s %9s\n", "work", "mode", "sequential", "threads", "speed-up", "processes", "speed-up"
    for (i = 1; i <= n; i++) row("cpu", modes[i], i == 1 ? "CPU-bound" : "")
    for (i = 1; i <= n; i++) row("io", modes[i], i == 1 ? "I/O-bound" : "")
    print "\nCPU-bound: two workers count to 10^7 with runtime ints. I/O-bound: five HTTP GETs, 100 ms each."
    if (unsure) print "?: measured with fewer than 2 idle cores, so it proves nothing."
  }' "$@"
