#!/bin/sh
# bundle.sh BUILD VERSION PROGRAM: puts isocl and the libraries that it needs into one folder and one archive, for a
# machine where nothing can be installed. PROGRAM looks for libraries in ../lib (`make bundle` links it so). The C
# library stays behind, as it belongs to the system: the bundle runs where that is as new as here, or newer. The OpenCL
# loader and CLBlast, which isocl opens when it runs, come along; drivers do not: they are the other machine's.
set -eu
build=$1 version=$2 program=$3
name=isocl-$version-$(uname -m)
out=$build/$name
rm -rf "$out" "$out.tar.gz"
mkdir -p "$out/bin" "$out/lib/cxx" "$out/share/isocl" "$out/licences"

# Libraries that are the system's: the C library and what belongs to it.
system='^(linux-vdso|ld-linux.*|ld64|libc|libm|libdl|libpthread|librt|libresolv|libutil|libmvec|libnss_.*|libanl)\.so'

# needed FILE...: the paths of all libraries that these need, and those need.
needed() { ldd "$@" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u; }

# opened NAME: the path of a library that is opened by its name, or nothing.
opened() { ldconfig -p | awk -v name="$1" '$1 == name { print $NF; exit }'; }

# licence LIBRARY: keeps the text that the library came with, where dpkg knows it.
licence() {
    package=$(dpkg -S "$(realpath "$1")" 2>/dev/null | head -n 1 | cut -d: -f1) || return 0
    for text in "/usr/share/doc/$package/copyright"; do
        if [ -f "$text" ]; then cp -L "$text" "$out/licences/$package"; fi
    done
}

libraries=$(needed "$program")
for late in libOpenCL.so.1 libclblast.so.1; do
    path=$(opened $late)
    if [ -n "$path" ]; then libraries="$libraries $path $(needed "$path")"; else echo "without $late, which is not here"; fi
done
for library in $(printf '%s\n' $libraries | sort -u); do
    base=${library##*/}
    if echo "$base" | grep -Eq "$system"; then continue; fi
    case $base in
        libstdc++.so.*|libgcc_s.so.*) cp -L "$library" "$out/lib/cxx/" ;;
        *) cp -L "$library" "$out/lib/" ;;
    esac
    licence "$library"
done

# The start script. Drivers are often C++, and get whichever C++ library is loaded first, so the newer one is taken:
# the system's or the bundle's.
cxx=$(for library in $libraries; do case $library in *libstdc++*) basename "$(realpath "$library")" ;; esac; done | head -n 1)
cat >"$out/isocl" <<END
#!/bin/sh
# Starts isocl with the libraries beside it.
here=\$(dirname "\$(readlink -f "\$0")")
ours='$cxx'
for folder in /lib /usr/lib /lib64 /usr/lib64 /lib/*-linux-gnu /usr/lib/*-linux-gnu; do
    if [ -e "\$folder/libstdc++.so.6" ]; then system=\$(basename "\$(readlink -f "\$folder/libstdc++.so.6")"); fi
done
if [ -n "\$ours" ] && [ "\$(printf '%s\n' "\$ours" "\${system:-}" | sort -V | tail -n 1)" != "\${system:-}" ]; then
    LD_LIBRARY_PATH=\$here/lib/cxx\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}
    export LD_LIBRARY_PATH
fi
exec "\$here/bin/isocl" "\$@"
END
chmod 755 "$out/isocl"
install -m 755 "$program" "$out/bin/isocl"
strip -S "$out/bin/isocl"
cp -R models tools/get-data.sh "$out/share/isocl/"
cp LICENSE "$out/licences/isocl"
tar -C "$build" -czf "$out.tar.gz" "$name"
glibc=$(find "$out/bin" "$out/lib" -type f -exec objdump -T {} + | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
echo "$out.tar.gz: $(find "$out/lib" -type f | wc -l) libraries; needs $(uname -m) and a C library of $glibc or newer"
