#!/bin/sh
# ranks_sanitized.sh [address] [thread] [oclgrind]: trains, evaluates, predicts and checks parity with two ranks of two
# threads each: built with the address and the undefined behaviour sanitizer, built with the thread sanitizer, and on
# Oclgrind, which build/isocl runs on. Without a word: all three. The hashes must be those of one process, and nothing may
# be reported. What is built lies in build/ranks-KIND, without libraries that ranks do not use. Skipped with a word where
# there is no mpirun.
# Ends with "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.." || exit 1
kinds=${*:-address thread oclgrind}
isocl=${BUILD:-build}/isocl
. tests/ranks_common.sh
skipped=0
plain=$isocl
less='OPENCL=0 ONNX=0 HDF5=0 PNG=0 JPEG=0 GIF=0 WEBP=0 TIFF=0 HEIF=0'

# Open MPI itself is not built with sanitizers. It keeps memory until the process ends, much of it made by plugins that it
# has closed by then, so that no suppression can name them: leaks are looked for in build/tests/test_ranks, whose
# ranks are threads. Its threads, and those of its plugins, talk through memory that the thread sanitizer did not see
# them take.
cat >"$dir/races" <<'END'
called_from_lib:libmpi.so
called_from_lib:libopen-pal.so
called_from_lib:libopen-rte.so
called_from_lib:libevent_core
called_from_lib:libevent_pthreads
race:libpmix.so
race:/openmpi/
mutex:libpmix.so
mutex:/openmpi/
END
export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 \
    TSAN_OPTIONS="suppressions=$dir/races:halt_on_error=1:exitcode=66"

cat >"$dir/small.yaml" <<'END'
data: {train: {dataset: builtin:digits, split: train}, validation: {dataset: builtin:digits, split: test}}
input: {shape: [28, 28, 1], scale: 1/255}
augmentation: [{random_brightness: {factor: [-0.2, 0.2]}}, {mixup: {alpha: 0.4}}]
layers:
  - conv2d: {filters: 4, kernel_size: 5, strides: 3}
  - batch_normalization
  - activation: relu
  - flatten
  - dense: {units: 512, activation: tanh, kernel_regularizer: {l2: 0.01}}
  - dropout: 0.3
  - dense: {units: 10, activation: softmax}
loss: categorical_crossentropy
metrics: [accuracy, confusion_matrix]
optimizer: {adam: {global_clipnorm: 1}}
train: {batch_size: 22, epochs: 1, shards: 4}
END

# clean WHAT: the last command succeeded, and nobody has reported anything in $dir/said.
clean() {
    if [ $status -ne 0 ] || grep -qE 'Sanitizer|runtime error|Invalid (read|write)|data race|Oclgrind( API)? error|Uninitialized' "$dir/said"; then
        grep -nE -A12 'Sanitizer|runtime error|Invalid|data race|Oclgrind|Uninitialized' "$dir/said" | head -n 60
        fail "$1: status $status"
    else
        pass
    fi
}

# together WHAT OPTIONS...: a command of two ranks, of the program $isocl behind $under.
together() {
    what=$1; shift
    # shellcheck disable=SC2086
    timeout "${RANKS_SECONDS:-300}" $mpirun -n 2 $under "$isocl" "$@" >"$dir/said" 2>&1
    status=$?
    clean "$what"
}

# check KIND DEVICE OPTIONS...: the training with two ranks, and what can be done with its weights.
check() {
    kind=$1 device=$2; shift 2
    rm -rf "$dir/run" "$dir/alone"
    "$plain" train "$dir/small.yaml" --out "$dir/alone" --device cpu "$@" >"$dir/said" 2>&1
    want=$(sed -n 's/.*weights sha256 \([0-9a-f]*\).*/\1/p' "$dir/said")
    together "$kind: training" train "$dir/small.yaml" --out "$dir/run" --device "$device" --threads 2 --verify 1/2 "$@"
    hash=$(sed -n 's/.*weights sha256 \([0-9a-f]*\).*/\1/p' "$dir/said")
    if [ -n "$want" ] && [ "$hash" = "$want" ]; then pass; else fail "$kind: weights '$hash' instead of '$want'"; fi
    [ "$kind" != oclgrind ] || return
    together "$kind: resuming" train --resume --out "$dir/run" --epochs 2 --device "$device" --threads 2
    together "$kind: evaluation" eval "$dir/run" --device "$device" --threads 2 --limit 40
    together "$kind: prediction" predict "$dir/run" --split test --device "$device" --threads 2 --limit 40
    together "$kind: parity" parity "$dir/small.yaml" --devices "$device"
}

for kind in $kinds; do
    under='' san=$kind
    case $kind in
        oclgrind)
            if command -v oclgrind >/dev/null && "$plain" --version | grep -q 'with OpenCL'; then
                isocl=$plain under='oclgrind --data-races --check-api --compute-units 8 --local-mem-size 65536'
                check oclgrind opencl:oclgrind --limit 22
            else
                echo "skip oclgrind: it is not installed, or this isocl has no OpenCL"
                skipped=$((skipped + 1))
            fi
            continue ;;
        address) san=address,undefined ;;
        thread) ;;
        *) echo "ranks_sanitized.sh [address] [thread] [oclgrind]"; exit 2 ;;
    esac
    # shellcheck disable=SC2086
    make -j2 SAN=$san BUILD=build/ranks-$kind $less build/ranks-$kind/isocl >"$dir/said" 2>&1 ||
        { fail "isocl does not build with -fsanitize=$san"; continue; }
    isocl=build/ranks-$kind/isocl
    check "$kind" cpu --limit 75
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
