#!/bin/sh
# ranks_campaign.sh ISOCL hashes [all] | killed COUNT: what tests/ranks.sh proves in a short form.
#
# hashes trains every model below in 1, 2, 4 and 8 shards, with each number of ranks from 1 to that, on mixed devices,
# and with every optimizer: all must end with the hash of one process on the cpu backend. Last batches are short. With
# `all`, also models of the repository on their data sets, with more rows; a set that is not there is left out with a
# word.
#
# killed makes COUNT trainings, kills a random rank of each with SIGKILL at a random moment, and resumes it with another
# number of ranks: all must end with the hash of one that nobody disturbed. SEED (default 1) chooses.
# Ends with "N passed, N failed, N skipped".
set -u
isocl=$1 way=$2 more=${3:-}
. "$(dirname "$0")/ranks_common.sh"
root=$(cd "$(dirname "$0")/.." && pwd)
skipped=0
devices=cpu
[ -z "$pocl" ] || devices="$devices cpu,opencl:pocl"
! "$isocl" devices 2>/dev/null | grep -qi 'intel(r) opencl' || devices="$devices opencl:intel,cpu"

# digits NAME TEXT: a model of drawn digits whose layers, optimizer and training are TEXT; batches of 22, 22, 22, and 9.
digits() {
    cat >"$dir/$1.yaml" <<END
data: {train: {dataset: builtin:digits, split: train}, validation: {dataset: builtin:digits, split: test}}
input: {shape: [28, 28, 1], scale: 1/255}
loss: categorical_crossentropy
metrics: [accuracy, confusion_matrix]
$2
END
}

# same FILE RANKS DEVICES OPTIONS...: the training ends with $want.
same() {
    file=$1 number=$2 list=$3; shift 3
    rm -rf "$dir/run"
    train "$file" "$number" run --device "$list" "$@"
    if [ "$hash" = "$want" ]; then
        pass
    else
        fail "$(basename "$file") $*, $number ranks on $list: weights '$hash' instead of $want"
    fi
}

# compare FILE SHARDS OPTIONS...: all numbers of ranks on all devices end alike.
compare() {
    model=$1 count=$2; shift 2
    rm -rf "$dir/alone"
    train "$model" 0 alone --device cpu --set "train.shards=$count" "$@"
    want=$hash
    if [ -z "$want" ]; then
        fail "$(basename "$model") $*, $count shards, without ranks"
        return
    fi
    for ranks in 2 4 8; do
        [ $ranks -le "$count" ] || continue
        for mix in $devices; do
            same "$model" $ranks "$mix" --set "train.shards=$count" "$@"
        done
    done
    [ "$count" -ne 8 ] || same "$model" 3 cpu --set train.shards=8 "$@"
}

layers='  - batch_normalization
  - activation: relu
  - spatial_dropout2d: 0.2
  - flatten
  - dense: {units: 13, activation: tanh, kernel_regularizer: {l2: 0.01}}
  - batch_normalization
  - dropout: 0.3
  - dense: {units: 10, activation: softmax}'
network="layers:
  - conv2d: {filters: 4, kernel_size: 5, strides: 3}
$layers"

hashes() {
    short='--limit 75 --batch 22 --epochs 1'
    digits statistics "$network
augmentation: [{random_brightness: {factor: [-0.2, 0.2]}}, {mixup: {alpha: 0.4}}]
optimizer: {sgd: {learning_rate: 0.1, momentum: 0.9, nesterov: true}}"
    digits synchronized "$(echo "$network" | sed 's/- batch_normalization/- batch_normalization: {synchronized: true}/')
optimizer: {adam: {global_clipnorm: 1}}"
    digits transfer "layers:
  - conv2d: {filters: 4, kernel_size: 5, strides: 3, trainable: false}
$layers
train: {keep_features: true}
phases:
  - {name: first, optimizer: {adam: {learning_rate: 0.01}}, epochs: 1}
  - {name: second, optimizer: {adam: {learning_rate: 0.001}}, keep_slots: true, keep_steps: true, epochs: 1}"
    for optimizer in sgd adam rmsprop adamw adamax nadam adagrad adadelta; do
        digits "$optimizer" "$network
optimizer: $optimizer"
    done
    for shards in 1 2 4 8; do
        # shellcheck disable=SC2086
        for model in statistics synchronized; do compare "$dir/$model.yaml" $shards $short; done
        compare "$dir/transfer.yaml" $shards --limit 75 --batch 22
    done
    # shellcheck disable=SC2086
    for optimizer in sgd adam rmsprop adamw adamax nadam adagrad adadelta; do
        compare "$dir/$optimizer.yaml" 4 $short
    done
    [ "$more" = all ] || return
    for path in mnist/cnn cifar10/model10 fashion-mnist/deeper-augmented; do
        set=${path%/*}
        if ! "$isocl" train "$root/models/$path.yaml" --out "$dir/try" --limit 10 --steps 1 >"$dir/said" 2>&1; then
            skipped=$((skipped + 1))
            echo "skip $path: $set cannot be read: $(tail -n 1 "$dir/said")"
            continue
        fi
        rm -rf "$dir/try"
        for shards in 1 2 4 8; do compare "$root/models/$path.yaml" $shards --limit 150 --batch 64 --steps 3; done
    done
}

# random N: sets $drawn to a whole number from 0 to N - 1.
state=${SEED:-1}
random() {
    state=$(((state * 1103515245 + 12345) % 2147483648))
    drawn=$((state / 65536 % $1))
}

killed() {
    digits killed "$network
optimizer: adam
train: {batch_size: 22, epochs: 60, shards: 8}"
    long="--device cpu --limit 400 --checkpoint-minutes 0.0002"
    # shellcheck disable=SC2086
    train "$dir/killed.yaml" 0 alone $long
    want=$hash i=0
    while [ $i -lt "$1" ]; do
        i=$((i + 1))
        random 3; many=$((2 + drawn))
        random 20; moment=$drawn
        random 5; others=$drawn
        rm -rf "$dir/lost"
        # shellcheck disable=SC2086
        $mpirun -n $many "$isocl" train "$dir/killed.yaml" --out "$dir/lost" $long >"$dir/said" 2>&1 &
        first=$! tries=0
        until [ -s "$dir/lost/state" ] || [ $tries -ge 600 ]; do sleep 0.1; tries=$((tries + 1)); done
        sleep "$((moment / 10)).$((moment % 10))"
        random $many
        victim=$(below $first | sed -n "$((drawn + 1))p")
        [ -z "$victim" ] || kill -9 "$victim"
        tries=0
        while kill -0 $first 2>/dev/null && [ $tries -lt 600 ]; do sleep 0.1; tries=$((tries + 1)); done
        if kill -0 $first 2>/dev/null; then
            fail "training $i: $many ranks did not end within 60 s"
            kill -9 $first $(below $first)
            continue
        fi
        wait $first && over="; it was over already" || over=
        [ $others -ne $many ] || others=$((many + 1))
        [ $others -ne 1 ] || others=0
        train "" $others lost --resume --device cpu
        if [ "$hash" = "$want" ]; then
            pass
            echo "training $i: process $drawn of $many killed, $others went on$over"
        else
            fail "training $i: process $drawn of $many killed after $moment tenths of a second, resumed with $others: '$hash' instead of $want"
        fi
    done
}

case $way in
    hashes) hashes ;;
    killed) killed "${more:-100}" ;;
    *) echo "ranks_campaign.sh ISOCL hashes [all] | killed COUNT"; exit 2 ;;
esac
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
