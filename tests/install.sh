#!/bin/sh
# install.sh: isocl installed under a path with a blank in it, used from another folder, linked by another program
# through pkg-config, removed again, and packaged for Debian. BUILD names the folder it was built in, CC the
# compiler. Run from the root of the repository. Ends with "N passed, N failed, N skipped".
set -u
BUILD=${BUILD:-build} CC=${CC:-cc} MAKE=${MAKE:-make} PKG=${PKG:-pkg-config}
export BUILD CC
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
source=$PWD passed=0 failed=0 skipped=0
unset PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_LIBDIR MAKEFLAGS

# check NAME COMMAND...: what it prints is shown when it fails.
check() {
    name=$1
    shift
    if ("$@") >"$scratch/said" 2>&1; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "FAILED: $name"
        tail -n 30 "$scratch/said"
    fi
}
skip() {
    skipped=$((skipped + 1))
    echo "skipped: $1"
}

prefix=$scratch/a\ prefix
program=$prefix/bin/isocl
install_it() { $MAKE install PREFIX="$prefix"; }

# Nothing in it knows where it was built, and only the pkg-config file and what starts the program, where it is.
no_path_of_ours() {
    test -s "$program" && ! grep -rlF "$source" "$prefix" &&
        ! grep -rlF --exclude=isocl.pc --exclude='libisocl.*' --exclude=isocl "$scratch" "$prefix"
}

# One header is installed, and both libraries show what it declares.
one_header() {
    [ "$(cd "$prefix/include" && find . -type f)" = ./isocl.h ] || return 1
    tests/abi.sh "$prefix/lib/libisocl.so.0" || return 1
    nm -g --defined-only "$prefix/lib/libisocl.a" | awk 'NF == 3 { print $3 }' | sort >"$scratch/static"
    nm -D --defined-only "$prefix/lib/libisocl.so" | awk '{ print $3 }' | sort | diff - "$scratch/static"
}

# Elsewhere, where no models folder is: it finds its own.
runs_from_elsewhere() {
    cd "$scratch" || return 1
    "$program" train models/demo.yaml --device cpu --epochs 1 --quiet --out run 2>told || return 1
    grep 'taking .*share/isocl/models/demo.yaml' told &&
        "$program" parity --devices cpu --ops dense --quick && "$program" devices
}

# The kernels are in the program, where it has OpenCL.
kernels_inside() {
    "$program" --version | grep -q 'no OpenCL' || grep -q 'chains_over_taps(ARGUMENTS)' "$program"
}

manual_and_completions() {
    share=$prefix/share
    grep -q '^\.TH ISOCL 1' "$share/man/man1/isocl.1" && grep -q '_isocl' "$share/zsh/site-functions/_isocl" &&
        bash -n "$share/bash-completion/completions/isocl" && test -s "$share/fish/vendor_completions.d/isocl.fish"
}

# The example, built with what pkg-config says, trains to the weights of `isocl train`.
example_links() {                              # LIBRARY OPTION...: -lisocl or -l:libisocl.a; of pkg-config
    export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
    library=$1; shift
    flags=$($PKG --cflags --libs "$@" isocl) || return 1
    echo "pkg-config: $flags"
    eval "$CC -std=c99 -D_POSIX_C_SOURCE=200809L -Wall -Werror -o \"\$scratch/train_digits\" \
        \"\$prefix/share/doc/isocl/examples/train_digits.c\" \"-Wl,-rpath,\$prefix/lib\" \
        $(echo "$flags" | sed "s/-lisocl/$library/")"
}
example_runs() {
    (cd "$scratch" && rm -rf runs other && ./train_digits "$prefix/share/isocl/models/demo.yaml" 1 >example && cat example &&
        "$program" train models/demo.yaml --epochs 1 --quiet --out other >trained &&
        [ "$(grep -o 'sha256 [0-9a-f]*' example)" = "$(grep -o 'sha256 [0-9a-f]*' trained)" ] &&
        [ "$(grep -c '^digit . is taken for ., with' example)" = 5 ]) || return 1
    printf 'layers: 3\n' >"$scratch/bad.yaml"
    "$scratch/train_digits" "$scratch/bad.yaml" 2>"$scratch/told"
    [ $? -eq 1 ] && grep 'bad.yaml:1:' "$scratch/told"
}

# It goes from phase to phase, stops within one, and goes on, to the weights of `isocl train`.
example_resumes() {
    cat >"$scratch/phases.yaml" <<'END'
model: phased
data: {train: {dataset: 'builtin:digits', split: train, count: 500}}
input: {shape: [28, 28, 1], scale: 1/255}
layers: [flatten, {dense: {units: 10, activation: softmax}}]
loss: categorical_crossentropy
train: {batch_size: 50}
phases: [{name: warm, optimizer: adam, epochs: 2}, {name: last, optimizer: sgd, epochs: 2}]
END
    (cd "$scratch" && ./train_digits phases.yaml 4 15 && ./train_digits --resume runs/phased-001 4 >example &&
        cat example && grep -q 'phase last' example &&
        "$program" train phases.yaml --quiet --out whole >trained &&
        [ "$(grep -o 'sha256 [0-9a-f]*' example)" = "$(grep -o 'sha256 [0-9a-f]*' trained)" ])
}

# All that was installed, and nothing else: the user's data sets may lie in share/isocl.
uninstalls() {
    mkdir "$prefix/share/isocl/mnist" && echo data >"$prefix/share/isocl/mnist/data" &&
        $MAKE uninstall PREFIX="$prefix" && find "$prefix" -type f &&
        [ "$(find "$prefix" -type f)" = "$prefix/share/isocl/mnist/data" ]
}

packages() {
    rm -f "$BUILD"/*isocl*.deb
    $MAKE deb || return 1
    for deb in "$BUILD"/isocl_*.deb "$BUILD"/libisocl0_*.deb "$BUILD"/isocl-dev_*.deb; do
        dpkg-deb --info "$deb" && dpkg-deb -x "$deb" "$scratch/deb" && dpkg-deb --contents "$deb" || return 1
    done
    lib=lib/$(gcc -print-multiarch 2>/dev/null)
    for name in bin/isocl share/man/man1/isocl.1.gz share/zsh/vendor-completions/_isocl share/doc/isocl/copyright \
        share/isocl/models/demo.yaml "$lib/libisocl.a" "$lib/pkgconfig/isocl.pc" "$lib/libisocl.so.0" "$lib/libisocl.so" include/isocl.h \
        share/doc/isocl-dev/examples/train_digits.c; do
        test -s "$scratch/deb/usr/$name" || { echo "no $name"; return 1; }
    done
    dpkg-deb --field "$BUILD"/isocl_*.deb Depends | grep -q 'libyaml-0-2.*libjansson4\|libjansson4.*libyaml-0-2' ||
        return 1
    (cd "$scratch" && deb/usr/bin/isocl --version && deb/usr/bin/isocl summary models/demo.yaml)
}

# The archive, unpacked elsewhere: it takes its own libraries, finds its models, and computes.
bundle() {
    $MAKE bundle && mkdir "$scratch/bundle" && tar -C "$scratch/bundle" -xzf "$BUILD"/isocl-*.tar.gz || return 1
    folder=$(echo "$scratch"/bundle/isocl-*)
    cd "$scratch/bundle" && ln -s "$folder/isocl" started || return 1
    ldd "$folder/bin/isocl" | grep -F "=> $folder/bin/../lib/libyaml" || return 1
    ./started --version && ./started train models/demo.yaml --device cpu --steps 5 --quiet --out run &&
        ls "$folder/licences" | grep libyaml
}

# Who maintains a package is for its maker to say, by DEBEMAIL.
lint() {
    lintian --fail-on error,warning --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog \
        "$BUILD"/isocl_*.deb "$BUILD"/libisocl0_*.deb "$BUILD"/isocl-dev_*.deb
}

check 'make install' install_it
check 'no path of the machine that built it' no_path_of_ours
check 'one header, and its symbols' one_header
check 'the program, from elsewhere' runs_from_elsewhere
check 'the kernels are inside' kernels_inside
check 'manual page and completions' manual_and_completions
if command -v "$PKG" >/dev/null; then
    check 'the example, linked statically' example_links -l:libisocl.a --static
    check 'the example, run with the static library' example_runs
    check 'the example, linked as installed' example_links -lisocl
    check 'the example, run' example_runs
    check 'the example, with phases and a resumed run' example_resumes
else
    skip "pkg-config is not here"
fi
check 'make uninstall' uninstalls
if command -v ldd >/dev/null && command -v objdump >/dev/null; then
    check 'make bundle' bundle
else
    skip "ldd or objdump is not here"
fi
if command -v dpkg-deb >/dev/null; then
    check 'make deb' packages
    if command -v lintian >/dev/null; then
        check 'lintian' lint
    else
        skip "lintian is not here"
    fi
else
    skip "dpkg-deb is not here"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
