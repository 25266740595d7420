#!/bin/sh
# first_hour.sh [README]: does what the README tells a newcomer to do, and compares what is printed with what stands
# there. A session is fenced code after the line <!-- first hour -->: `$ ` begins a command, the lines up to the next
# one are its output, `...` stands for any lines, and `^C` is where Ctrl-C is pressed, once the line above it has begun.
# Sessions run in a scratch folder, which is HOME, too, and has links to all that the repository has; they see no OpenCL
# device, so that a CPU trains. Allowed to differ: seconds, images/s, MB/s, a device's name, and the step at which Ctrl-C
# came. Run from the root of the repository. Ends with "N passed, N failed, N skipped": the commands.
set -u
readme=$(realpath "${1:-README.md}") || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/work"
for entry in *; do ln -s "$PWD/$entry" "$scratch/work/$entry"; done
rm -f "$scratch/work/runs"
export HOME="$scratch/work" PATH="$scratch/work/.local/bin:$PATH" OCL_ICD_VENDORS=/nonexistent \
    XDG_CACHE_HOME="$scratch/cache" TERM=dumb
passed=0 failed=0

# Replaces numbers that differ between machines and runs with N.
plain() {
    sed -E -e 's/[0-9.]+ (images|MB)\/s/N \1\/s/g' -e 's/[0-9.]+ s( |$)/N s\1/g' -e 's/[0-9]+:[0-9]+ (min|h)/N s/g' \
        -e 's/(exact|fast)  ([a-z]+[a-z0-9:.]*) \(.*\)/\1  \2 (NAME)/' -e 's/after step [0-9]+/after step N/' \
        -e 's/ +/ /g' -e 's/ $//' "$1"
}

# Succeeds if the lines of $1, in which ... stands for any lines, are those of $2.
same() {
    plain "$1" >"$scratch/want"
    plain "$2" >"$scratch/have"
    awk 'NR == FNR { want[++n] = $0; next } { have[++m] = $0 }
         END { for (i = k = 1; i <= n; i++) {
                   if (want[i] == "...") { any = 1; continue }
                   while (any && k <= m && have[k] != want[i]) k++
                   if (k > m || have[k] != want[i]) { print "expected: " want[i]; exit 1 }
                   k++; any = 0
               }
               if (k <= m && !any) { print "not expected: " have[k]; exit 1 } }' "$scratch/want" "$scratch/have"
}

# Presses Ctrl-C once a line of the output begins with $1.
press() {
    for _ in $(seq 600); do
        if grep -q "^$1" "$scratch/got"; then kill -INT "$2"; return; fi
        sleep 0.1
    done
    kill "$2"
}

# Runs the command, whose output is expected in $scratch/expected.
run() {
    [ -n "$command" ] || return
    before=$(grep -B 1 '^\^C$' "$scratch/expected" | sed -n '1{s/  .*//;p}')
    sed '/^\^C$/d' "$scratch/expected" >"$scratch/without" && mv "$scratch/without" "$scratch/expected"
    cd "$scratch/work" || exit 1
    if [ -n "$before" ]; then
        env --default-signal=INT sh -c "exec $command" >"$scratch/got" 2>&1 &
        press "$before" $!
        wait $!
    else
        sh -c "$command" >"$scratch/got" 2>&1
    fi
    if same "$scratch/expected" "$scratch/got" >"$scratch/difference"; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "FAILED: $command"
        cat "$scratch/difference"
        echo 'it printed:'
        cat "$scratch/got"
    fi
}

awk '/^<!-- first hour -->$/ { marked = 1; next } /^```/ { inside = marked && !inside; marked = inside; next }
     inside { print } !/^```/ && !inside { marked = 0 }' "$readme" >"$scratch/session"
command=
: >"$scratch/expected"
while IFS= read -r line <&3; do
    case $line in
    '$ '*)
        run
        command=${line#'$ '}
        : >"$scratch/expected" ;;
    *) printf '%s\n' "$line" >>"$scratch/expected" ;;
    esac
done 3<"$scratch/session"
run
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
