#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The roots suite: every launch line of the README and of examples, every message of the guide, the
# Python module, what GStreamer's own generic tests and its validation tool look at (conformance,
# consistency, playback), the kernels with another Highway, what the elements share, and what depends on
# libraries that Debian 12 lacks, in newer Debians.
# tests/examples/roots.sh [trixie|forky]...
#
#   trixie  Debian 13: GStreamer 1.26 (tensor metas), ONNX Runtime
#   forky   testing: GStreamer 1.28 (tensors in caps), whisper.cpp
#
# The packages that the lines need are installed for the time of the run.
# The roots are those of tests/xrt. Builds the plugin and the programs that these tests need, nothing
# else. Fails when a test did not run, and when a root does not have the version it is here for.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
xrt=$here/../xrt

in_root() { # NAME VERSION MESON_OPTIONS TEST...
  local name=$1 version=$2 options=$3
  shift 3
  local started=$SECONDS root made
  root=$("$xrt/make-root.sh" "$name")
  made=$SECONDS
  "$xrt/in-root.sh" --scratch "$root" bash -eu -c '
    apt-get update -qq >/dev/null
    apt-get install -y -qq --no-install-recommends alsa-utils ffmpeg gstreamer1.0-alsa gstreamer1.0-plugins-good \
      libarchive-dev python3-pip python3-setuptools python3-wheel >/dev/null
    name=$1 version=$2 options=$3 build=build-roots-$1
    shift 3
    pkg-config --print-errors --atleast-version="$version" gstreamer-1.0
    [ -f "$build/build.ninja" ] || CXX="ccache g++" meson setup "$build" -Dtests=enabled -Dexamples=enabled \
      -Dbenchmarks=disabled -Dxrt=disabled -Dsimd=one -Dcpp_args=-g1 -Dunity=on -Dunity_size=100 $options
    status=0
    meson test -C "$build" --print-errorlogs "$@" || status=$?
    python3 tests/tally.py "$build/meson-logs/testlog.json" "$name" "$@" && exit $status
  ' bash "$name" "$version" "$options" "$@" guide examples troubleshooting file_names python_module \
    check_conformance check_consistency check_playback simd cpu common
  echo "$name: root $((made - started)) s, build and tests $((SECONDS - made)) s"
}

[ $# -gt 0 ] || set -- trixie forky
for name in "$@"; do
  case $name in
    # Compiled as in the xrt suite, whose objects are in the cache.
    trixie) in_root trixie 1.26 '' tensors recording onnx_runtime ;;
    # Warnings of a compiler that is not released yet are no errors.
    forky) in_root forky 1.28 "-Dbuildtype=plain -Dscope-text=disabled" tensors tensor_caps recording whisper_cpp ;;
    *)
      echo "roots.sh: there is no root $name" >&2
      exit 2
      ;;
  esac
done
echo "roots: launch lines, tensors and models in $*"
