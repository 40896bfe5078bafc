#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# All benchmarks: tables on standard output, JSON and a plot in the output folder.
# usage: run.sh [BUILD_FOLDER [OUTPUT_FOLDER]] [--quick]     (defaults: build, BUILD_FOLDER/bench)
set -eu
here=$(dirname "$0")
quick=
[ "${1:-}" = --quick ] || [ "${2:-}" = --quick ] || [ "${3:-}" = --quick ] && quick=--quick
build=${1:-build}; [ "$build" = --quick ] && build=build
out=${2:-$build/bench}; [ "$out" = --quick ] && out=$build/bench
mkdir -p "$out"
ninja -C "$build" tests/bench/bench_ratio tests/bench/bench_kernel tests/bench/bench_calls \
  tests/bench/bench_transform tests/bench/bench_live \
  tests/bench/bench_pipelines gst/libgstnpumelspec.so >/dev/null
"$build/tests/bench/bench_ratio" --rounds "$([ -n "$quick" ] && echo 9 || echo 40)" --json "$out/ratio.json"
"$build/tests/bench/bench_kernel" --benchmark_format=console --benchmark_out="$out/kernel.json" \
  --benchmark_out_format=json --benchmark_min_time="$([ -n "$quick" ] && echo 0.05 || echo 0.3)"
"$build/tests/bench/bench_calls" --rounds "$([ -n "$quick" ] && echo 5 || echo 40)"
"$build/tests/bench/bench_transform" --rounds "$([ -n "$quick" ] && echo 5 || echo 40)"
python3 "$here/pipeline.py" "$build/gst" "$out/pipeline.json" $quick
GST_PLUGIN_PATH=$build/gst "$build/tests/bench/bench_pipelines" $quick --json "$out/pipelines.json"
GST_PLUGIN_PATH=$build/gst "$build/tests/bench/bench_live" $([ -n "$quick" ] && echo --seconds 1 --rounds 1)
# Beside other libraries, where there are any.
GST_PLUGIN_PATH=$build/gst "$here/peers.py" --rounds "$([ -n "$quick" ] && echo 3 || echo 9)" --json "$out/peers.json"
GST_PLUGIN_PATH=$build/gst "$here/hour.py" $([ -n "$quick" ] && echo --rounds 1 --seconds 120) --json "$out/hour.json"
python3 "$here/plot.py" "$out/ratio.json" "$out/ratio.svg"
echo "JSON and plot: $out"
