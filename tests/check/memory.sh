#!/usr/bin/env bash
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
[ $# -ge 1 ] || { sed -n '2,14s/^# \{0,1\}//p' "$0"; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd) || exit 2
shift
tools=("$@")
[ $# -gt 0 ] || tools=(leaks valgrind helgrind plugin)
logs=$build/memory-logs
mkdir -p "$logs"

mapfile -t programs < <(meson introspect --tests "$build" | python3 -c '
import json, sys
for test in json.load(sys.stdin):
    if "check" in [s.split(":")[-1] for s in test["suite"]] and test["name"].startswith("check_"):
        print(test["cmd"][0])')
[ ${#programs[@]} -gt 0 ] || { echo "no gst-check program in $build"; exit 1; }
ninja -C "$build" "${programs[@]#"$build/"}" >"$logs/build.log" 2>&1 || { tail "$logs/build.log"; exit 1; }

# Hours of audio, or hundreds of restarts: nothing that a shorter test does not do as well.
long='ten_hours*,one_buffer_of_ten*,one_sample_buffers*,random_buffers*,prime_sized*,states_go_up*,'
long+='offsets_and_shape_count*,numpy_reads*,gap_events_alone*,a_tone_at_the_centre*,the_reach_of*,'
long+='frames_and_numbers_of_every_length_in_one*'

export GST_PLUGIN_SYSTEM_PATH_1_0='' GSETTINGS_BACKEND=memory
GST_PLUGIN_PATH_1_0=$build/gst:$(pkg-config --variable=pluginsdir gstreamer-1.0)
export GST_PLUGIN_PATH_1_0 GST_REGISTRY=$logs/registry
# One process: a tracer or valgrind in a forked child would report to nobody.
export CK_FORK=no CK_TIMEOUT_MULTIPLIER=100
# Fills the registry outside of the tools.
GST_REGISTRY_FORK=no gst-inspect-1.0 npyenc >/dev/null || { echo "no npyenc in $build"; exit 1; }
export GST_REGISTRY_UPDATE=no

checks_in() { sed -n 's/.*: Checks: \([0-9]*\),.*/\1/p' "$1" | tail -n 1; }

# run TOOL PROGRAM COMMAND...: counts the checks; complains when there was none or one failed.
total=0
run() {
  local tool=$1 name log
  name=$(basename "$2")
  log=$logs/$tool-$name.log
  shift 2
  "$@" >"$log" 2>&1
  local status=$? checks
  checks=$(checks_in "$log")
  if [ "$status" -ne 0 ]; then
    echo "FAIL $tool $name (status $status): $log"
    tail -n 25 "$log"
    return 1
  fi
  # A program whose every test is long has nothing to run here.
  total=$((total + ${checks:-0}))
}

tool_leaks() {
  local program bad=0 alive='object-alive, type-name=\(string\)[A-Za-z]|Leaks detected'
  for program in "${programs[@]}"; do
    GST_CHECKS_IGNORE=$long GST_TRACERS=leaks GST_DEBUG=GST_TRACER:7 GST_DEBUG_NO_COLOR=1 \
      run leaks "$program" "$program" || bad=1
    if grep -E "$alive" "$logs/leaks-$(basename "$program").log" | head -n 20 | grep .; then
      echo "FAIL leaks $(basename "$program")"
      bad=1
    fi
  done
  return $bad
}

under_valgrind() {
  local tool=$1 program=$2
  shift 2
  G_SLICE=always-malloc G_DEBUG=gc-friendly GST_CHECKS_IGNORE=$long \
    run "$tool" "$program" valgrind -q --error-exitcode=9 "$@" "$program"
}

tool_valgrind() {
  local bad=0 program running=0
  for program in "${programs[@]}"; do
    case $program in *check_stress) continue ;; esac
    under_valgrind valgrind "$program" --leak-check=full --show-leak-kinds=definite,indirect \
      --errors-for-leak-kinds=definite,indirect --num-callers=30 \
      --suppressions="$here/valgrind.supp" || bad=1
  done
  return $bad
}

tool_helgrind() {
  local bad=0 program found=0
  for program in "${programs[@]}"; do
    case $program in *check_stress) ;; *) continue ;; esac
    found=1
    under_valgrind helgrind "$program" --tool=helgrind --num-callers=30 \
      --suppressions="$here/helgrind.supp" || bad=1
  done
  [ $found -eq 1 ] || { echo "FAIL helgrind: check_stress is not in this build"; bad=1; }
  return $bad
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
