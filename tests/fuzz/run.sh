#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/fuzz/run.sh [SECONDS [TARGET...]]
#
# Builds the fuzz targets and the plugin with clang, libFuzzer's coverage and address and undefined
# behaviour sanitizers, and fuzzes each target (all unless named) for SECONDS (default 60), starting
# from tests/fuzz/corpus. What is found new stays in build-fuzz/corpus. Exit status 0 when no input
# broke an invariant and every target ran inputs.
set -uo pipefail
seconds=${1:-60}
[ $# -gt 0 ] && shift
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$root/build-fuzz
targets=("$@")
[ $# -gt 0 ] || targets=(element manifest npyenc scope time transform)

if [ ! -f "$build/build.ninja" ]; then
  CXX=${FUZZ_CXX:-clang++} meson setup "$build" "$root" -Dtests=enabled -Dexamples=disabled \
    -Dbenchmarks=disabled -Dxrt=disabled -Dsimd=one -Dunity=on -Dunity_size=100 -Doptimization=1 \
    -Db_sanitize=address,undefined -Db_lundef=false \
    -Dcpp_args=-fsanitize=fuzzer-no-link >"$root/build-fuzz.log" 2>&1 || { tail "$root/build-fuzz.log"; exit 1; }
  mv "$root/build-fuzz.log" "$build/"
fi
ninja -C "$build" gst/libgstnpumelspec.so "${targets[@]/#/tests/fuzz/fuzz_}" || exit 1

export GST_PLUGIN_SYSTEM_PATH_1_0='' GST_PLUGIN_PATH_1_0=$build/gst GST_REGISTRY=$build/fuzz.registry
# The plugin is dlopened and GLib keeps its types for ever: not leaks of an input.
export GST_REGISTRY_FORK=no ASAN_OPTIONS=detect_odr_violation=0 UBSAN_OPTIONS=print_stacktrace=1
status=0
for target in "${targets[@]}"; do
  mkdir -p "$build/corpus/$target"
  log=$build/fuzz-$target.log
  "$build/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -max_len=256 -len_control=0 -timeout=60 \
    -artifact_prefix="$build/" "$build/corpus/$target" "$root/tests/fuzz/corpus/$target" >"$log" 2>&1
  code=$?
  runs=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$log")
  if [ $code -ne 0 ] || [ "${runs:-0}" -eq 0 ]; then
    echo "FAIL $target (status $code): $log"
    tail -n 40 "$log"
    status=1
  else
    echo "PASS $target: $runs inputs in $seconds s"
  fi
done
exit $status
