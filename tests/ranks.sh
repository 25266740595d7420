#!/bin/sh
# ranks.sh ISOCL: trains with ranks that mpirun starts. Any number of ranks, on any devices, must end with the hash of
# one process; so must a training whose rank is killed, which must end soon with a sentence that names the rank, after
# another number of ranks resumes it. Where there is no mpirun, or this isocl was built without MPI, this is skipped with
# a word. MPIRUN names another mpirun than the one that is found first.
# Ends with "N passed, N failed, N skipped".
set -u
isocl=$1
. "$(dirname "$0")/ranks_common.sh"

# model NAME OPTIMIZER TRAIN [AUGMENTATION]: batches of 22, 22, 22 and 9 rows.
model() {
    cat >"$dir/$1.yaml" <<EOF
data: {train: {dataset: builtin:digits, split: train${5:-}}, validation: {dataset: builtin:digits, split: test}}
input: {shape: [28, 28, 1], scale: 1/255}
augmentation: [${4:-}]
layers:
  - conv2d: {filters: 4, kernel_size: 5, strides: 3, kernel_regularizer: {l2: 0.01}}
  - batch_normalization
  - activation: relu
  - spatial_dropout2d: 0.2
  - flatten
  - dense: {units: 13, activation: tanh}
  - batch_normalization: {momentum: 0.9}
  - dropout: 0.3
  - dense: {units: 10, activation: softmax}
loss: categorical_crossentropy
class_weight: {1: 3, 4: 0.5}
metrics: [accuracy, confusion_matrix]
optimizer: $2
train: {batch_size: 22, epochs: 2, $3}
EOF
}

# same NAME RANKS DEVICES OPTIONS...: the training has the hash $want, and the messages are those that were planned.
same() {
    what="$1 with $2 ranks on $3"
    rm -rf "$dir/run"
    train "$dir/$1.yaml" "$2" run --limit 75 --device "$3" || :
    if [ "$hash" != "$want" ]; then
        fail "$what: weights '$hash' instead of $want"
    elif ! cmp "$dir/alone/batches.csv" "$dir/run/batches.csv" || ! scores alone run; then
        fail "$what: the same weights, and other scores"
    elif [ "$2" -gt 1 ] && ! grep -q ', as planned; it waited' "$dir/said"; then
        fail "$what: the messages are not those that were planned"
    else
        pass
    fi
}

# scores RUN RUN: compares history.csv, but for times.
scores() {
    for run in "$1" "$2"; do
        awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i ~ /second/) time[i] = 1 }
            { for (i = 1; i <= NF; i++) printf "%s,", i in time ? "" : $i; print "" }' \
            "$dir/$run/history.csv" >"$dir/$run.scores"
    done
    cmp "$dir/$1.scores" "$dir/$2.scores"
}

# alone NAME: sets $want.
alone() {
    rm -rf "$dir/alone"
    train "$dir/$1.yaml" 0 alone --limit 75 --device cpu
    want=$hash
    [ -n "$want" ] && pass || fail "$1 without ranks"
}

# ---- the same bits ----
mixed='{random_brightness: {factor: [-0.2, 0.2]}}, {mixup: {alpha: 0.4}}'
for shards in 2 4; do
    model "adam$shards" 'adam' "shards: $shards" "$mixed"
    alone "adam$shards"
    for ranks in 1 2 4; do
        [ $ranks -gt $shards ] && continue
        same "adam$shards" $ranks cpu
        [ -z "$pocl" ] || [ $ranks -eq 1 ] || same "adam$shards" $ranks cpu,opencl:pocl
    done
done
model sgd '{sgd: {learning_rate: 0.1, momentum: 0.9, nesterov: true, global_clipnorm: 1}}' 'shards: 8'
alone sgd
same sgd 3 cpu # 3 shards, 3, and 2; the last batch has rows for 3
model rmsprop '{rmsprop: {clipnorm: 0.5}}' 'shards: 4' '{cutout: {size: 9}}'
alone rmsprop
same rmsprop 2 reference,cpu
model adamw '{adamw: {weight_decay: 0.01, use_ema: true}}' 'shards: 32' # most shards of one row, and some of none
alone adamw
same adamw 4 cpu
model stream adam 'shards: 4' "$mixed" ', stream: true'
alone stream
same stream 2 cpu
same stream 4 cpu

# ---- a shard that two ranks compute ----
alone adam4
rm -rf "$dir/run"
train "$dir/adam4.yaml" 3 run --limit 75 --device cpu,reference --verify 1/2
if [ "$hash" = "$want" ] && grep -q 'verified *4 shards, each computed by two ranks with the same bits' "$dir/said"; then
    pass
else
    fail "--verify with 3 ranks: weights '$hash' instead of $want"
fi
if tr -d ' \n' <"$dir/run/run.json" | grep -q '"verified":{"wanted":"1/2","device":"asecondrank,oneshardeach","known_answers":null,"compared":"bits","steps":4,'; then
    pass
else
    fail "--verify with 3 ranks is not in run.json"
fi

# ---- evaluation ----
"$isocl" eval "$dir/alone" --device cpu --batch 7 --limit 75 >"$dir/want" 2>"$dir/said"
for ranks in 2 4; do
    # shellcheck disable=SC2086
    timeout 100 $mpirun -n $ranks "$isocl" eval "$dir/alone" --device cpu --batch 7 --limit 75 >"$dir/got" 2>"$dir/said"
    if [ -s "$dir/want" ] && cmp "$dir/want" "$dir/got"; then pass; else fail "evaluation with $ranks ranks"; fi
done
# shellcheck disable=SC2086
timeout 100 $mpirun -n 1 "$isocl" eval "$dir/alone" --device cpu --limit 75 : \
    -n 1 "$isocl" eval "$dir/alone" --device cpu --limit 74 >"$dir/said" 2>&1 &&
    fail "evaluation of two limits" || { grep -q 'rank 1 has another data set than rank 0' "$dir/said" && pass || fail "evaluation of two limits: no sentence"; }

# ---- prediction ----
# predict RANKS: with 0, without mpirun.
predict() {
    rm -f "$dir/got.npy" "$dir/got.csv"
    # shellcheck disable=SC2086
    timeout 100 $([ "$1" -eq 0 ] || echo $mpirun -n $1) "$isocl" predict "$dir/alone" --split test --device cpu \
        --batch 7 --limit 75 --layer dense_1 --npy "$dir/got.npy" --csv "$dir/got.csv" >"$dir/got" 2>"$dir/said"
}
predict 0
for file in got got.npy got.csv; do cp "$dir/$file" "$dir/alone.$file"; done
for ranks in 2 4; do
    predict $ranks
    for file in got got.npy got.csv; do
        if [ -s "$dir/$file" ] && cmp "$dir/$file" "$dir/alone.$file"; then pass; else fail "prediction with $ranks ranks: $file"; fi
    done
done

# ---- parity ----
for ranks in 2 3; do
    # shellcheck disable=SC2086
    timeout 100 $mpirun -n $ranks "$isocl" parity "$dir/sgd.yaml" --devices cpu,reference >"$dir/said" 2>&1
    if grep -q '^5 passed, 0 failed, 0 skipped' "$dir/said"; then pass; else fail "parity with $ranks ranks"; fi
done

# ---- what is refused ----
# refused RANKS WORDS OPTIONS...
refused() {
    ranks=$1 words=$2; shift 2
    rm -rf "$dir/run"
    train "$dir/adam4.yaml" "$ranks" run --limit 75 "$@"
    if [ $status -ne 0 ] && grep -q "$words" "$dir/said" && [ ! -e "$dir/run/state" ]; then pass; else fail "refused: $words"; fi
}
refused 1 'a list is for several ranks' --device cpu,cpu
refused 8 'start fewer ranks, or try --set train.shards=8' --device cpu
refused 2 'a list has a device between two commas' --device cpu,,cpu
refused 2 "unknown device 'nothing'" --device cpu,nothing
refused 2 'with ranks, --verify is 1/N' --device cpu --verify replay/2
rm -rf "$dir/run"
# shellcheck disable=SC2086
timeout 100 $mpirun -n 1 "$isocl" train "$dir/adam4.yaml" --limit 75 --out "$dir/run" --device cpu : \
    -n 1 "$isocl" train "$dir/adam4.yaml" --limit 75 --out "$dir/run" --device cpu --seed 5 >"$dir/said" 2>&1 &&
    fail "two seeds" || { grep -q 'rank 1 has another .* than rank 0' "$dir/said" && pass || fail "two seeds: no sentence"; }

# ---- a rank that is killed ----
long="--device cpu --limit 2000 --epochs 30 --checkpoint-minutes 0.0005"
rm -rf "$dir/alone"
# shellcheck disable=SC2086
train "$dir/adam4.yaml" 0 alone $long
want=$hash
# lost SIGNAL RANKS NEXT: a rank is lost, and NEXT ranks go on.
lost() {
    rm -rf "$dir/lost"
    # shellcheck disable=SC2086
    $mpirun -n "$2" "$isocl" train "$dir/adam4.yaml" --out "$dir/lost" $long >"$dir/said" 2>&1 &
    first=$! tries=0
    until [ -s "$dir/lost/weights.safetensors" ] || [ $tries -ge 300 ]; do sleep 0.1; tries=$((tries + 1)); done
    victim=$(below $first | tail -n 1)
    [ -n "$victim" ] && kill "-$1" "$victim"
    tries=0
    while kill -0 $first 2>/dev/null && [ $tries -lt 300 ]; do sleep 0.1; tries=$((tries + 1)); done
    if kill -0 $first 2>/dev/null; then
        fail "SIG$1: $2 ranks did not end within 30 s"
        kill -9 $first $(below $first)
        return
    fi
    wait $first && { fail "SIG$1: the training was over, or did not say that it failed"; return; }
    # (MPICH's mpirun says it itself, and kills the others before they can.)
    if [ "$1" = KILL ] && ! grep -qE 'rank [0-9]* \(process [0-9]*\) has ended without a word|PID [0-9]+ RUNNING' "$dir/said"; then
        fail "SIG$1: no rank named the one that was lost"
        return
    fi
    # shellcheck disable=SC2086
    train "" "$3" lost --resume --device cpu
    [ "$hash" = "$want" ] && pass || fail "SIG$1: resumed with $3 ranks, weights '$hash' instead of $want"
}
# The run's folder goes away: rank 0 cannot save, and the others say so.
rm -rf "$dir/lost"
# shellcheck disable=SC2086
$mpirun -n 3 "$isocl" train "$dir/adam4.yaml" --out "$dir/lost" $long >"$dir/said" 2>&1 &
first=$! tries=0
until [ -s "$dir/lost/weights.safetensors" ] || [ $tries -ge 300 ]; do sleep 0.1; tries=$((tries + 1)); done
mv "$dir/lost" "$dir/moved"
wait $first
if grep -q 'rank 2: rank 0 has failed: ' "$dir/said"; then pass; else fail "the folder that went away"; fi

lost KILL 4 2
lost KILL 2 0
lost TERM 2 4
lost TERM 4 3

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
