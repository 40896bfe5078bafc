#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/run.sh [--install-only] [--no-xrt] [SUITE...]
#
# Installs what a full build needs, builds with gcc and clang, and runs every suite (or the named
# ones). Exit status 0 only when every suite ran, ran something, and passed; "LEFT OUT" names those that
# say nothing on this machine, and why (format and tidy, whose tools differ from Debian to Debian, say it
# on Debian 12). Logs: build-test/logs.
#
#   quick           what a change needs before it is committed: house, format, and unit and check tests
#                   of a gcc build with one instruction set, without the slow ones
#   commands        by name only: the README's two commands on bare Debian 12, 13 and testing
#   packages        by name only: Debian packages built, checked, installed on a bare Debian 13 and used
#   --install-only  install the packages and stop
#   --no-xrt        leave out the XRT suite (real XRT over an emulated driver, in a Debian 13 root)
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
work=$root/build-test
logs=$work/logs
jobs=$(nproc)
ccache=$(command -v ccache)
# The packages below bring NumPy and PyGObject for Debian's own Python, not for another one in front.
export PATH=/usr/bin:$PATH

usage() { sed -n '3,16s/^# \{0,1\}//p' "$0"; }

# Two lanes run side by side: while one waits for a download or a timeout, the other one computes.
# Suites of a lane run in this order.
lanes=("house format gcc clang tidy" "xrt tsan memory corpus roots")
read -ra all_suites <<<"${lanes[*]}"
# By name only: whole machines are made and thrown away, which takes a quarter of an hour without their caches.
lanes+=("commands packages")
install_only=false
without_xrt=false
suites=()
for argument in "$@"; do
  case $argument in
    --install-only) install_only=true ;;
    --no-xrt) without_xrt=true ;;
    -h | --help) usage; exit 0 ;;
    -*) echo "unknown option $argument" >&2; usage >&2; exit 2 ;;
    *) suites+=("$argument") ;;
  esac
done
[ ${#suites[@]} -gt 0 ] || suites=("${all_suites[@]}")
if [[ " ${suites[*]} " == *" quick "* ]]; then
  [ ${#suites[@]} -eq 1 ] || { echo "quick goes alone" >&2; exit 2; }
  lanes=("house format quick")
  suites=(house format quick)
fi

# Before anything takes time.
$install_only || { mkdir -p "$logs" 2>/dev/null && [ -w "$logs" ] && [ -w "$work" ]; } || {
  echo "FAIL: cannot write to $work, where everything is built: clone the sources for yourself (git clone $root)" >&2
  exit 1
}

# shellcheck source=tests/packages.sh
. tests/packages.sh
{ install_packages "${build_packages[@]}" "${run_packages[@]}" "${test_packages[@]}" &&
  install_packages "$(clang_runtime)"; } || {
  echo "FAIL install: packages could not be installed" >&2
  exit 1
}
$install_only && exit 0
rm -f "$logs"/*.ended

# configure DIR [meson options]: a build folder that is set up once and reconfigured when asked for
# other options. Line numbers are all the debug information that tests and tools want, and compile in
# two thirds of the time; a library's sources as one translation unit halve that again.
configure() {
  local dir=$work/$1
  shift
  local options=(-Dtests=enabled -Dcpp_args=-g1 -Dunity=on -Dunity_size=100 "$@")
  if [ -f "$dir/build.ninja" ]; then
    meson setup --reconfigure "$dir" "${options[@]}" >/dev/null # `meson configure` would not know new options
  else
    meson setup "$dir" "$root" "${options[@]}"
  fi
}

# meson_tests DIR LABEL [meson test options]: runs tests and demands that they prove something.
meson_tests() {
  local dir=$work/$1 label=$2
  shift 2
  meson test -C "$dir" --num-processes "$jobs" --print-errorlogs "$@"
  local status=$?
  python3 tests/tally.py "$dir/meson-logs/testlog.json" "$label" && return $status
}

suite_house() { python3 tests/house.py "$root"; }

# Format and findings are properties of the tree, not of the machine, and every version of these tools
# has its own: those of Debian 12, which CI runs on, are what the tree follows.
readonly TIDY_TOOLS=14 LEFT_OUT=77
only_with_version() {
  local version
  version=$("$1" --version | sed -n 's/.*version \([0-9]\+\).*/\1/p') || return 1
  [ -n "$version" ] || { echo "$1 does not say its version"; return 1; }
  [ "$version" = $TIDY_TOOLS ] && return 0
  echo "this is $1 $version, the tree follows $TIDY_TOOLS"
  ! grep -qx 'VERSION_ID="12"' /etc/os-release || return 1
  return $LEFT_OUT
}

suite_format() {
  local files
  only_with_version clang-format || return
  mapfile -t files < <(git ls-files '*.cpp' '*.h' '*.cc')
  [ ${#files[@]} -gt 0 ] && clang-format --dry-run -Werror "${files[@]}" &&
    echo "${#files[@]} files are formatted"
}

suite_quick() {
  CXX="${ccache:+ccache }g++" configure quick -Dwerror=true -Dsimd=one -Dexamples=disabled -Dbenchmarks=disabled \
    -Dscope-text=enabled -Dxrt=disabled &&
    meson_tests quick quick --suite unit --suite check --no-suite slow
}

configure_gcc() {
  CXX=g++ configure gcc -Dwerror=true -Dexamples=enabled -Dtools=enabled -Dbenchmarks=enabled -Dscope-text=enabled
}

suite_gcc() {
  configure_gcc && ninja -C "$work/gcc" -j "$jobs" &&
    meson_tests gcc gcc --no-suite hardware
}

# The second compiler and the sanitizers share a build: what clang warns about does not depend on them.
configure_clang() {
  CXX=clang++ configure clang -Dbuildtype=plain -Doptimization=1 -Ddebug=true -Dwerror=true -Dsimd=few \
    -Db_sanitize=address,undefined -Dexamples=enabled -Dbenchmarks=enabled -Dscope-text=enabled \
    -Dxrt=disabled
}

suite_clang() {
  configure_clang && ninja -C "$work/clang" -j "$jobs" || return 1
  # Without the suite uninstrumented, tests that are no program of ours: an instrumented plugin does not
  # load into a gst-launch-1.0 that is not. Without hours of audio and thousands of reference transforms
  # (suite slow), which the gcc suite has: they do nothing to memory that the others do not.
  meson_tests clang clang --suite unit --suite check --suite fuzz --no-suite uninstrumented \
    --no-suite slow --timeout-multiplier 4
}

# In the clang suite's build folder, which has the compiler's arguments for every source.
suite_tidy() {
  only_with_version clang-tidy || return
  configure_clang && ninja -C "$work/clang" -j "$jobs" kernels/aie2/{dft_tables,dft512_tables,mel_tables,tables_sha256}.h &&
    python3 tests/tidy.py "$work/clang" "$root" "$jobs"
}

suite_tsan() {
  CXX=clang++ configure tsan -Dsimd=one -Db_sanitize=thread -Dexamples=disabled -Dbenchmarks=disabled -Dxrt=disabled &&
    meson_tests tsan tsan --suite threads --timeout-multiplier 4
}

# The build of the gcc suite, which the other lane may still be using.
wait_for_gcc() {
  [[ " ${suites[*]} " != *" gcc "* ]] || until [ -e "$logs/gcc.ended" ]; do sleep 1; done
  configure_gcc
}

suite_memory() {
  wait_for_gcc && ninja -C "$work/gcc" -j "$jobs" && tests/check/memory.sh "$work/gcc"
}

# In the build folder of the gcc suite, as memory.
suite_corpus() {
  wait_for_gcc && tests/corpus/run.sh "$work/gcc"
}

suite_xrt() { tests/xrt/run.sh; }

suite_roots() { tests/examples/roots.sh trixie forky; }

suite_commands() { tests/roots/commands.sh bookworm trixie forky; }

suite_packages() { tests/roots/packages.sh; }

# Sets processor_time to the seconds that ended children of this shell have computed.
count_processor_time() {
  local fields
  read -ra fields </proc/$BASHPID/stat
  processor_time=$(((fields[15] + fields[16]) / $(getconf CLK_TCK)))
}

# run_suite SUITE: one line that says how it ended; the end of its log when it failed.
run_suite() {
  local suite=$1 started=$SECONDS status=0 processor_time before
  count_processor_time
  before=$processor_time
  "suite_$suite" >"$logs/$suite.log" 2>&1 || status=$?
  count_processor_time
  echo "$((SECONDS - started)) s, $((processor_time - before)) s of processor time" >"$logs/$suite.ended"
  if [ $status -eq 0 ]; then
    echo "PASS $suite ($((SECONDS - started)) s): $(tail -n 1 "$logs/$suite.log")"
    return 0
  elif [ $status -eq $LEFT_OUT ] && [[ $suite =~ ^(format|tidy)$ ]]; then
    echo "LEFT OUT $suite: $(tail -n 1 "$logs/$suite.log")"
    echo "left out" >"$logs/$suite.ended"
    return 0
  fi
  echo "$(tail -n 60 "$logs/$suite.log" | sed "s/^/$suite | /")
FAIL $suite ($((SECONDS - started)) s), log: build-test/logs/$suite.log"
  return 1
}

# run_lane SUITE...: those of them that were asked for, one after the other.
run_lane() {
  local suite bad=0
  for suite in "$@"; do
    [[ " ${suites[*]} " == *" $suite "* ]] || continue
    run_suite "$suite" || bad=1
  done
  return $bad
}

for suite in "${suites[@]}"; do
  [[ " ${lanes[*]} " == *" $suite "* ]] || {
    echo "unknown suite $suite; there are: ${lanes[*]}" >&2
    exit 2
  }
done
if $without_xrt; then
  echo "LEFT OUT xrt (--no-xrt): nothing here says anything about the XRT module"
  mapfile -t suites < <(printf '%s\n' "${suites[@]}" | grep -vx xrt)
fi
[ ${#suites[@]} -gt 0 ] || { echo "no suite is left to run" >&2; exit 1; }

running=()
for lane in "${lanes[@]}"; do
  # shellcheck disable=SC2086 # a lane is a list of words
  run_lane $lane &
  running+=($!)
done
status=0
for lane in "${running[@]}"; do wait "$lane" || status=1; done
for suite in "${suites[@]}"; do echo "$suite: $(cat "$logs/$suite.ended")"; done
if [ $status -ne 0 ]; then
  echo "FAILED: see above"
  exit 1
fi
# None of them may be all there was.
mapfile -t passed < <(cd "$logs" && for suite in "${suites[@]}"; do grep -qx "left out" "$suite.ended" || echo "$suite"; done)
[ ${#passed[@]} -gt 0 ] || { echo "FAILED: every suite was left out"; exit 1; }
echo "all suites passed: ${passed[*]} ($SECONDS s)"
