#!/bin/sh
# api_page.sh: writes the reference of the library, in Markdown, from the comments and declarations of core/isocl.h.
# `make docs` keeps it as core/isocl.md; tests/abi.sh fails where it is not that of the header.
cd "$(dirname "$0")/.." || exit 1
echo '# The library'
echo
echo 'Made of [isocl.h](isocl.h) by `make docs`. [tools/example/train_digits.c](../tools/example/train_digits.c) uses it.'
awk '
    # Text of a comment without its marks.
    function strip(line) { sub(/^ *\/\* ?/, "", line); sub(/^ \* ?/, "", line); sub(/ *\*\/ *$/, "", line); return line }
    function flush_text() { if (text != "") print "\n" text; text = "" }
    function flush_code() { if (code != "") { flush_text(); print "\n```c\n" code "```" } code = "" }

    /^\/\* ---- / { flush_code(); sub(/^\/\* ---- /, ""); sub(/ -+ \*\/$/, ""); print "\n## " $0; body = 1; next }
    /^\/\*/ && !inside && (body || NR == 1) { flush_code(); comment = 1 }
    comment {
        line = strip($0)
        if (line ~ /^  / && !fenced) { text = text (text == "" ? "" : "\n\n") "```c"; fenced = 1 }
        else if (fenced && line !~ /^  /) { text = text "\n```\n"; fenced = 0 }
        text = text (text == "" ? "" : "\n") line
    }
    comment && /\*\/ *$/ { comment = 0; if (fenced) text = text "\n```"; fenced = 0; if (!body) flush_text(); next }
    comment { next }
    !body || /^#/ || /^} *$/ && !inside { next }
    /^$/ { flush_code(); flush_text(); next }
    {
        code = code $0 "\n"
        if ($0 ~ /{ *$/) inside = 1
        if ($0 ~ /^}/) inside = 0
    }
    END { flush_code(); flush_text() }' core/isocl.h | sed 's/^ISOCL_API //' | cat -s
