#!/bin/sh
# oclgrind.sh ISOCL: runs the quick case of every op on Oclgrind, which interprets the kernels and reports
# reads and writes out of bounds, data races and bad API calls as text; any such text is a failure.
set -u
isocl=$1
command -v oclgrind >/dev/null 2>&1 || { echo "oclgrind is not installed"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
failed=0 passed=0
# Every op in the shape for GPUs; in that for CPUs those whose kernels have one of their own.
shaped=dense,conv2d,depthwise_conv2d,separable_conv2d,max_pooling2d,average_pooling2d
for shape in gpu cpu; do
    [ $shape = gpu ] && ops= || ops="--ops $shaped"
    # shellcheck disable=SC2086
    ISOCL_OPENCL_SHAPE=$shape oclgrind --data-races --check-api "$isocl" parity --mode exact --quick $ops \
        --devices opencl:oclgrind >"$out" 2>&1
    status=$?
    if [ $status -ne 0 ] || grep -qE 'Invalid (read|write)|data race|Oclgrind( API)? error|Uninitialized' "$out"; then
        grep -nE -A6 'Invalid (read|write)|data race|Oclgrind|Uninitialized|FAIL' "$out" | head -n 60
        tail -n 5 "$out"
        failed=$((failed + 1))
    else
        tail -n 1 "$out"
        passed=$((passed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
