# ranks_common.sh: what ranks.sh and ranks_campaign.sh share. They set $isocl and read this file, which finds mpirun, ends
# the script with a word where ranks cannot run, and makes the folder $dir. $pocl is 1 if PoCL is there.
export TERM=dumb ISOCL_QUIET=1
passed=0 failed=0

skip() { echo "skip ranks: $1"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }
pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); echo "FAIL $1"; [ ! -s "$dir/said" ] || tail -n 20 "$dir/said"; }

case $("$isocl" --version) in
    *'Open MPI'*) mpi=openmpi ;;
    *MPICH*) mpi=mpich ;;
    *) skip "this isocl was built without MPI" ;;
esac
mpirun=${MPIRUN:-$(command -v mpirun.$mpi || command -v mpirun)} || skip "there is no mpirun"
# A test may run as root, and with more ranks than there are processors.
if [ $mpi = openmpi ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    mpirun="$mpirun --oversubscribe --bind-to none --mca btl_vader_single_copy_mechanism none"
fi
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
# shellcheck disable=SC2086
$mpirun -n 2 "$isocl" --version >"$dir/said" 2>&1 || { cat "$dir/said"; skip "$mpirun does not run here"; }
pocl=
"$isocl" devices 2>/dev/null | grep -q 'Portable Computing' && pocl=1

# train FILE RANKS OUT OPTIONS...: sets $hash, "" after a failure. RANKS 0: without mpirun.
train() {
    file=$1 ranks=$2 out=$3; shift 3
    start=
    [ "$ranks" -eq 0 ] || start="$mpirun -n $ranks"
    # shellcheck disable=SC2086
    timeout "${RANKS_SECONDS:-300}" $start "$isocl" train $file --out "$dir/$out" "$@" >"$dir/said" 2>&1
    status=$?
    hash=$(sed -n 's/.*weights sha256 \([0-9a-f]*\).*/\1/p' "$dir/said")
}

name=$(basename "$isocl" | cut -c 1-15)
# Prints the processes of isocl below a process.
below() {
    for child in $(ps -o pid= --ppid "$1"); do
        [ "$(ps -o comm= -p "$child")" = "$name" ] && echo "$child"
        below "$child"
    done
}
