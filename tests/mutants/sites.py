"""Places in a C or OpenCL C file where one small change makes a mutant.

sites(text) returns (start, end, replacement, what) for each: the slice text[start:end] is replaced. Comments, strings,
includes and conditions of the preprocessor are left alone; bodies of macros are code."""
import re

# Operator, replacement, what kind of fault it is. Spaces around it tell a binary operator from others.
OPERATORS = [
    (r" \+ ", " - ", "sign"), (r" - ", " + ", "sign"), (r" \* ", " + ", "index"), (r" / ", " * ", "index"),
    (r" % ", " / ", "index"), (r" < ", " <= ", "bound"), (r" <= ", " < ", "bound"), (r" > ", " >= ", "bound"),
    (r" >= ", " > ", "bound"), (r" == ", " != ", "condition"), (r" != ", " == ", "condition"),
    (r" && ", " || ", "condition"), (r" \|\| ", " && ", "condition"), (r" \+= ", " = ", "accumulate"),
    (r" \|= ", " = ", "accumulate"), (r" >> ", " << ", "index"), (r" & ", " | ", "index"),
]
BARRIER = re.compile(r"\bbarrier\s*\([^;]*\)\s*;")
FMA = re.compile(r"\b(?:iso_)?fma\s*\(")
NUMBER = re.compile(r"(?<![\w.])(\d+)(?![\w.xX])")
ADD_FLAG = re.compile(r"\badd(?:_dx|_dw)?\b(?=\s*(?:\?|&&|\)))")


def blank(text):
    """The text with comments, strings and preprocessor lines that are no macros' bodies replaced by spaces."""
    def spaces(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    text = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', spaces, text, flags=re.S)
    text = re.sub(r"^[ \t]*#[ \t]*(?:include|if|ifdef|ifndef|elif|else|endif|error|pragma|undef|line)\b[^\n]*",
                  spaces, text, flags=re.M)
    text = re.sub(r"^[ \t]*#[ \t]*define[ \t]+\w+(?:\([^)]*\))?", spaces, text, flags=re.M)
    text = re.sub(r"__builtin_prefetch\([^;]*;|\bprefetch\([^;]*;", spaces, text)  # has no effect on results
    return re.sub(r"__attribute__\s*\(\(.*?\)\)\)?|^\s*assert\(.*?\);", spaces, text, flags=re.S | re.M)


def last_argument(code, start):
    """The slice of the last argument of the call whose parenthesis is before start; None if it does not end."""
    depth, comma = 1, None
    for i in range(start, len(code)):
        c = code[i]
        depth += (c in "([{") - (c in ")]}")
        if c == "," and depth == 1:
            comma = i + 1
        if depth == 0:
            return (comma, i) if comma else None
    return None


def sites(text):
    code, found = blank(text), []
    for pattern, by, what in OPERATORS:
        for m in re.finditer(pattern, code):
            found.append((m.start(), m.end(), by, what))
    for m in BARRIER.finditer(code):
        found.append((m.start(), m.end(), ";", "barrier"))
    for m in FMA.finditer(code):
        where = last_argument(code, m.end())
        if where:
            found.append((where[0], where[1], " 0", "accumulate"))
    for m in NUMBER.finditer(code):
        found.append((m.start(), m.end(), str(int(m.group(1)) + 1), "constant"))
        if m.group(1) == "1":
            found.append((m.start(), m.end(), "0", "constant"))
    for m in ADD_FLAG.finditer(code):
        found.append((m.start(), m.end(), "0", "accumulate"))
    return sorted(found)


def mutate(text, site):
    start, end, by, _ = site
    return text[:start] + by + text[end:]
