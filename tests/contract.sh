#!/bin/sh
# contract.sh NORMAL CONTRACTED: proves that there is nothing left for a compiler to contract. NORMAL records
# the bits of every op case; CONTRACTED, the same program built with -ffp-contract=fast, must have them too, and
# so must the OpenCL kernels built without their pragma and with -cl-mad-enable.
set -eu
normal=$1 contracted=$2
record=$(mktemp) || exit 1
trap 'rm -f "$record"' EXIT
"$normal" parity --devices reference --quick --record "$record"
for device in reference cpu; do
    "$contracted" parity --devices "$device" --quick --check "$record"
done
if "$normal" devices | grep -q '^opencl'; then
    ISOCL_OPENCL_NO_PRAGMA=1 ISOCL_OPENCL_OPTIONS=-cl-mad-enable \
        "$normal" parity --mode exact --quick --devices opencl:pocl
fi
