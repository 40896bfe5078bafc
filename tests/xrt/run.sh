#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The xrt suite: builds the project in a Debian 13 root (GStreamer 1.26, XRT 2.25) and runs every test of
# meson's suite `xrt` there, over the emulated driver.
#
#   tests/xrt/run.sh [--asan | --all] [MESON TEST OPTIONS...]
#   tests/xrt/run.sh --cost
#
# --asan  built with AddressSanitizer and UndefinedBehaviorSanitizer instead of plainly
# --all   plainly, then with the sanitizers
# --cost  no tests: prints what a batch on the NPU costs the host (tests/bench/npu_cost.cpp)
#
# Needs root rights (or a root that was made before and user namespaces). Fails when a tool is missing,
# when nothing ran, when a test was skipped, and when any test fails.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

if [ "${1:-}" = --all ]; then
  shift
  "$here/run.sh" "$@"
  exec "$here/run.sh" --asan "$@"
fi
variant=plain
options=(-Dsimd=one -Dcpp_args=-g1 -Dunity=on -Dunity_size=100 -Dxrt=enabled -Dtests=enabled -Dexamples=disabled -Dbenchmarks=disabled)
slower=1
if [ "${1:-}" = --asan ]; then
  shift
  variant=asan
  # gcc takes most of ten minutes for the kernel with both sanitizers at -O2.
  options+=(-Db_sanitize=address,undefined -Doptimization=1)
  slower=4
fi

what=tests
if [ "${1:-}" = --cost ]; then
  shift
  what=cost
fi

root=$("$here/make-root.sh" trixie)
speech=/usr/share/sounds/alsa # of alsa-utils; this machine's will do
binds=()
[ ! -d "$speech" ] || binds=(--bind "$speech:$speech")
"$here/in-root.sh" "${binds[@]}" "$root" bash -eu -c '
  build=build-xrt-$1 slower=$2 what=$3
  shift 3
  options=()
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  if [ -f "$build/build.ninja" ]; then
    meson setup --reconfigure "$build" "${options[@]}" >/dev/null
  else
    CXX="ccache g++" meson setup "$build" "${options[@]}"
  fi
  if [ "$what" = cost ]; then
    ninja -C "$build" xrt-cost
    exec meson test -C "$build" --no-rebuild --benchmark --verbose npu_cost
  fi
  ninja -C "$build" xrt-suite
  status=0
  meson test -C "$build" --no-rebuild --suite xrt --num-processes 3 --timeout-multiplier "$slower" --print-errorlogs "$@" || status=$?
  python3 tests/tally.py "$build/meson-logs/testlog.json" xrt && exit $status
' bash "$variant" "$slower" "$what" "${options[@]}" -- "$@"
[ "$what" = cost ] || echo "xrt ($variant): real XRT over the emulated driver, all tests passed"
