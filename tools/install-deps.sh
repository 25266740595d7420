#!/bin/sh
# install-deps.sh [build|opencl|develop|aarch64]: installs what isocl needs, or says what to install.
#   build     compiler, libyaml, zlib, jansson, cmocka: a CPU-only isocl and its tests
#   opencl    build, the OpenCL loader, CLBlast and PoCL, HDF5 for Keras's weights,
#             libraries for folders of images (PNG, JPEG, GIF, WebP, TIFF, HEIC, AVIF), rsvg-convert for reports' pictures,
#             protobuf-c and the schema for ONNX (default)
#   develop   opencl, and MPI, rusticl, Oclgrind, clang and its tools, compilers for AMD's, Intel's and NVIDIA's GPUs:
#             everything the project's own checks use
#   aarch64   build, and what tests/aarch64.sh needs: a cross compiler, qemu-user and libraries (Debian only)
set -eu
what=${1:-opencl}

debian_build="gcc make pkg-config libc6-dev libyaml-dev zlib1g-dev libjansson-dev libcmocka-dev"
debian_opencl="ocl-icd-opencl-dev opencl-headers libclblast-dev pocl-opencl-icd libhdf5-dev libpng-dev libjpeg-dev libgif-dev libwebp-dev libtiff-dev libheif-dev librsvg2-bin libonnx-dev protobuf-c-compiler libprotobuf-c-dev"
debian_develop="ccache libopenmpi-dev openmpi-bin procps mesa-opencl-icd oclgrind clang-19 intel-opencl-icd clang libclang-rt-14-dev clang-format-14 clang-tidy-14 clang-tools-14 python3-venv git lintian nodejs"
debian_aarch64="gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user libyaml-dev:arm64 zlib1g-dev:arm64 libjansson-dev:arm64 libcmocka-dev:arm64 libpng-dev:arm64 libjpeg-dev:arm64"
case $what in
    build)   debian=$debian_build ;;
    opencl)  debian="$debian_build $debian_opencl" ;;
    develop) debian="$debian_build $debian_opencl $debian_develop" ;;
    aarch64) debian="$debian_build $debian_aarch64" ;;
    *) echo "usage: $0 [build|opencl|develop|aarch64]" >&2; exit 2 ;;
esac

advise() {
    echo "isocl needs these packages, and this script cannot install them here ($1):" >&2
    echo "  Debian, Ubuntu  apt-get install $debian" >&2
    echo "  Fedora          dnf install gcc make pkgconf-pkg-config libyaml-devel zlib-devel jansson-devel libcmocka-devel ocl-icd-devel opencl-headers clblast-devel pocl hdf5-devel libpng-devel libjpeg-turbo-devel giflib-devel libwebp-devel libtiff-devel libheif-devel librsvg2-tools onnx-devel protobuf-c-compiler protobuf-c-devel" >&2
    echo "  Arch            pacman -S gcc make pkgconf libyaml zlib jansson cmocka ocl-icd opencl-headers clblast pocl hdf5 libpng libjpeg-turbo giflib libwebp libtiff libheif librsvg protobuf-c" >&2
    echo "  macOS           brew install libyaml jansson cmocka opencl-headers opencl-icd-loader clblast pocl hdf5 libpng jpeg-turbo giflib webp libtiff libheif librsvg protobuf-c pkgconf" >&2
    exit 1
}

command -v apt-get >/dev/null 2>&1 || advise "no apt-get"
missing=
for package in $debian; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || { echo "everything is installed: $debian"; exit 0; }
root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || advise "not root, no sudo"
    root=sudo
fi
echo "installing:$missing"
[ "$what" != aarch64 ] || $root dpkg --add-architecture arm64
$root apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends $missing
