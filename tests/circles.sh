#!/bin/sh
# circles.sh: which files, and which folders, include each other in a circle. A file here is a name: NAME.c and NAME.h
# of a folder are one. Prints each circle, with the includes that close it, and fails where one is not in
# tests/circles.txt, which explains those that are left; also where one there is gone. CIRCLES_FILES names the files
# (default: the .c and .h files of core, tools and backends that git knows).
# Ends with "N passed, N failed, N skipped".
cd "$(dirname "$0")/.." || exit 1
files=${CIRCLES_FILES:-$(git ls-files 'core/*.[ch]' 'core/*/*.[ch]' 'tools/*.[ch]' 'tools/*/*.[ch]' 'backends/*.[ch]' 'backends/*/*.[ch]')}
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT

# One line an include: the file that includes, the file that is included. NAME.c and a private header that includes NAME.h
# belong together: that include is left out.
grep -lE '^/\* [a-z0-9_]+\.h \(private\):' $files >"$out/private"
grep -HoE '^ *# *include +"[^"]+\.h"' $files | sed -E 's/^([^:]*):.*"(.*)"/\1 \2/' | awk '
    { from = $1; to = $2; folder = from; sub("/[^/]*$", "", folder)
      if (to !~ /\//) to = folder "/" to
      print from, to }' >"$out/all"
awk 'FNR == 1 { pass++ }
    pass == 1 { private[$1]; next }
    pass == 2 { includes[$1, $2]; next }
    { own = $1; sub("[.]c$", ".h", own); if (!(($2 in private) && (($2, own) in includes))) print }' \
    "$out/private" "$out/all" "$out/all" >"$out/includes"

# circles LEVEL: reads the includes, and prints a line for each circle of files or folders: its members, sorted. What
# nobody in the rest includes, or what includes nobody there, is on no circle, and goes first.
circles() {
    awk -v level="$1" '
    function unit(path) { sub(level == "folders" ? "/[^/]*$" : "\\.[ch]$", "", path); return path }
    { a = unit($1); b = unit($2); if (a != b && !((a, b) in edge)) { edge[a, b] = 1; out[a] = out[a] " " b; into[b] = into[b] " " a; node[a]; node[b] } }
    function alone(list,    n, i, part) { n = split(list, part, " "); for (i = 1; i <= n; i++) if (part[i] in node) return 0; return 1 }
    function walk(from,    n, i, part) { n = split(out[from], part, " "); for (i = 1; i <= n; i++) if ((part[i] in node) && !((start, part[i]) in reach)) { reach[start, part[i]] = 1; walk(part[i]) } }
    END {
        do { gone = 0; for (n in node) if (alone(out[n]) || alone(into[n])) { delete node[n]; gone = 1 } } while (gone)
        for (start in node) walk(start)
        for (a in node) {
            if (!((a, a) in reach)) continue
            first = a
            for (b in node) if (((a, b) in reach) && ((b, a) in reach) && b < first) first = b
            member[first] = member[first] " " a
        }
        for (f in member) {
            n = split(member[f], part, " ")
            for (i = 2; i <= n; i++) { x = part[i]; for (k = i - 1; k > 0 && part[k] > x; k--) part[k + 1] = part[k]; part[k + 1] = x }
            line = part[1]
            for (i = 2; i <= n; i++) line = line " " part[i]
            print level ": " line
        }
    }' "$out/includes"
}

# explain CIRCLE: the includes between its members.
explain() {
    level=${1%%:*}
    awk -v level="$level" -v members=" ${1#*: } " '
    function unit(path) { sub(level == "folders" ? "/[^/]*$" : "\\.[ch]$", "", path); return path }
    { a = unit($1); b = unit($2)
      if (a != b && index(members, " " a " ") && index(members, " " b " ")) print "    " $1 " includes " $2 }' "$out/includes"
}

{ circles folders; circles files; } | sort >"$out/found"
grep -E '^(folders|files): ' tests/circles.txt | sort >"$out/known"
while read -r circle; do
    echo "circle of $circle"
    [ "${CIRCLES_WHY:-0}" = 1 ] && explain "$circle"
done <"$out/found"
comm -23 "$out/found" "$out/known" >"$out/new"
comm -13 "$out/found" "$out/known" >"$out/gone"
failed=$(cat "$out/new" "$out/gone" | wc -l)
while read -r circle; do
    echo "FAILED: a new circle of $circle"
    explain "$circle"
done <"$out/new"
sed 's/^/FAILED: no longer a circle, take it out of tests\/circles.txt: /' "$out/gone"
echo "$(comm -12 "$out/found" "$out/known" | wc -l) circles are known; $(grep -c '^folders' "$out/found") of folders, $(grep -c '^files' "$out/found") of files"
echo "$((failed == 0)) passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
