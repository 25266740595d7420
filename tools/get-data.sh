#!/bin/sh
# get-data.sh [--dir DIR] [--mirror URL] SET...: fetches public data sets to where isocl looks for them; or with --file
# one file.
#   mnist, fashion-mnist   the four IDX files, gzip (11 and 30 MB)
#   cifar10, cifar100      the binary versions, unpacked (162 and 161 MB to fetch)
#   --dir DIR      where to (default: ISOCL_DATA, or ~/.local/share/isocl)
#   --mirror URL   fetch from here instead of the authors' servers: URL/FILE, as the authors name the files
#   --file URL SUM the file at URL, into DIR itself. SUM is what its authors say of it: sha256:DIGITS, the first of its
#                  SHA-256, or md5:DIGITS
# What was fetched is checked before it gets its name; a fetch that was broken off goes on where it stopped.
set -eu

dir=${ISOCL_DATA:-${XDG_DATA_HOME:-$HOME/.local/share}/isocl}
mirror=
sets=
url=
sum=
fail() { echo "get-data.sh: $*" >&2; exit 1; }
usage() { sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; }
while [ $# -gt 0 ]; do
    case $1 in
        --dir)    [ $# -gt 1 ] || fail "--dir needs a folder"; dir=$2; shift ;;
        --mirror) [ $# -gt 1 ] || fail "--mirror needs an address"; mirror=${2%/}; shift ;;
        --file)   [ $# -gt 2 ] || fail "--file needs an address and a sum"; url=$2 sum=$3; shift 2 ;;
        --help|-h) usage; exit 0 ;;
        mnist|fashion-mnist|cifar10|cifar100) sets="$sets $1" ;;
        *) echo "get-data.sh: there is no data set '$1'" >&2; usage >&2; exit 2 ;;
    esac
    shift
done
[ -n "$sets$url" ] || { usage >&2; exit 2; }
command -v curl >/dev/null 2>&1 || fail "needs curl: install it (Debian: apt-get install curl)"

# sum_of_input SUM: the digits of the kind of sum that SUM is.
sum_of_input() {
    case $1 in
        sha256:*) if command -v sha256sum >/dev/null 2>&1; then sha256sum; else shasum -a 256; fi | cut -c 1-64 ;;
        *) if command -v md5sum >/dev/null 2>&1; then md5sum | cut -c 1-32; else md5 -q; fi ;;
    esac
}

# reason STATUS: why curl ended so, in words.
reason() {
    case $1 in
        6) echo "there is no such server, or no network" ;;
        7) echo "nobody answers there" ;;
        18|56) echo "the connection broke off" ;;
        22) echo "the server refuses it, see above" ;;
        23) echo "it cannot be written: is there room on the disk?" ;;
        28) echo "the server is too slow" ;;
        35|60) echo "the server does not prove who it is" ;;
        *) echo "curl ended with $1" ;;
    esac
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
    [ $status -eq 0 ] ||
        fail "cannot fetch $1: $(reason $status); run this again to go on, or name another --mirror"
}

# agrees SUM DIGITS: whether they are those of SUM, or begin with them.
agrees() {
    case $2 in "${1#*:}"*) return 0 ;; *) return 1 ;; esac
}

# obtain URL FILE SUM COMMAND...: FILE.part, which through COMMAND has this sum; what has another one is removed.
obtain() {
    source=$1 file=$2 wanted=$3; shift 3
    [ -f "$file.part" ] && agrees "$wanted" "$("$@" < "$file.part" 2>/dev/null | sum_of_input "$wanted")" && return
    fetch "$source" "$file"
    found=$("$@" < "$file.part" 2>/dev/null | sum_of_input "$wanted")
    agrees "$wanted" "$found" && return
    rm -f "$file.part"
    fail "$file: what was fetched is not what its authors published (${wanted%%:*} $found, not ${wanted#*:}); it was removed. Run this again, or name another --mirror"
}

# idx SET URL FILE MD5: a gzip file; the MD5 is that of its content, whoever compressed it.
idx() {
    [ -e "$dir/$1/$3.gz" ] || [ -e "$dir/$1/$3" ] && { echo "$dir/$1/$3: already there"; return; }
    mkdir -p "$dir/$1"
    obtain "${mirror:-$2}/$3.gz" "$dir/$1/$3.gz" "md5:$4" gzip -dc
    mv "$dir/$1/$3.gz.part" "$dir/$1/$3.gz"
}

# archive FOLDER URL FILE MD5: a tar file that holds FOLDER.
archive() {
    [ -e "$dir/$1" ] && { echo "$dir/$1: already there"; return; }
    mkdir -p "$dir"
    obtain "${mirror:-$2}/$3" "$dir/$3" "md5:$4" cat
    rm -rf "$dir/$1.unpacking"
    mkdir "$dir/$1.unpacking"
    tar -xzf "$dir/$3.part" -C "$dir/$1.unpacking" || fail "cannot unpack $dir/$3.part: is there room on the disk?"
    [ -d "$dir/$1.unpacking/$1" ] || fail "$3 has no folder $1"
    mv "$dir/$1.unpacking/$1" "$dir/$1"
    rm -rf "$dir/$1.unpacking" "$dir/$3.part"
}

# single URL SUM: a file of its own.
single() {
    file=$dir/${1##*/}
    if [ -e "$file" ]; then
        agrees "$2" "$(sum_of_input "$2" < "$file")" ||
            fail "$file: is not what its authors published, ${2%%:*} ${2#*:}; remove it to fetch it again"
        echo "$file: already there"
        return
    fi
    mkdir -p "$dir"
    address=$1
    [ -z "$mirror" ] || address=$mirror/${1##*/}
    obtain "$address" "$file" "$2" cat
    mv "$file.part" "$file"
}

[ -z "$url" ] || single "$url" "$sum"
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
