#!/bin/sh
# run.sh PROGRAM...: runs the test programs, JOBS at a time (default: one a processor), and sums up what they
# print. A program that dies or runs no test counts as a failure. Ends with "N passed, N failed, N skipped".
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
export out VERBOSE
# The kernels of tests have little to compute, and PoCL compiles them four times faster without optimization. What
# optimized kernels compute is for parity to show.
export ISOCL_OPENCL_OPTIONS="${ISOCL_OPENCL_OPTIONS--cl-opt-disable}"
jobs=${JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)}

# One program: its output in $out/NAME, the line of its totals in $out/NAME.totals; tells both when it is done.
one='
    name=${1##*/} start=$(date +%s)
    "$1" >"$out/$name" 2>&1
    status=$?
    count() { sed -n "s/^\[ *$1 *\] \([0-9]*\) test(s).*/\1/p" "$out/$name" | awk "{ n += \$1 } END { print n + 0 }"; }
    p=$(count PASSED) f=$(count FAILED) s=$(count SKIPPED)
    {
        echo "== $name"
        if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then f=1; echo "$name ended with status $status"; fi
        if [ $((p + f + s)) -eq 0 ]; then f=1; echo "$name ran no test"; fi
        if [ "$f" -ne 0 ] || [ -n "$VERBOSE" ]; then cat "$out/$name"; else grep -i skip "$out/$name" | grep -v "^\["; fi
        echo "   $p passed, $f failed, $s skipped, $(($(date +%s) - start)) s"
    } >"$out/$name.told"
    echo "$p $f $s" >"$out/$name.totals"
    [ "$f" -eq 0 ] || echo "$name" >>"$out/failed"
    cat "$out/$name.told"
'
[ $# -gt 0 ] && for program in "$@"; do printf '%s\n' "$program"; done | xargs -P "$jobs" -n 1 sh -c "$one" sh
set -- $(cat "$out"/*.totals 2>/dev/null | awk -v all=$# '{ p += $1; f += $2; s += $3 } END { print p + 0, f + all - NR, s + 0 }')
# Failures stand once more above the totals, where they are looked for.
[ ! -e "$out/failed" ] || sort "$out/failed" | while read -r name; do
    echo "failed: $name"
    grep -E '^\[ *(ERROR|LINE|FAILED) *\] |ERROR: |runtime error|ended with status|ran no test' "$out/$name.told" | head -n 20
done
echo "$1 passed, $2 failed, $3 skipped"
[ "$2" -eq 0 ] && [ "$1" -gt 0 ]
