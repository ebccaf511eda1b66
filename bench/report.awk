# SPDX-License-Identifier: MIT
# The tables of bench/run: awk -v prefix=W -f report.awk part=results RESULTS part=targets TARGETS
#
# First a row per workload and number of threads, a column per program, in ns per operation; under it a row for every
# other figure the workload has. Then the targets (bench/targets says how they are written).

# Takes a flat JSON object apart into field[key], its keys in order into key_name[1..keys].
function parse(line,    pair, colon) {
  split("", field)
  keys = 0
  while (match(line, /"[^"]*":("[^"]*"|[^,}]*)/)) {
    pair = substr(line, RSTART, RLENGTH)
    line = substr(line, RSTART + RLENGTH)
    colon = index(pair, "\":")
    key_name[++keys] = substr(pair, 2, colon - 2)
    field[key_name[keys]] = unquoted(substr(pair, colon + 2))
  }
}

function unquoted(text) {
  gsub(/"/, "", text)
  return text
}

# Three digits of a duration in ns, with a unit when it is long.
function duration(ns) {
  ns += 0
  if (ns >= 1e6) return number(ns / 1e6) " ms"
  if (ns >= 1e4) return number(ns / 1e3) " us"
  return number(ns)
}

function number(x) {
  x += 0
  if (x >= 100) return sprintf("%.0f", x)
  if (x >= 10) return sprintf("%.1f", x)
  return sprintf("%.2f", x)
}

function cell(row, mode, figure,    value) {
  if (!((row, mode, figure) in result)) return ""
  value = result[row, mode, figure]
  if (figure != "ns_per_op") return number(value)
  return duration(value) (disturbed(row, mode) ? "!" : " ")
}

# Other processes took over 10 % of a CPU meanwhile.
function disturbed(row, mode) {
  return result[row, mode, "others"] + 0 >= 0.1
}

function print_row(label, row, figure,    j) {
  printf "%-30s %2s", label, figure == "ns_per_op" ? threads_of[row] : ""
  for (j = 1; j <= modes; j++) printf " %11s", cell(row, mode_name[j], figure)
  print ""
}

function print_table(    i, j, k) {
  printf "%-30s %2s", "ns per operation", "T"
  for (j = 1; j <= modes; j++) printf " %11s", mode_name[j] " "
  print ""
  for (i = 1; i <= rows; i++) {
    print_row(workload_of[row_name[i]], row_name[i], "ns_per_op")
    for (k = 1; k <= figures; k++)
      if ((row_name[i], figure_name[k]) in has_figure)
        print_row("    " figure_name[k], row_name[i], figure_name[k])
  }
  print "T: threads.  !: other processes took over 10 % of a CPU.  pp_ns: cache-line round trip between the CPUs then."
}

# What noise can only make greater: of several rounds the least counts. Other figures are those of the round with the
# least time per operation.
function is_least_best(key) { return key ~ /_(ns|us|mb)$|^(ns_per_op|bytes)$/ && key != "pp_ns" }

function add_result(    row, mode, key, i, best) {
  row = field["workload"] " " field["threads"]
  mode = field["mode"]
  if (!(row in seen_row)) { seen_row[row] = 1; row_name[++rows] = row }
  if (!(mode in seen_mode)) { seen_mode[mode] = 1; mode_name[++modes] = mode }
  workload_of[row] = field["workload"]
  threads_of[row] = field["threads"]
  best = !((row, mode, "ns_per_op") in result) || field["ns_per_op"] + 0 < result[row, mode, "ns_per_op"] + 0
  for (i = 1; i <= keys; i++) {
    key = key_name[i]
    if (!((row, mode, key) in result) || (is_least_best(key) ? field[key] + 0 < result[row, mode, key] + 0 : best))
      result[row, mode, key] = field[key]
    if (key in hidden) continue
    has_figure[row, key] = 1
    if (!(key in seen_figure)) { seen_figure[key] = 1; figure_name[++figures] = key }
  }
}

# --- targets ---------------------------------------------------------------------------------------------------

# The figure of MODE[:WORKLOAD[:THREADS]], "" when it was not run; marks the target when that was disturbed.
function referred(reference,    part, n, row) {
  n = split(reference, part, ":")
  row = (n > 1 ? part[2] : $1) " " (n > 2 ? part[3] : $2)
  if (disturbed(row, part[1])) mark = "!"
  return (row, part[1], $4) in result ? result[row, part[1], $4] : ""
}

# Sets bound and judges $0, a line of the targets, whose figure was measured as `value`.
function verdict(value,    row, factor) {
  bound = ""
  row = $1 " " $2
  mark = disturbed(row, $3) ? "!" : ""
  if (value == "") return "not run"
  if ($5 == "report") return "reported"
  if ($NF == "near" && result[row, $3, "pp_ns"] + 0 >= 100) return far
  factor = $6 + 0
  if ($7 == "*") {
    bound = referred($8)
    if (bound == "") return "not run"
    bound *= factor
  } else if ($7 == "+") {
    bound = referred($8)
    if (bound == "") return "not run"
    bound += factor
  } else bound = factor
  return ($5 == "<=" ? value + 0 <= bound : value + 0 >= bound) ? "met" : "MISSED"
}

function print_target(    value, judged, rule, i) {
  value = ($1 " " $2, $3, $4) in result ? result[$1 " " $2, $3, $4] : ""
  judged = verdict(value)
  rule = $5
  for (i = 6; i <= NF; i++) rule = rule " " $i
  count[judged]++
  if (mark && value != "") marked++
  printf "%-22s %2s  %-7s %-10s %-44s %9s %9s  %s\n", $1, $2, $3, $4, rule,
    value == "" ? "" : number(value) mark, bound == "" ? "" : number(bound), judged
}

# A line "geomean NAME MODE OTHER op BOUND WORKLOAD[:FIGURE]...": how many times as fast MODE is as OTHER, in the geometric
# mean over the workloads on one thread.
function print_geomean(    i, part, n, row, key, sum, judged) {
  mark = ""
  for (i = 7; i <= NF; i++) {
    n = split($i, part, ":")
    row = part[1] " 1"
    key = n > 1 ? part[2] : "ns_per_op"
    if (!((row, $3, key) in result) || !((row, $4, key) in result)) break
    sum += log(result[row, $4, key] / result[row, $3, key])
    if (disturbed(row, $3) || disturbed(row, $4)) mark = "!"
  }
  judged = i <= NF ? "not run" : ($5 == ">=") == (exp(sum / (NF - 6)) >= $6 + 0) ? "met" : "MISSED"
  count[judged]++
  if (mark && i > NF) marked++
  printf "%-22s %2s  %-7s %-10s %-44s %9s %9s  %s\n", $2, 1, $3, "times", $5 " " $6 " times " $4 ", geometric mean of " NF - 6,
    i <= NF ? "" : number(exp(sum / (NF - 6))) mark, $6, judged
}

BEGIN {
  far = "not comparable (far CPUs)"
  split("workload mode threads ns_per_op min max others", names, " ")
  for (i in names) hidden[names[i]] = 1
  figure_name[++figures] = "pp_ns"
  seen_figure["pp_ns"] = 1
}

part == "results" { parse($0); add_result() }
part == "targets" && !targets_begun {
  targets_begun = 1
  print_table()
  printf "\n%-22s %2s  %-7s %-10s %-44s %9s %9s\n", "target", "T", "mode", "figure", "", "measured", "bound"
}
part == "targets" && $1 == "geomean" && prefix == "" { print_geomean() }
part == "targets" && NF && $1 !~ /^#|^geomean$/ && index($1, prefix) == 1 { print_target() }
END {
  printf "%d met, %d missed, %d not run", count["met"], count["MISSED"], count["not run"]
  if (far in count) printf ", %d not comparable", count[far]
  print ""
  if (marked) printf "%d of them while other processes were at work (!): run again on a quiet machine\n", marked
}
