#!/bin/sh
# run.sh PROGRAM...: runs the test programs one after the other and sums up what they print. A program
# that dies or runs no test counts as a failure. Ends with "N passed, N failed, N skipped".
passed=0 failed=0 skipped=0
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
count() { sed -n "s/^\[ *$1 *\] \([0-9]*\) test(s).*/\1/p" "$out" | awk '{ n += $1 } END { print n + 0 }'; }
for program in "$@"; do
    echo "== ${program##*/}"
    start=$(date +%s)
    "$program" >"$out" 2>&1
    status=$?
    p=$(count PASSED) f=$(count FAILED) s=$(count SKIPPED)
    if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then f=1; echo "${program##*/} ended with status $status"; fi
    if [ $((p + f + s)) -eq 0 ]; then f=1; echo "${program##*/} ran no test"; fi
    if [ "$f" -ne 0 ] || [ -n "$VERBOSE" ]; then cat "$out"; else grep -i 'skip' "$out" | grep -v '^\[' ; fi
    echo "   $p passed, $f failed, $s skipped, $(($(date +%s) - start)) s"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
