#!/bin/sh
# verify_campaign.sh ISOCL noticed|replay|clean COUNT: what build/tests/test_verifier proves, COUNT times.
#
# noticed makes COUNT trainings of 40 steps on PoCL, in each of which one kernel makes a number wrong in every launch,
# or does not run, from some step on: --verify 1/10 must end each within ten steps. replay makes one launch of each
# wrong: --verify replay/10 must end it. clean makes trainings without a fault, by turns with 1/10 and replay/10, which
# must end well. The fault is that of tests/liar, which `make build/tests/libliar.so` builds. Other seeds give other
# weights. Ends with "N passed, N failed, N skipped".
set -u
isocl=$(realpath "$1") way=$2 count=$3
liar=$(realpath "$(dirname "$1")/tests/libliar.so") || exit 1
passed=0 failed=0
export TERM=dumb ISOCL_QUIET=1
if ! "$isocl" devices 2>/dev/null | grep -q 'Portable Computing'; then
    echo "there is no PoCL"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
cat >tiny.yaml <<END
model: tiny
data: {train: {dataset: builtin:digits, split: train}}
input: {shape: [28, 28, 1], scale: 1/255}
layers:
  - flatten
  - dense: {units: 8, activation: relu}
  - dropout: 0.2
  - dense: {units: 10, activation: softmax}
loss: categorical_crossentropy
optimizer: {adam: {learning_rate: 0.01}}
train: {batch_size: 3, epochs: 1}
END

# train SEED VERIFY VARIABLES...: trains 40 steps with these variables of the environment; sets $code, and $step to the
# step that was computed wrongly.
train() {
    seed=$1 verify=$2; shift 2
    rm -rf run
    env "$@" "$isocl" train tiny.yaml --device opencl:pocl --limit 120 --steps 40 --out run --seed "$seed" \
        --verify "$verify" >said 2>&1
    code=$?
    step=$(sed -n 's/.*computes \(a \)*step \(from \)*\([0-9]*\).*/\3/p' said | head -n 1)
}

pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); echo "FAIL $1: exit code $code, step ${step:-none}"; tail -n 5 said; }

# The device is asked for known answers while it tells the truth; the verdict is kept.
train 0 1/100
[ $code -eq 0 ] || { cat said; exit 1; }
i=0
while [ $i -lt "$count" ]; do
    i=$((i + 1))
    after=$((7 + i * 5 % 23))
    case $((i % 3)) in
        0) fault=wrong:adam_update ;;
        1) fault=skip:adam_update ;;
        2) fault='wrong:*crossentropy_narrow_backward' ;;
    esac
    case $way in
        noticed)
            train $i 1/10 LD_PRELOAD="$liar" LIAR="$fault" LIAR_AFTER=$after
            if [ $code -eq 3 ] && [ "${step:-0}" -gt $after ] && [ "${step:-0}" -le $((after + 10)) ]; then
                pass
            else
                fail "$fault from launch $after on, seed $i"
            fi ;;
        replay)
            rm -f once
            train $i replay/10 LD_PRELOAD="$liar" LIAR="$fault" LIAR_AFTER=$after LIAR_ONCE="$dir/once"
            if [ $code -eq 3 ] && [ -e once ]; then pass; else fail "$fault in launch $after, seed $i"; fi ;;
        clean)
            way_now=1/10
            [ $((i % 2)) -eq 0 ] || way_now=replay/10
            train $i $way_now
            if [ $code -eq 0 ]; then pass; else fail "--verify $way_now, seed $i"; fi ;;
        *) echo "usage: verify_campaign.sh ISOCL noticed|replay|clean COUNT" >&2; exit 2 ;;
    esac
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
