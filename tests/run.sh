#!/usr/bin/env bash
# tests/run.sh [--install-only] [--no-xrt] [SUITE...]
#
# Installs what a full build needs, builds with gcc and clang, and runs every suite (or the named
# ones). Exit status 0 only when every suite ran, ran something, and passed. Logs: build-test/logs.
#
#   --install-only  install the packages and stop
#   --no-xrt        leave out the XRT suite (real XRT over an emulated driver, in a Debian 13 root)
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
work=$root/build-test
logs=$work/logs
jobs=$(nproc)
# The packages below bring NumPy and PyGObject for Debian's own Python, not for another one in front.
export PATH=/usr/bin:$PATH

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0"; }

all_suites=(house format gcc clang tidy tsan memory xrt)
# By name only, until it has been seen to pass as a whole.
more_suites=(asan)
install_only=false
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

# shellcheck source=tests/packages.sh
. tests/packages.sh
install_packages "${build_packages[@]}" "${run_packages[@]}" "${test_packages[@]}" || {
  echo "FAIL install: packages could not be installed" >&2
  exit 1
}
$install_only && exit 0
mkdir -p "$logs"

# configure DIR [meson options]: a build folder that is set up once and reconfigured when asked for
# other options.
configure() {
  local dir=$work/$1
  shift
  if [ -f "$dir/build.ninja" ]; then
    meson setup --reconfigure "$dir" "$@" >/dev/null # `meson configure` would not know new options
  else
    meson setup "$dir" "$root" -Dtests=enabled "$@"
  fi
}

# meson_tests DIR LABEL [meson test options]: runs tests and demands that they prove something.
meson_tests() {
  local dir=$work/$1 label=$2
  shift 2
  meson test -C "$dir" --num-processes "$jobs" --print-errorlogs "$@" || return 1
  python3 tests/tally.py "$dir/meson-logs/testlog.json" "$label"
}

suite_house() { python3 tests/house.py "$root"; }

suite_format() {
  local files
  mapfile -t files < <(git ls-files '*.cpp' '*.h' '*.cc')
  [ ${#files[@]} -gt 0 ] && clang-format --dry-run -Werror "${files[@]}" &&
    echo "${#files[@]} files are formatted"
}

suite_gcc() {
  CXX=g++ configure gcc -Dwerror=true -Dexamples=enabled -Dbenchmarks=enabled -Dscope-text=enabled &&
    ninja -C "$work/gcc" -j "$jobs" &&
    meson_tests gcc gcc --no-suite hardware
}

# Without optimisation: this build is for clang's warnings and clang-tidy, and compiles twice as fast.
configure_clang() {
  CXX=clang++ configure clang -Dbuildtype=debug -Dwerror=true -Dexamples=enabled \
    -Dbenchmarks=enabled -Dscope-text=enabled
}

suite_clang() {
  configure_clang && ninja -C "$work/clang" -j "$jobs" && meson_tests clang clang --suite unit
}

suite_tidy() {
  configure_clang && ninja -C "$work/clang" -j "$jobs" || return 1
  local files
  mapfile -t files < <(python3 -c '
import json, os, sys
for unit in json.load(open(sys.argv[1])):
    path = os.path.relpath(os.path.join(unit["directory"], unit["file"]), sys.argv[2])
    if path.startswith(("kernels/", "gst/", "examples/")):
        print(path)' "$work/clang/compile_commands.json" "$root" | sort -u)
  [ ${#files[@]} -gt 0 ] || { echo "no file to check"; return 1; }
  printf '%s\0' "${files[@]}" |
    xargs -0 -n 2 -P "$jobs" clang-tidy --quiet -p "$work/clang" 2>/dev/null &&
    echo "${#files[@]} files are clean"
}

suite_asan() {
  CXX=g++ configure asan -Doptimization=1 -Dsimd=few -Db_sanitize=address,undefined -Dxrt=disabled -Dexamples=disabled -Dbenchmarks=disabled &&
    ninja -C "$work/asan" -j "$jobs" || return 1
  # Without the tests that are no program of ours: an instrumented plugin does not load into a
  # gst-launch-1.0 that is not.
  local names
  mapfile -t names < <(meson test -C "$work/asan" --list --suite unit --suite check --suite fuzz |
    sed -n 's/^.* \/ //p' | grep -vxE 'golden_vectors|plugin_file|aie2-(build|design|stack)')
  meson_tests asan asan "${names[@]}" --timeout-multiplier 4
}

suite_tsan() {
  CXX=clang++ configure tsan -Dsimd=few -Db_sanitize=thread -Dexamples=disabled -Dbenchmarks=disabled -Dxrt=disabled &&
    meson_tests tsan tsan --suite threads --timeout-multiplier 4
}

suite_memory() {
  CXX=g++ configure gcc -Dwerror=true -Dexamples=enabled -Dbenchmarks=enabled -Dscope-text=enabled &&
    ninja -C "$work/gcc" -j "$jobs" && tests/check/memory.sh "$work/gcc"
}

suite_xrt() { tests/xrt/run.sh; }

failed=()
for suite in "${suites[@]}"; do
  if ! declare -F "suite_$suite" >/dev/null; then
    echo "unknown suite $suite; there are: ${all_suites[*]} ${more_suites[*]}" >&2
    exit 2
  fi
  if [ "$suite" = xrt ] && [ -n "${without_xrt:-}" ]; then
    echo "LEFT OUT xrt (--no-xrt): nothing here says anything about the XRT module"
    continue
  fi
  started=$SECONDS
  if "suite_$suite" >"$logs/$suite.log" 2>&1; then
    echo "PASS $suite ($((SECONDS - started)) s): $(tail -n 1 "$logs/$suite.log")"
  else
    failed+=("$suite")
    tail -n 60 "$logs/$suite.log" | sed "s/^/$suite | /"
    echo "FAIL $suite ($((SECONDS - started)) s), log: build-test/logs/$suite.log"
  fi
done

if [ ${#failed[@]} -gt 0 ]; then
  echo "FAILED: ${failed[*]}"
  exit 1
fi
echo "all suites passed: ${suites[*]}"
