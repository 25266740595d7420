#!/bin/sh
# verify_campaign.sh ISOCL noticed|replay|clean COUNT: what build/tests/test_verifier proves, COUNT times.
#
# noticed makes COUNT trainings of 40 steps on PoCL, in each of which one kernel makes a number wrong in every launch,
# or does not run, from some step on: --verify 1/10 must end each within ten steps. replay makes one launch of each
# wrong: --verify replay/10 must end it. clean makes trainings of 20 steps without a fault, which must end well: random
# layers, losses, optimizers, augmentations, modes and devices (cpu, the reference, and every fourth time PoCL in one of
# its shapes), by turns with 1/5 and replay/5. FIRST=501 begins with the 501st. The fault is that of tests/liar, which
# `make build/tests/libliar.so` builds. Other seeds give other weights. Ends with "N passed, N failed, N skipped".
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

# pick NUMBER WORD...: sets $picked to the word that the number chooses.
pick() {
    number=$1; shift
    shift $((number % $#))
    picked=$1
}

# clean SEED: trains a network that the seed chooses; no step may be found wrong. Sets $code.
clean() {
    draw=$(($1 * 7919 + 104729)) seed=$1
    pick $((draw / 2)) 'conv2d: {filters: 4, kernel_size: 3, activation: relu}' \
        'conv2d: {filters: 3, kernel_size: 3, strides: 2, padding: same, activation: elu}' \
        'depthwise_conv2d: {kernel_size: 3, activation: tanh}' 'separable_conv2d: {filters: 4, kernel_size: 3}' \
        'conv2d_transpose: {filters: 2, kernel_size: 2}'
    first=$picked
    pick $((draw / 3)) batch_normalization layer_normalization 'group_normalization: {groups: 1}' prelu layer_scale \
        'spatial_dropout2d: 0.2' 'dropout: 0.3' local_response_normalization 'activation: swish'
    second=$picked
    pick $((draw / 5)) 'max_pooling2d: {pool_size: 2}' 'average_pooling2d: {pool_size: 3}' global_average_pooling2d \
        'up_sampling2d: {size: 2}' 'cropping2d: {cropping: 5}'
    third=$picked
    pick $((draw / 7)) 'sgd: {learning_rate: 0.05, momentum: 0.9}' 'adam: {amsgrad: true}' rmsprop adamw adamax nadam \
        adagrad adadelta sgd
    optimizer=$picked
    pick $((draw / 11)) categorical_crossentropy sparse_categorical_crossentropy mean_squared_error huber \
        kl_divergence categorical_focal_crossentropy
    loss=$picked
    pick $((draw / 13)) '' 'random_crop: {height: 28, width: 28, padding: 2}' 'cutout: {size: 5}' \
        'random_brightness: {factor: [-0.2, 0.2]}' 'image_data_generator: {rotation_range: 10}'
    augmentation=${picked:+augmentation: [$picked]}
    pick $((draw / 17)) exact exact fast
    mode=$picked
    pick "$1" opencl:pocl cpu reference cpu
    device=$picked
    [ $device != reference ] || mode=exact
    pick $((draw / 4)) cpu gpu
    shape=$picked
    pick "$1" 1/5 1/5 replay/5 replay/5
    verify=$picked
    cat >clean.yaml <<END
model: clean
data: {train: {dataset: builtin:digits, split: train}}
input: {shape: [28, 28, 1], scale: 1/255}
$augmentation
layers:
  - $first
  - $second
  - $third
  - flatten
  - dense: {units: 10, activation: softmax}
loss: $loss
optimizer: {$optimizer}
train: {batch_size: 3, epochs: 1}
END
    case $optimizer in *:*) ;; *) sed -i "s/^optimizer: .*/optimizer: $optimizer/" clean.yaml ;; esac
    rm -rf run
    ISOCL_OPENCL_SHAPE=$shape "$isocl" train clean.yaml --device $device --mode $mode --limit 60 --steps 20 --out run \
        --seed "$seed" --verify $verify >said 2>&1
    code=$?
}

pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); echo "FAIL $1: exit code $code, step ${step:-none}"; tail -n 5 said; }

# The device is asked for known answers while it tells the truth; the verdict is kept.
train 0 1/100
[ $code -eq 0 ] || { cat said; exit 1; }
i=$((${FIRST:-1} - 1))
count=$((i + count))
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
            clean $i
            if [ $code -eq 0 ]; then
                pass
            else
                fail "seed $i: $device ($shape) $mode, $verify: $(sed -n '4,$p' clean.yaml)"
            fi ;;
        *) echo "usage: verify_campaign.sh ISOCL noticed|replay|clean COUNT" >&2; exit 2 ;;
    esac
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
