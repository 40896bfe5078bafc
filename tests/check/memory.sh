#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/check/memory.sh BUILD_DIR [leaks|valgrind|helgrind|plugin]...
#
# Runs gst-check programs of a build under tools that see what a test cannot; all of them unless
# named. Exit status 0 only when every tool ran at least one test and found nothing.
#
#   leaks     GStreamer's leaks tracer: objects, buffers, events, caps alive at the end
#   valgrind  memcheck: invalid accesses, undefined values, definite and indirect leaks
#   helgrind  data races and lock order, in the programs that use threads
#   plugin    the plugin loads in gst-plugin-scanner and needs no XRT
#
# Suppressions, with reasons: valgrind.supp, helgrind.supp. Logs: BUILD_DIR/memory-logs.
set -uo pipefail
[ $# -ge 1 ] || { sed -n '3,15s/^# \{0,1\}//p' "$0"; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd) || exit 2
shift
tools=("$@")
[ $# -gt 0 ] || tools=(leaks valgrind helgrind plugin)
logs=$build/memory-logs
mkdir -p "$logs"

mapfile -t programs < <(meson introspect --tests "$build" | python3 -c '
import json, sys
print(*sorted({test["cmd"][0] for test in json.load(sys.stdin)
    if "check" in [s.split(":")[-1] for s in test["suite"]] and test["name"].startswith("check_")}), sep="\n")')
[ ${#programs[@]} -gt 0 ] || { echo "no gst-check program in $build"; exit 1; }
ninja -C "$build" "${programs[@]#"$build/"}" >"$logs/build.log" 2>&1 || { tail "$logs/build.log"; exit 1; }

export GST_PLUGIN_SYSTEM_PATH_1_0='' GSETTINGS_BACKEND=memory
GST_PLUGIN_PATH_1_0=$build/gst:$(pkg-config --variable=pluginsdir gstreamer-1.0)
export GST_PLUGIN_PATH_1_0 GST_REGISTRY=$logs/registry
# One process: a tracer or valgrind in a forked child would report to nobody.
export CK_FORK=no CK_TIMEOUT_MULTIPLIER=100
# Fills the registry outside of the tools.
GST_REGISTRY_FORK=no gst-inspect-1.0 npyenc >/dev/null || { echo "no npyenc in $build"; exit 1; }
export GST_REGISTRY_UPDATE=no

checks_in() { sed -n 's/.*: Checks: \([0-9]*\),.*/\1/p' "$1" | tail -n 1; }

# run TOOL PROGRAM COMMAND...: complains when a check failed, or the tool found something.
run() {
  local tool=$1 name log
  name=$(basename "$2")
  log=$logs/$tool-$name.log
  shift 2
  "$@" >"$log" 2>&1
  local status=$?
  [ "$status" -eq 0 ] && return 0
  echo "FAIL $tool $name (status $status): $log"
  tail -n 25 "$log"
  return 1
}

# each TOOL FUNCTION PROGRAM...: runs the function for each program, as many at a time as there are
# processors, and adds up the checks. (A program whose every test is long has none.)
total=0
each() {
  local tool=$1 function=$2 program pid checks pids=() bad=0
  shift 2
  for program in "$@"; do
    while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
    "$function" "$program" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || bad=1; done
  for program in "$@"; do
    checks=$(checks_in "$logs/$tool-$(basename "$program").log")
    total=$((total + ${checks:-0}))
  done
  return $bad
}

leaks_of() {
  local bad=0 alive='object-alive, type-name=\(string\)[A-Za-z]|Leaks detected'
  CK_EXCLUDE_TAGS=long GST_TRACERS=leaks GST_DEBUG=GST_TRACER:7 GST_DEBUG_NO_COLOR=1 \
    run leaks "$1" "$1" || bad=1
  if grep -E "$alive" "$logs/leaks-$(basename "$1").log" | head -n 20 | grep .; then
    echo "FAIL leaks $(basename "$1")"
    bad=1
  fi
  return $bad
}

tool_leaks() { each leaks leaks_of "${programs[@]}"; }

under_valgrind() {
  local tool=$1 program=$2
  shift 2
  G_SLICE=always-malloc G_DEBUG=gc-friendly CK_EXCLUDE_TAGS='slow long' \
    run "$tool" "$program" valgrind -q --error-exitcode=9 "$@" "$program"
}

memcheck_of() {
  under_valgrind valgrind "$1" --leak-check=full --show-leak-kinds=definite,indirect \
    --errors-for-leak-kinds=definite,indirect --num-callers=30 \
    --suppressions="$here/valgrind.supp"
}

# Valgrind runs one thread at a time. Unless it is told to be fair, the one that never waits may keep
# its turn for minutes, and the time this takes is anything between 20 s and ten minutes.
helgrind_of() {
  under_valgrind helgrind "$1" --tool=helgrind --fair-sched=yes --num-callers=30 \
    --suppressions="$here/helgrind.supp"
}

tool_valgrind() {
  mapfile -t chosen < <(printf '%s\n' "${programs[@]}" | grep -v 'check_stress$')
  each valgrind memcheck_of "${chosen[@]}"
}

tool_helgrind() {
  mapfile -t chosen < <(printf '%s\n' "${programs[@]}" | grep 'check_stress$')
  [ ${#chosen[@]} -gt 0 ] || { echo "FAIL helgrind: check_stress is not in this build"; return 1; }
  each helgrind helgrind_of "${chosen[@]}"
}

tool_plugin() {
  python3 "$here/plugin_file.py" "$build/gst/libgstnpumelspec.so" && total=$((total + 1))
}

status=0
for tool in "${tools[@]}"; do
  declare -F "tool_$tool" >/dev/null || { echo "unknown tool $tool"; exit 2; }
  total=0
  if ! "tool_$tool"; then
    status=1
  elif [ "$total" -eq 0 ]; then
    echo "FAIL $tool: no test ran"
    status=1
  else
    echo "PASS $tool: $total tests"
  fi
done
exit $status
