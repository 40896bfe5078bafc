#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The kernels and their tests on aarch64: cross-compiled, run under qemu-user. Correctness only.
# Needs g++-aarch64-linux-gnu, qemu-user and googletest (Debian). Highway for arm64 is downloaded and
# unpacked beside the build; the machine's own packages and architectures stay as they are.
# usage: cross-aarch64.sh [WORK_FOLDER] [googletest arguments]      (from the repository's root)
set -eu
work=${1:-build-aarch64}
[ $# -gt 0 ] && shift
mkdir -p "$work/apt/state/lists/partial" "$work/apt/cache/archives/partial" "$work/obj"
work=$(cd "$work" && pwd)

if [ ! -d "$work/root" ]; then
  : > "$work/apt/status"
  options="-o Dir::State=$work/apt/state -o Dir::State::status=$work/apt/status
    -o Dir::Cache=$work/apt/cache -o APT::Architecture=arm64 -o APT::Architectures=arm64"
  apt-get $options -qq update
  (cd "$work" && apt-get $options -qq download libhwy1 libhwy-dev)
  for package in "$work"/libhwy*_arm64.deb; do dpkg -x "$package" "$work/root"; done
fi

compiler="aarch64-linux-gnu-g++ -std=c++20 -O3 -march=armv8-a+crypto -ffp-contract=off -I. -I$work/root/usr/include
  -I/usr/src/googletest/googletest/include -I/usr/src/googletest/googletest"
targets='-DHWY_DISABLED_TARGETS=(HWY_SVE|HWY_SVE2|HWY_SVE_256|HWY_SVE2_128) -DHWY_BROKEN_EMU128=1'
objects=
for source in kernels/mel/*.cpp kernels/simd/*.cpp kernels/cpu/*.cpp tests/unit/cpu/*.cpp \
    /usr/src/googletest/googletest/src/gtest-all.cc \
    /usr/src/googletest/googletest/src/gtest_main.cc; do
  object=$work/obj/$(basename "$(dirname "$source")")-$(basename "$source").o
  [ "$object" -nt "$source" ] || $compiler $targets -c "$source" -o "$object"
  objects="$objects $object"
done
aarch64-linux-gnu-g++ $objects "$work"/root/usr/lib/aarch64-linux-gnu/libhwy.so.1 -lpthread \
  -o "$work/test_cpu"
LD_LIBRARY_PATH='' qemu-aarch64 -L /usr/aarch64-linux-gnu \
  -E LD_LIBRARY_PATH="$work/root/usr/lib/aarch64-linux-gnu:/usr/aarch64-linux-gnu/lib" \
  "$work/test_cpu" "$@"
