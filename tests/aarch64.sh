#!/bin/sh
# aarch64.sh [quick|full]: builds isocl for AArch64 (ARM's servers and boards, Apple's processors), runs its tests under
# qemu-user, and compares its numbers with those of the build/isocl of this machine: parity cases, whole networks over
# two steps, and trainings by the hash of their weights.
#   quick   (default) the tests of `make check-quick`, the cases that are not slow, two networks: minutes
#   full    every test, every case, eight networks: a campaign of an hour
# `sh tools/install-deps.sh aarch64` installs what it needs. It builds in build/aarch64, JOBS (2) files or tests at once.
# Tests start programs: where the kernel cannot start those of AArch64, they run in a namespace whose kernel can, which
# takes Linux 6.7 or newer and leaves nothing behind.
# Ends with "N passed, N failed, N skipped".
cd "$(dirname "$0")/.." || exit 1
what=${1:-quick} triple=aarch64-linux-gnu
here=build/isocl there=build/aarch64/isocl
export JOBS="${JOBS:-2}"

skip() {
    echo "skipped: $1"
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
}

# Has the kernel start AArch64's programs with qemu, then runs a command. (They begin with these bytes of an ELF header:
# 64 bits, little-endian, a program or a library, for machine 0xb7.)
namespace='
    magic="\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00"
    mask="\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff"
    mount -t binfmt_misc none /proc/sys/fs/binfmt_misc &&
        printf "%s" ":isocl-aarch64:M::$magic:$mask:$0:F" >/proc/sys/fs/binfmt_misc/register && exec "$@"'

# step COMMAND...: runs it, shows how it went, and keeps the totals it prints; without totals it is one test.
step() {
    "$@" >"$out/told" 2>&1
    status=$?
    [ "$status" -ne 0 ] && grep -v '^  [A-Z][A-Z]  ' "$out/told"
    totals=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$out/told" | tail -n 1)
    [ -n "$totals" ] || totals="$((status == 0)) passed, $((status != 0)) failed, 0 skipped"
    echo "$totals: $*"
    echo "$totals" >>"$out/totals"
}

make_there() {
    PKG_CONFIG_LIBDIR=/usr/lib/$triple/pkgconfig \
        make -j"$JOBS" CC=$triple-gcc CC_FOR_BUILD=cc AR=$triple-ar BUILD=build/aarch64 "$@"
}

same_numbers() {
    "$here" parity "$@" --record "$out/record" --quiet && "$there" parity "$@" --check "$out/record" --quiet
}

# The hash that a training ends with.
trained() {
    "$1" train models/demo.yaml --limit 40 --batch 10 --steps 2 --quiet --device "$2" --out "$out/${1%%/isocl}/$2" |
        sed -n 's/^weights sha256 \([0-9a-f]\{64\}\) .*/\1/p'
}
same_training() {
    a=$(trained "$here" "$1") b=$(trained "$there" "$1")
    echo "$1: $here $a, $there $b"
    [ -n "$a" ] && [ "$a" = "$b" ]
}

case $what in
    quick) tests=check-quick cases='--ops all --quick' models='models/demo.yaml models/mnist/cnn.yaml' ;;
    full)
        tests=test cases='--ops all'
        models="models/demo.yaml $(echo models/mnist/*.yaml) models/cifar10/resnet18.yaml models/cifar100/elu.yaml
                models/fashion-mnist/deeper-augmented.yaml"
        ;;
    *) echo "usage: $0 [quick|full]" >&2; exit 2 ;;
esac
for program in $triple-gcc qemu-aarch64; do
    command -v "$program" >/dev/null || skip "no $program; sh tools/install-deps.sh aarch64 installs it"
done
make -j"$JOBS" all || exit 1
make_there all || exit 1
if ! "$there" --version >/dev/null 2>&1; then
    [ -z "$ISOCL_AARCH64" ] || skip "qemu-aarch64 cannot start $there"
    export ISOCL_AARCH64=1
    unshare --map-root-user --mount sh -c "$namespace" "$(command -v qemu-aarch64)" true 2>/dev/null ||
        skip "this kernel can start no program of AArch64; Debian's qemu-user-binfmt lets it"
    exec unshare --map-root-user --mount sh -c "$namespace" "$(command -v qemu-aarch64)" "$0" "$what"
fi

out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
step make_there "$tests"
# shellcheck disable=SC2086
step same_numbers $cases --devices cpu
# shellcheck disable=SC2086
step same_numbers $models --steps 2 --devices cpu
step same_training cpu
step same_training reference
awk '{ p += $1; f += $3; s += $5 } END { print p + 0 " passed, " f + 0 " failed, " s + 0 " skipped"; exit f > 0 }' "$out/totals"
