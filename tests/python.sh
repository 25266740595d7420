#!/bin/sh
# python.sh: makes the wheel of the Python package, installs it into a clean virtual environment, and runs its example and
# its tests there, in an empty folder. BUILD names the folder of the build. NumPy is installed with pip; where that cannot
# be, the system's is taken; without either everything is skipped. Ends with "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build} MAKE=${MAKE:-make} PYTHON=${PYTHON:-python3}
export BUILD
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
passed=0 failed=0
unset PYTHONPATH LD_LIBRARY_PATH MAKEFLAGS

skip() {
    echo "skipped: $1"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}

# check NAME COMMAND...: its output is shown when it fails.
check() {
    name=$1
    shift
    if "$@" >"$out/said" 2>&1; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "FAILED: $name"
        tail -n 40 "$out/said"
    fi
}

command -v "$PYTHON" >/dev/null || skip "$PYTHON is not here"
"$PYTHON" -m venv "$out/venv" >"$out/said" 2>&1 || skip "$PYTHON makes no virtual environment (Debian: python3-venv)"
if ! "$out/venv/bin/pip" install -q --disable-pip-version-check --retries 0 --timeout 20 numpy >"$out/said" 2>&1; then
    "$PYTHON" -m venv --clear --system-site-packages "$out/venv"
    "$out/venv/bin/python" -c 'import numpy' 2>/dev/null || skip 'pip cannot install NumPy, and the system has none'
fi
python=$out/venv/bin/python root=$PWD
rm -f "$BUILD"/isocl-*.whl
check 'make wheel' "$MAKE" wheel
check 'pip install' "$out/venv/bin/pip" install -q --disable-pip-version-check --no-deps "$BUILD"/isocl-*.whl

# From here on nothing of the clone is used but these two files.
mkdir "$out/empty"
cd "$out/empty" || exit 1
check 'the example' "$python" "$root/tools/example/train_digits.py"
check 'the command' "$out/venv/bin/isocl" --version
check 'the package' "$python" "$root/tests/python_package.py" "$out/venv/bin/isocl"
grep -E '^Ran ' "$out/said"
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
