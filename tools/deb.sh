#!/bin/sh
# deb.sh BUILD VERSION LIBS CONFIG: makes isocl_VERSION_ARCH.deb (program, models, manual page, completions),
# libisocl0_VERSION_ARCH.deb (the shared library, by the number of its soname) and isocl-dev_VERSION_ARCH.deb (header,
# static library, example) in BUILD of what `make deb` has installed in BUILD/deb/root. Needs dpkg-deb, and no root. DEBFULLNAME and DEBEMAIL name the maintainer.
set -eu
umask 022
build=$1 version=$2 libs=$3 config=$4
command -v dpkg-deb >/dev/null || { echo "deb.sh: dpkg-deb is not here: apt-get install dpkg" >&2; exit 1; }
arch=$(dpkg --print-architecture)
folder=$build/deb program=$build/deb/isocl dev=$build/deb/isocl-dev
so=$(basename "$(find "$folder/root/usr/lib" -name 'libisocl.so.*')")
library=$folder/libisocl${so##*.}
maintainer="${DEBFULLNAME:-The isocl authors} <${DEBEMAIL:-isocl@localhost}>"
# The same commit gives the same package.
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct 2>/dev/null || date +%s)}"
export SOURCE_DATE_EPOCH

# ---- What the packages need -------------------------------------------------------------------

# needs FILE: the shared libraries of a file, with versions by dpkg-shlibdeps, or without.
needs() {
    if command -v dpkg-shlibdeps >/dev/null; then
        mkdir -p "$folder/debian"
        printf 'Source: isocl\nMaintainer: %s\n\nPackage: isocl\nArchitecture: any\nDescription: isocl\n' \
            "$maintainer" >"$folder/debian/control"
        (cd "$folder" && dpkg-shlibdeps -O "$1" 2>/dev/null) | sed 's/^shlibs:Depends=//'
    else
        ldd "$folder/$1" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | while read -r library; do
            dpkg -S "$(readlink -f "$library")" || dpkg -S "$library"
        done 2>/dev/null | sed 's/:.*//' | sort -u | paste -sd, | sed 's/,/, /g'
    fi
}

# Prints the packages that a program needs to link libisocl.a.
dev_needs() {
    for library in $libs; do
        case $library in
        -L* | -lm | -ldl | -lpthread) ;;
        -lyaml) echo libyaml-dev ;;
        -ljansson) echo libjansson-dev ;;
        -lz) echo zlib1g-dev ;;
        -lhdf5*) echo libhdf5-dev ;;
        -lpng*) echo libpng-dev ;;
        -ljpeg) echo libjpeg-dev ;;
        -lgif) echo libgif-dev ;;
        -lwebp*) echo libwebp-dev ;;
        -ltiff) echo libtiff-dev ;;
        -lheif) echo libheif-dev ;;
        -lprotobuf-c) echo libprotobuf-c-dev ;;
        *) echo "deb.sh: say here which package has $library" >&2; exit 1 ;;
        esac
    done | sort -u | paste -sd, | sed 's/,/, /g'
}

# ---- Making one -------------------------------------------------------------------------------

# Copyright and changelog, without which no package is complete.
add_documents() {
    doc=$1/usr/share/doc/${1##*/}
    mkdir -p "$doc"
    {
        echo 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/'
        echo 'Upstream-Name: isocl'
        printf '\nFiles: *\nCopyright: %s\nLicense: Expat\n' "$(sed -n 's/^Copyright (c) //p' LICENSE)"
        sed -e '1,/^Copyright/d' -e 's/^$/./' -e 's/^/ /' LICENSE | sed '1{/^ \.$/d}'
    } >"$doc/copyright"
    printf 'isocl (%s) unstable; urgency=low\n\n  * As built from its sources.\n\n -- %s  %s\n' "$version" \
        "$maintainer" "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$doc/changelog.gz"
}

# pack FOLDER: adds sums and size, and builds FOLDER.deb; the control file's first lines come from stdin.
pack() {
    add_documents "$1"
    mkdir -p "$1/DEBIAN"
    {
        echo "Package: ${1##*/}"
        echo "Version: $version"
        echo "Architecture: $arch"
        echo "Maintainer: $maintainer"
        echo "Installed-Size: $(du -sk "$1/usr" | cut -f 1)"
        echo "Priority: optional"
        case ${1##*/} in libisocl*) echo "Multi-Arch: same" ;; esac
        cat
    } >"$1/DEBIAN/control"
    (cd "$1" && find usr -type f | LC_ALL=C sort | tr '\n' '\0' | xargs -0 md5sum >DEBIAN/md5sums)
    chmod -R u+rwX,go+rX,go-w "$1"
    dpkg-deb --root-owner-group --build "$1" "$build/${1##*/}_${version}_$arch.deb"
}

rm -rf "$program" "$dev" "$library"
mkdir -p "$dev/usr/share/doc/isocl-dev" "$library/usr"
mv "$folder/root" "$program"
mv "$program/usr/lib" "$program/usr/include" "$dev/usr/"
at=$(dirname "$(cd "$dev" && find usr/lib -name "$so")")
mkdir -p "$library/$at"
mv "$dev/$at/$so" "$library/$at/"
mv "$program/usr/share/doc/isocl/examples" "$dev/usr/share/doc/isocl-dev/"
gzip -9n "$program/usr/share/man/man1/isocl.1"
strip --strip-unneeded -R .comment -R .note "$program/usr/bin/isocl" "$library/$at/$so"

# depends FILE: the fields that say what it needs.
depends() {
    needs=$(needs "$1")
    [ -n "$needs" ] || { echo "deb.sh: cannot tell which libraries $1 needs" >&2; exit 1; }
    echo "Depends: $needs"
    case $config in
    *HAVE_OPENCL*) printf 'Recommends: ocl-icd-libopencl1 | libopencl1\nSuggests: pocl-opencl-icd, libclblast1\n' ;;
    esac
}
{
    depends isocl/usr/bin/isocl
    cat <<'END'
Section: science
Description: deep-learning trainer with the same numbers on every device
 isocl trains image classifiers from a YAML file: on a processor, and through
 OpenCL on AMD, Intel and NVIDIA GPUs. In exact mode the same model file gives
 the same bits on every device, and isocl parity proves it.
END
} | pack "$program"
mkdir -p "$library/DEBIAN"
echo "libisocl ${so##*.} ${library##*/}" >"$library/DEBIAN/shlibs"
echo 'activate-noawait ldconfig' >"$library/DEBIAN/triggers"
{
    depends "${library##*/}/$at/$so"
    cat <<'END'
Section: libs
Description: deep-learning trainer with the same numbers on every device (shared library)
 isocl trains image classifiers from a YAML file: on a processor, and through
 OpenCL on AMD, Intel and NVIDIA GPUs.
 .
 This package has the library for programs that train, evaluate and predict.
END
} | pack "$library"
needs=$(dev_needs)
{
    echo "Depends: libc6-dev, ${library##*/} (= $version), $needs"
    cat <<'END'
Suggests: isocl, pkg-config
Section: libdevel
Description: deep-learning trainer with the same numbers on every device (library)
 isocl trains image classifiers from a YAML file: on a processor, and through
 OpenCL on AMD, Intel and NVIDIA GPUs.
 .
 This package has the header, the static library, a pkg-config file, and an
 example in C.
END
} | pack "$dev"
