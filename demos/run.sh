#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh "DEMOS" "MODE=DIRECTORY..." FIGURES: runs each demo in each mode and says at the end what failed.
# DIRECTORY is where the mode's programs are, FIGURES where demos put figures and pictures.
demos=$1 modes=$2 figures=$3 failed= names=
mkdir -p "$figures"
for pair in $modes; do
  names="$names ${pair%%=*}"
  rm -f "$figures/${pair%%=*}.tsv"
done
for demo in $demos; do
  for pair in $modes; do
    mode=${pair%%=*}
    printf '\n################  demo %s, mode %s  ################\n\n' "$demo" "$mode"
    "${pair#*=}/demos/$demo" "$figures" || failed="$failed $demo/$mode"
  done
done
case " $demos " in
*" threading "*) sh demos/table.sh "$figures" $names ;;
esac
case " $demos " in
*" gc "*)
  for mode in $names; do
    command -v dot >/dev/null && dot -Tsvg "$figures/gc-$mode.dot" -o "$figures/gc-$mode.svg" || failed="$failed picture/$mode"
  done
  ;;
esac
if [ -n "$failed" ]; then
  printf '\nFailed:%s\n' "$failed"
  exit 1
fi
printf '\nAll demos passed.\n'
