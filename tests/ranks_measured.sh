#!/bin/sh
# ranks_measured.sh ISOCL [MODEL [BATCH [LIMIT]]]: prints what `isocl scale` predicts beside what ranks reach here, in
# images/s: 2 and 4 ranks of one thread each on this machine, and, for root, 2 ranks in two network namespaces that
# tests/relay/relay.c joins by 1 and 10 Gbit/s with 1 ms of delay each way. One rank's measured rate is what the simulator
# computes with. Four ranks on two processors take turns, which --processors tells it. Then it cuts the namespaces off
# from each other in a training: both ranks must end, with a sentence that names the rank.
# PART=threads does another thing instead: for three models it prints the images/s of two ranks of one thread beside
# those of one process of two threads, with the same two shards; each is the best of three turns, which alternate.
# Run it on a quiet machine. ISOCL_RANK_SECONDS (20 here) is the silence after which a rank counts as lost; all must have
# ended SECONDS_LOST (120) later. PART=cut does only this last part, and PART=alone only what needs no namespaces.
set -u
isocl=$1 model=${2:-models/mnist/cnn.yaml} batch=${3:-128} limit=${4:-6400}
. "$(dirname "$0")/ranks_common.sh"
export ISOCL_RANK_SECONDS="${ISOCL_RANK_SECONDS:-20}"
processors=$(nproc)
set -- --limit "$limit" --batch "$batch" --epochs 2 --threads 1 --device cpu

# rate NAME: the images/s of the last epoch.
rate() {
    awk -F, 'NR == 1 { while ($++at != "images_per_second" && at < NF); } END { printf "%.1f", $at }' \
        "$dir/$1/history.csv" 2>/dev/null
}

# predicted RANKS OPTIONS...
predicted() {
    ranks=$1; shift
    "$isocl" scale "$model" --batch "$batch" --on server --rate "$one" --ranks "$ranks" "$@" |
        awk -v n="$ranks" '$1 == n { print $3 }'
}

# compare WHAT PREDICTED MEASURED
compare() {
    awk -v what="$1" -v p="$2" -v m="$3" 'BEGIN {
        if (m == "") { printf "%-34s %10.0f %10s\n", what, p, "failed"; exit }
        printf "%-34s %10.0f %10.0f %+8.0f%%\n", what, p, m, 100 * (p / m - 1)
    }'
}

# measure OPTIONS...: without the network.
measure() {
    train "$model" 0 one "$@"
    one=$(rate one)
    [ -n "$one" ] || { fail "one process"; exit 1; }
    printf '%-34s %10s %10s %9s\n' 'images/s' PREDICTED MEASURED DISTANCE
    compare 'one rank, one thread' "$one" "$one"
    for ranks in 2 4; do
        train "$model" $ranks "ranks$ranks" "$@" --set train.shards=$ranks
        compare "$ranks ranks, memory, $processors processors" \
            "$(predicted $ranks --network memory --processors "$processors")" "$(rate ranks$ranks)"
    done
}

# against TURNS MODEL BATCH LIMIT [DATA]: two ranks beside two threads.
against() {
    turns=$1 path=$2 batch=$3 limit=$4 data=${5:-} rates=
    while [ "$turns" -gt 0 ]; do
        turns=$((turns - 1))
        for number in 0 2; do
            rm -rf "$dir/turn"
            train "$path" $number turn --device cpu --set train.shards=2 --epochs 2 --batch "$batch" --limit "$limit" \
                --threads $((2 - number / 2)) ${data:+--data "$data"}
            rates="$rates $number $(rate turn)"
        done
    done
    echo "$rates" | awk -v what="$path" '{ for (i = 1; i < NF; i += 2) if ($(i + 1) > best[$i]) best[$i] = $(i + 1)
        printf "%-34s %10.0f %10.0f %9.3f\n", what, best[0], best[2], best[2] / best[0] }'
}

if [ "${PART:-}" = threads ]; then
    # As mpirun starts two ranks unless it is told otherwise: each on a processor of its own.
    mpirun=$(echo "$mpirun" | sed 's/--bind-to none//; s/--mca btl_vader_single_copy_mechanism none//')
    # (Images of another set would do as well: what they show changes no time.)
    mkdir -p "$dir/data/cifar-100-binary"
    for split in train test; do
        head -c $((3074 * 2000)) /dev/urandom | LC_ALL=C tr '\020-\377' '\017' >"$dir/data/cifar-100-binary/$split.bin"
    done
    printf '%-34s %10s %10s %9s\n' 'images/s' '2 THREADS' '2 RANKS' SHARE
    against 3 models/mnist/cnn.yaml 128 6400
    against 3 models/cifar10/model10.yaml 128 1024
    against 3 models/cifar100/elu.yaml 128 256 "$dir/data"
    exit
fi
[ "${PART:-}" = cut ] || measure "$@"
[ "${PART:-}" = alone ] && exit

[ "$mpi" = openmpi ] && [ "$(id -u)" -eq 0 ] && [ -e /dev/net/tun ] || { echo "skip namespaces: they need root and Open MPI"; exit 0; }
${CC:-cc} -O2 -o "$dir/relay" "$(dirname "$0")/relay/relay.c" || exit 1
a=isocl-a-$$ b=isocl-b-$$ relay=
# separate: ends what runs in the two namespaces, and removes them.
separate() {
    [ -z "$relay" ] || { kill "$relay"; wait "$relay"; }
    for end in $a $b; do
        # shellcheck disable=SC2046
        kill -KILL $(ip netns pids $end)
        ip netns del $end
    done
    relay=
} 2>/dev/null
clean() {
    separate
    rm -rf "$dir"
}
trap clean EXIT
printf '#!/bin/sh\nshift\nexec ip netns exec %s sh -c "$*"\n' $b >"$dir/agent"
chmod +x "$dir/agent"

# join BITS: two namespaces, until the next call.
join() {
    separate
    ip netns add $a && ip netns add $b || exit 1
    "$dir/relay" $a $b "$1" 1000 >"$dir/ready" &
    relay=$!
    while kill -0 $relay 2>/dev/null && ! grep -q ready "$dir/ready"; do sleep 0.1; done
    for end in "$a 1" "$b 2"; do
        # shellcheck disable=SC2086
        set -- $end
        ip -n "$1" link set lo up
        ip -n "$1" addr add "10.97.0.$2/24" dev relay0
        ip -n "$1" link set relay0 mtu 60000 up
    done
}

# apart OUT OPTIONS...: two ranks, one in each namespace.
apart() {
    out=$1; shift
    ip netns exec $a timeout "${RANKS_SECONDS:-300}" $mpirun -n 2 --host 10.97.0.1:1,10.97.0.2:1 \
        --mca plm_rsh_agent "$dir/agent" --mca btl tcp,self --mca btl_tcp_if_include relay0 \
        --mca oob_tcp_if_include relay0 -x ISOCL_RANK_SECONDS "$isocl" train "$model" --out "$dir/$out" --set train.shards=2 \
        "$@" >"$dir/said" 2>&1
}

for gigabits in 1 10; do
    [ "${PART:-}" != cut ] || { join 1e9; break; }
    join ${gigabits}e9
    apart "apart$gigabits" "$@"
    compare "2 ranks, $gigabits Gbit/s and 1 ms" \
        "$(predicted 2 --network ethernet-$gigabits --delay 1 --processors "$processors")" "$(rate apart$gigabits)"
done

# ---- a host is lost ----
# ranks: prints the processes of the ranks, and all those of mpirun for it.
ranks() { ps -eo pid=,comm=,args= | awk -v out="$dir/cut" 'index($0, out) && $2 == "isocl" { print $1 }'; }
started() { ps -eo pid=,comm=,args= | awk -v dir="$dir" 'index($0, dir) && $2 ~ /^(mpirun|timeout|isocl)/ { print $1 }'; }

apart cut --limit "$limit" --batch "$batch" --epochs 100000 --threads 1 --device cpu &
waited=0
while [ ! -s "$dir/cut/history.csv" ] && [ $waited -lt 60 ]; do sleep 1; waited=$((waited + 1)); done
[ "$(ranks | wc -l)" -eq 2 ] || { fail "two ranks do not run"; exit 1; }
ip -n $b link set relay0 down
took=0
while [ -n "$(ranks)" ] && [ $took -lt "${SECONDS_LOST:-120}" ]; do sleep 1; took=$((took + 1)); done
left=$(ranks | wc -l)
# Open MPI's own processes wait for each other for longer.
# shellcheck disable=SC2046
kill $(started) 2>/dev/null
if [ "$left" -eq 0 ] && grep -q 'rank 1' "$dir/said"; then
    echo "a host cut off: both ranks had ended $took s later: $(grep -m 1 'rank 1' "$dir/said")"
else
    fail "a host cut off: $left ranks still ran $took s later"
    exit 1
fi
