#!/bin/sh
# get-data.sh [--dir DIR] [--mirror URL] SET...: fetches public data sets to where isocl looks for them.
#   mnist, fashion-mnist   the four IDX files, gzip (11 and 30 MB)
#   cifar10, cifar100      the binary versions, unpacked (162 and 161 MB to fetch)
#   --dir DIR      where to (default: ISOCL_DATA, or ~/.local/share/isocl)
#   --mirror URL   fetch from here instead of the authors' servers: URL/FILE, as the authors name the files
# What was fetched is checked before it gets its name; a fetch that was broken off goes on where it stopped.
set -eu

dir=${ISOCL_DATA:-${XDG_DATA_HOME:-$HOME/.local/share}/isocl}
mirror=
sets=
fail() { echo "get-data.sh: $*" >&2; exit 1; }
usage() { sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; }
while [ $# -gt 0 ]; do
    case $1 in
        --dir)    [ $# -gt 1 ] || fail "--dir needs a folder"; dir=$2; shift ;;
        --mirror) [ $# -gt 1 ] || fail "--mirror needs an address"; mirror=${2%/}; shift ;;
        --help|-h) usage; exit 0 ;;
        mnist|fashion-mnist|cifar10|cifar100) sets="$sets $1" ;;
        *) echo "get-data.sh: there is no data set '$1'" >&2; usage >&2; exit 2 ;;
    esac
    shift
done
[ -n "$sets" ] || { usage >&2; exit 2; }
command -v curl >/dev/null 2>&1 || fail "needs curl: install it (Debian: apt-get install curl)"

md5_of_input() {
    if command -v md5sum >/dev/null 2>&1; then md5sum | cut -c 1-32; else md5 -q; fi
}

# fetch URL FILE: into FILE.part, from where it stopped if part of it is there. A server that cannot go on in the
# middle (curl says 33 or 36) begins again.
fetch() {
    echo "fetching $1"
    status=0
    curl -fL --retry 3 --progress-bar -C - -o "$2.part" "$1" || status=$?
    if [ $status -eq 33 ] || [ $status -eq 36 ]; then
        rm -f "$2.part"
        status=0
        curl -fL --retry 3 --progress-bar -o "$2.part" "$1" || status=$?
    fi
    [ $status -eq 0 ] || fail "cannot fetch $1 (curl ended with $status); run this again to go on, or name another --mirror"
}

# obtain URL FILE MD5 COMMAND...: FILE.part, which through COMMAND has this MD5; what has another one is removed.
obtain() {
    url=$1 file=$2 md5=$3; shift 3
    [ -e "$file.part" ] && [ "$("$@" < "$file.part" 2>/dev/null | md5_of_input)" = "$md5" ] && return
    fetch "$url" "$file"
    found=$("$@" < "$file.part" 2>/dev/null | md5_of_input)
    [ "$found" = "$md5" ] && return
    rm -f "$file.part"
    fail "$file: what was fetched is not what its authors published (MD5 $found, not $md5); it was removed. Run this again, or name another --mirror"
}

# idx SET URL FILE MD5: a gzip file; the MD5 is that of its content, whoever compressed it.
idx() {
    [ -e "$dir/$1/$3.gz" ] || [ -e "$dir/$1/$3" ] && { echo "$dir/$1/$3: already there"; return; }
    mkdir -p "$dir/$1"
    obtain "${mirror:-$2}/$3.gz" "$dir/$1/$3.gz" "$4" gzip -dc
    mv "$dir/$1/$3.gz.part" "$dir/$1/$3.gz"
}

# archive FOLDER URL FILE MD5: a tar file that holds FOLDER.
archive() {
    [ -e "$dir/$1" ] && { echo "$dir/$1: already there"; return; }
    mkdir -p "$dir"
    obtain "${mirror:-$2}/$3" "$dir/$3" "$4" cat
    rm -rf "$dir/$1.unpacking"
    mkdir "$dir/$1.unpacking"
    tar -xzf "$dir/$3.part" -C "$dir/$1.unpacking" || fail "cannot unpack $dir/$3.part: is there room on the disk?"
    [ -d "$dir/$1.unpacking/$1" ] || fail "$3 has no folder $1"
    mv "$dir/$1.unpacking/$1" "$dir/$1"
    rm -rf "$dir/$1.unpacking" "$dir/$3.part"
}

for set in $sets; do
    case $set in
        mnist)
            from=https://ossci-datasets.s3.amazonaws.com/mnist
            idx mnist $from train-images-idx3-ubyte 6bbc9ace898e44ae57da46a324031adb
            idx mnist $from train-labels-idx1-ubyte a25bea736e30d166cdddb491f175f624
            idx mnist $from t10k-images-idx3-ubyte 2646ac647ad5339dbf082846283269ea
            idx mnist $from t10k-labels-idx1-ubyte 27ae3e4e09519cfbb04c329615203637 ;;
        fashion-mnist)
            from=http://fashion-mnist.s3-website.eu-central-1.amazonaws.com
            idx fashion-mnist $from train-images-idx3-ubyte f4a8712d7a061bf5bd6d2ca38dc4d50a
            idx fashion-mnist $from train-labels-idx1-ubyte 9018921c3c673c538a1fc5bad174d6f9
            idx fashion-mnist $from t10k-images-idx3-ubyte 8181f5470baa50b63fa0f6fddb340f0a
            idx fashion-mnist $from t10k-labels-idx1-ubyte 15d484375f8d13e6eb1aabb0c3f46965 ;;
        cifar10)
            archive cifar-10-batches-bin https://www.cs.toronto.edu/~kriz cifar-10-binary.tar.gz \
                c32a1d4ab5d03f1284b67883e8d87530 ;;
        cifar100)
            archive cifar-100-binary https://www.cs.toronto.edu/~kriz cifar-100-binary.tar.gz \
                03b5dce01913d631647c71ecec9e9cb8 ;;
    esac
    echo "$set is in $dir"
done
