#!/bin/sh
# abi.sh LIBRARY: holds the shared library to its header and to what was promised. tests/abi.txt lists every function of
# core/isocl.h with its type; the header must declare these, the library show these and no other symbol, and its soname
# be the one in the list. Prints the size of the public surface. `abi.sh --write` makes the list of the header: what it
# adds needs nothing else, what it changes or takes away needs a higher SOVERSION in the Makefile.
# Ends with "N passed, N failed, N skipped".
cd "$(dirname "$0")/.." || exit 1
LC_ALL=C
export LC_ALL
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
passed=0 failed=0 skipped=0

# One line a function or type: no comments, no preprocessor, single blanks.
declarations() {
    sed -e 's|/\*.*\*/||' -e '/\/\*/,/\*\//d' -e '/\\$/,/[^\\]$/d' -e '/^ *#/d' core/isocl.h | tr '\n' ' ' |
        sed -e 's/extern "C" {//' -e 's/  */ /g' -e 's/\([{][^}]*[}]\)/\1/g' |
        awk 'BEGIN { RS = ";"; depth = 0 }
             { text = text (text == "" ? "" : ";") $0
               depth += gsub(/{/, "{") - gsub(/}/, "}")
               if (depth <= 0) { sub(/^ */, "", text); if (text ~ /[a-z]/) print text; text = ""; depth = 0 } }'
}

list() {
    echo "soname libisocl.so.$(sed -n 's/^SOVERSION := //p' Makefile)"
    declarations | sed -n 's/^ISOCL_API //p' | sort
    declarations | sed -n '/^typedef/p' | sort
}

check() { # NAME WANTED FOUND
    if diff "$2" "$3" >"$out/diff"; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "FAILED: $1 (<: promised, >: found)"
        head -n 40 "$out/diff"
    fi
}

if [ "${1:-}" = --write ]; then
    list >tests/abi.txt
    exit
fi
library=${1:-build/libisocl.so.0}
list >"$out/header"
check 'core/isocl.h differs from tests/abi.txt' tests/abi.txt "$out/header"
tools/api_page.sh >"$out/page"
check 'core/isocl.md is not made of core/isocl.h: make docs' core/isocl.md "$out/page"
sed -n '/^typedef/d; s/.*[ *]\(isocl_[a-z0-9_]*\)(.*/\1/p' tests/abi.txt | sort >"$out/promised"
if command -v nm >/dev/null && command -v objdump >/dev/null; then
    nm -D --defined-only "$library" | awk '{ print $NF }' | sort >"$out/exported"
    check "the symbols of $library" "$out/promised" "$out/exported"
    head -n 1 tests/abi.txt >"$out/soname"
    objdump -p "$library" | awk '$1 == "SONAME" { print "soname", $2 }' >"$out/own"
    check "the soname of $library" "$out/soname" "$out/own"
    echo "1 header, $(wc -l <"$out/promised") functions, $(wc -l <"$out/exported") exported symbols"
else
    skipped=2
    echo "skipped: nm or objdump is not here (binutils)"
fi

# The header alone, as the first of a file, in both languages.
alone() { # COMPILER OPTION...
    command -v "$1" >/dev/null || { skipped=$((skipped + 1)); echo "skipped: $1 is not here"; return; }
    if "$@" -Wall -Wextra -Wpedantic -Werror -fsyntax-only core/isocl.h >"$out/said" 2>&1; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "FAILED: the header alone: $*"
        head -n 20 "$out/said"
    fi
}
alone "${CC:-cc}" -std=c99 -x c
alone "${CC:-cc}" -std=c11 -x c
for cxx in g++ clang++; do
    alone $cxx -std=c++98 -Wno-long-long -Wno-variadic-macros -x c++
    alone $cxx -std=c++17 -x c++
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
