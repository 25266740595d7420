#!/bin/sh
# intel.sh ISOCL: exact parity on Intel's OpenCL runtime for CPUs, in both shapes of kernels, and with the kernels that
# Intel's GPUs have for themselves. The runtime comes from PyPI, into a virtual environment in the build folder; where it
# cannot be had, this is skipped with a word.
# Ends with "N passed, N failed, N skipped".
set -u
isocl=$1
home=$(pwd)/${BUILD:-build}/intel

skip() {
    echo "skip Intel's OpenCL runtime: $1"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}

[ "$(uname -m)" = x86_64 ] || skip "it is for x86-64"
if [ ! -e "$home/ready" ]; then
    rm -rf "$home"
    python3 -m venv "$home/venv" >/dev/null 2>&1 || skip "python3 makes no virtual environment (python3-venv)"
    "$home/venv/bin/pip" -q install intel-opencl-rt intel-cmplr-lib-rt >/dev/null 2>&1 || skip "pip cannot install intel-opencl-rt"
    # Its own loader must not take the place of the system's.
    rm -f "$home"/venv/lib/libOpenCL.so*
    mkdir "$home/vendors"
    echo "$home/venv/lib/libintelocl.so" >"$home/vendors/intel.icd"
    touch "$home/ready"
fi
export OCL_ICD_VENDORS="$home/vendors" LD_LIBRARY_PATH="$home/venv/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
"$isocl" devices | grep -q 'Intel(R) OpenCL' || skip "it does not run on this processor"

passed=0 failed=0 skipped=0
# check VARIABLE=VALUE... COMMAND...: adds the totals of a parity run.
check() {
    totals=$(env "$@" 2>&1 | tee /dev/stderr | grep -E '^[0-9]+ passed, ')
    # shellcheck disable=SC2046,SC2086
    set -- ${totals%% passed*} $(echo "$totals" | sed 's/.* passed, \([0-9]*\) failed, \([0-9]*\) skipped/\1 \2/')
    passed=$((passed + ${1:-0})) failed=$((failed + ${2:-1})) skipped=$((skipped + ${3:-0}))
}
parity="$isocl parity --mode exact --devices opencl --quick --quiet"
# shellcheck disable=SC2086
{
    check ISOCL_OPENCL_SHAPE=cpu $parity
    check ISOCL_OPENCL_SHAPE=gpu $parity
    # Kernels that only Intel's GPUs choose by themselves.
    for variant in winograd-intel winograd-intel-taps; do
        check ISOCL_OPENCL_SHAPE=gpu ISOCL_OPENCL_VARIANT=$variant $parity --ops conv2d
    done
}
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
