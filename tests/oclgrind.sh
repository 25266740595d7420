#!/bin/sh
# oclgrind.sh ISOCL [VARIANT...]: runs small cases of every op on Oclgrind, which interprets the kernels and reports reads
# and writes out of bounds, data races and bad API calls as text; any such text is a failure. With names of variants (64x64,
# winograd-16, ...), only conv2d and dense, once with the kernels of each (many minutes in all). An op that has a file in
# tests/oclgrind has its cases there, one for each path through its kernels; of another one the small cases of
# models/ops are run, but for those of special values, which lead no kernel elsewhere.
set -u
isocl=$1
command -v oclgrind >/dev/null 2>&1 || { echo "oclgrind is not installed"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }
out=$(mktemp) || exit 1
cases=$(mktemp -d) || exit 1
trap 'rm -rf "$out" "$cases"' EXIT
# small MOST: makes the cases of that many elements or fewer, by their (first) input; the first of an op without such.
small() {
    for file in models/ops/*.yaml; do
        awk -v most="$1" '!/^ *- *\{/ { print; next }
            /data: (special|integer|nan)/ { next }
            { match($0, /\[[0-9, ]+\]/)
              n = split(substr($0, RSTART + 1, RLENGTH - 2), size, /, */)
              for (count = i = 1; i <= n; i++) count *= size[i]
              if (count <= most) { print; any = 1 } else if (first == "") first = $0 }
            END { if (!any) print first }' "$file" >"$cases/${file##*/}"
    done
}
failed=0 passed=0
# grind SHAPE OPTIONS...: several compute units, because a kernel may divide a sum among them; and more local memory than
# Oclgrind has of itself, because it counts that of all kernels of a program for each.
grind() {
    shape=$1; shift
    ISOCL_OPENCL_SHAPE=$shape oclgrind --data-races --check-api --compute-units 8 --local-mem-size 65536 \
        "$isocl" parity --same-process --mode exact --quick "$@" --cases "$cases" --devices opencl:oclgrind >"$out" 2>&1
    status=$?
    if [ $status -ne 0 ] || grep -qE 'Invalid (read|write)|data race|Oclgrind( API)? error|Uninitialized' "$out"; then
        grep -nE -A6 'Invalid (read|write)|data race|Oclgrind|Uninitialized|FAIL' "$out" | head -n 60
        tail -n 5 "$out"
        failed=$((failed + 1))
    else
        echo "${ISOCL_OPENCL_VARIANT:-$shape}: $(tail -n 1 "$out")"
        passed=$((passed + 1))
    fi
}
shift
small 400
cp tests/oclgrind/*.yaml "$cases"
if [ $# -gt 0 ]; then
    for ISOCL_OPENCL_VARIANT in "$@"; do
        export ISOCL_OPENCL_VARIANT
        grind gpu --ops conv2d,dense
    done
else
    # Every op in the shape for GPUs; in that for CPUs, whose register tiles take minutes, those with kernels of its own.
    grind gpu
    small 100
    shaped=dense,conv2d,depthwise_conv2d,max_pooling2d,average_pooling2d,global_average_pooling2d,dropout
    grind cpu --ops $shaped,batch_normalization
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
