#!/bin/sh
# audit.sh [OPTION...]: holds the GPU kernels to what is known of them without a GPU: that the audit finds planted
# faults, that no kernel has one, and that no number is worse than in tests/gpu/*.csv. ptxas comes with PyPI's triton,
# in a virtual environment in the build folder, or in that of AUDIT_VENV. A compiler that is missing is skipped with a
# word. Options are those of audit.py, as --quick. `make gpu-check` builds what this needs and runs it.
# Ends with "N passed, N failed, N skipped".
set -u
here=$(dirname "$0")
build=${BUILD:-build}
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
export AUDIT_VENV="${AUDIT_VENV:-$(pwd)/$build/gpu/venv}"

if [ ! -d "$AUDIT_VENV" ]; then
    if ! { python3 -m venv "$AUDIT_VENV.new" && "$AUDIT_VENV.new/bin/pip" -q install triton==3.9.0; } >"$out" 2>&1; then
        tail -n 3 "$out"
        echo "skip ptxas: pip cannot install triton"
    fi
    [ -d "$AUDIT_VENV.new" ] && mv "$AUDIT_VENV.new" "$AUDIT_VENV"
fi

passed=0 failed=0 skipped=0
check() {
    "$@" >"$out" 2>&1
    status=$?
    cat "$out"
    totals=$(grep -E '^[0-9]+ passed, ' "$out" | tail -n 1)
    if [ -z "$totals" ]; then failed=$((failed + 1)); return; fi
    # shellcheck disable=SC2086
    set -- ${totals%% passed*} $(echo "$totals" | sed 's/.* passed, \([0-9]*\) failed, \([0-9]*\) skipped/\1 \2/')
    [ $status -ne 0 ] && [ "$2" -eq 0 ] && failed=$((failed + 1))
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}
with="--builder $build/gpu/programs --library $build/gpu/libOpenCL.so.1"
check python3 "$here/selftest.py"
# shellcheck disable=SC2086
check python3 "$here/audit.py" --check $with "$@"
for bound in launches steps; do
    # shellcheck disable=SC2086
    check python3 "$here/$bound.py" --check --isocl "$build/isocl" $with
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
