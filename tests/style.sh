#!/bin/sh
# style.sh FLAG...: holds the code to its one style: .clang-format (clang-format 14), .clang-tidy (clang-tidy 14),
# and rules of its own: pointers are compared with NULL, headers are named from the root of the repository, no two
# files of core and tools share a name, and comments have a subject (tests/english.sh).
# The flags are those that a compiler needs; `make style` gives them. STYLE_FILES names the files (default: all that
# git knows). Ends with "N passed, N failed, N skipped".
cd "$(dirname "$0")/.." || exit 1
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
passed=0 failed=0 skipped=0

# tool NAME: prints the command of version 14, or nothing.
tool() {
    for command in "$1-14" "$1"; do
        if "$command" --version 2>/dev/null | grep -q 'version 14\.'; then echo "$command"; return; fi
    done
}

# check NAME: what was found is in $out/NAME; nothing is right.
check() {
    if [ -s "$out/$1" ]; then
        failed=$((failed + 1))
        echo "style: $1: $2"
        head -n 60 "$out/$1"
    else
        passed=$((passed + 1))
    fi
}

skip() {
    skipped=$((skipped + 1))
    echo "skip $1: $1 14 is not installed (tools/install-deps.sh develop)"
}

files=${STYLE_FILES:-$(git ls-files '*.c' '*.h' '*.cl')}
c_files=$(printf '%s\n' $files | grep '\.c$')

grep -nE '^ *# *include +"[^"]*/' $files /dev/null | grep -vE '"(core|backends|clkernels|tools|tests)/' >"$out/includes"
check includes 'write a header of another folder from the root of the repository'

# (An op has the same name in every room: core/ops, backends, clkernels.)
printf '%s\n' $c_files | grep -E '^(core|tools)/' | grep -v '^core/ops/' | sed 's|.*/||' | sort | uniq -d >"$out/names"
check names 'give a file of core and tools a name that no other one has'

# shellcheck disable=SC2086
tests/english.sh ${STYLE_FILES:-} >"$out/english"
check english 'begin a comment with a subject or a verb: "Returns ...", "Number of ..."'

format=$(tool clang-format)
if [ -n "$format" ]; then
    "$format" -n -Werror $files 2>&1 | grep 'error:' >"$out/clang-format"
    check clang-format "run $format -i on these"
else
    skip clang-format
fi

query=$(tool clang-query)
if [ -n "$query" ]; then
    pointer='ignoringParenImpCasts(hasType(pointerType()))'
    cat >"$out/matchers" <<END
set bind-root true
set output diag
m unaryOperator(hasOperatorName("!"), hasUnaryOperand($pointer), isExpansionInMainFile())
m expr($pointer, isExpansionInMainFile(), anyOf(hasParent(binaryOperator(hasAnyOperatorName("&&", "||"))), hasParent(ifStmt(hasCondition($pointer))), hasParent(whileStmt(hasCondition($pointer)))), unless(anyOf(hasParent(parenExpr()), has(parenExpr()))))
END
    # (jansson's macros test pointers as they like. Each process filters its own output, whose lines come in pairs.)
    # shellcheck disable=SC2016
    ours='/binds here/ { at = $0; getline; if (!/json_/) print at }'
    printf '%s\n' $c_files | xargs -n 40 -P 2 sh -c '
        query=$1 matchers=$2 ours=$3 n=$4; shift 4
        flags=; while [ $n -gt 0 ]; do flags="$flags $1"; shift; n=$((n - 1)); done
        "$query" -f "$matchers" "$@" -- $flags 2>/dev/null | awk "$ours"' sh "$query" "$out/matchers" "$ours" $# "$@" \
        >"$out/pointers"
    check pointers 'compare a pointer with NULL'
else
    skip clang-query
fi

tidy=$(tool clang-tidy)
if [ -n "$tidy" ]; then
    printf '%s\n' $c_files | xargs -n 12 -P 2 sh -c '
        tidy=$1 n=$2; shift 2
        flags=; while [ $n -gt 0 ]; do flags="$flags $1"; shift; n=$((n - 1)); done
        "$tidy" -quiet "$@" -- $flags 2>/dev/null' sh "$tidy" $# "$@" |
        grep -E '(error|warning):' | sort -u >"$out/clang-tidy"
    check clang-tidy 'see .clang-tidy'
else
    skip clang-tidy
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
