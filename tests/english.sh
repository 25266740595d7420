#!/bin/sh
# english.sh [-c] [FILE...]: finds the comments that begin with of, what, which, whether, that or where. Such a comment
# is a fragment without a subject; say what the thing does instead ("Returns ...", "Keeps ...", "Number of ...").
# Prints FILE:LINE:COMMENT for each, or with -c their number in each folder. Without files: all that git knows. Exit
# status 1 if there is any. `make style` runs it.
cd "$(dirname "$0")/.." || exit 2
count=0
[ "$1" = -c ] && { count=1; shift; }
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(git ls-files '*.c' '*.h' '*.cl' '*.def' '*.py' '*.sh' '*.yaml' '*.mk' Makefile .ci/run)

awk -v count=$count '
# Takes strings and character constants out of a line, so that no // in an address counts.
function without_strings(s) {
    gsub(/\\./, "", s)
    gsub(/"[^"]*"/, "", s)
    return s
}
# Judges the text of a comment that begins at this line.
function judge(text,    folder) {
    sub(/^[[:space:]*#\/!<(]*/, "", text)
    total++
    if (tolower(text) !~ /^(of|what|which|whether|that|where)[^a-z0-9_-]/) return
    found++
    if (!count) printf "%s:%d: %s\n", FILENAME, FNR, text
    folder = FILENAME
    sub(/[^\/]*$/, "", folder)
    sub(/\/$/, "", folder)
    in_folder[folder == "" ? "." : folder]++
}
FNR == 1 { going = 0; c = FILENAME ~ /\.(c|h|cl|def)$/ }
c && open { if (/\*\//) open = 0; next }
c {
    line = without_strings($0)
    alone = line ~ /^[[:space:]]*\/\//
    if (match(line, /\/\//) && !(match(line, /\/\*/) && RSTART < index(line, "//"))) {
        if (!alone || !going) judge(substr(line, index(line, "//")))
    } else if (match(line, /\/\*/)) {
        text = substr(line, RSTART)
        judge(text)
        open = text !~ /\*\//
    }
    going = alone
    next
}
{
    line = without_strings($0)
    alone = line ~ /^[[:space:]]*#/
    if (alone && !going) judge(line)
    else if (!alone && match(line, /[[:space:]]#[[:space:]]/)) judge(substr(line, RSTART))
    going = alone
}
END {
    if (count) for (folder in in_folder) printf "%5d %s\n", in_folder[folder], folder | "sort -k2"
    if (count) close("sort -k2")
    if (count) printf "%5d of %d comments\n", found, total
    exit found > 0
}' "$@"
