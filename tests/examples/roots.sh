#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The roots suite: what depends on the version of GStreamer or on libraries that Debian 12 lacks, in
# newer Debians. tests/examples/roots.sh [trixie|forky]...
#
#   trixie  Debian 13: GStreamer 1.26 (tensor metas), ONNX Runtime
#   forky   testing: GStreamer 1.28 (tensors in caps), whisper.cpp
#
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
  "$xrt/in-root.sh" "$root" bash -eu -c '
    name=$1 version=$2 options=$3 build=build-roots-$1
    shift 3
    pkg-config --print-errors --atleast-version="$version" gstreamer-1.0
    [ -f "$build/build.ninja" ] || CXX="ccache g++" meson setup "$build" -Dtests=enabled -Dexamples=enabled \
      -Dbenchmarks=disabled -Dxrt=disabled -Dsimd=one -Dcpp_args=-g1 -Dunity=on -Dunity_size=100 $options
    meson test -C "$build" --print-errorlogs "$@"
    python3 tests/tally.py "$build/meson-logs/testlog.json" "$name" "$@"
  ' bash "$name" "$version" "$options" "$@"
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
echo "roots: tensors and models in $*"
