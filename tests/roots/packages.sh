#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The Debian packages: built where XRT is (the root trixie), looked at by lintian, and installed on a machine
# that has nothing but apt, where everything must work without any path set. The steps of the
# Containerfile are the commands that do it: tests/roots/packages.sh. Needs root rights.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../.." && pwd)
xrt=$checkout/tests/xrt
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# steps STAGE: the RUN lines of the Containerfile's first or second stage.
steps() {
  awk -v stage="$1" '/^FROM/ { at++ } at == stage && sub(/^RUN /, "")' "$checkout/examples/packaging/Containerfile"
}
[ "$(steps 1 | wc -l)" = 2 ] && [ "$(steps 2 | wc -l)" = 1 ] || { echo "packages.sh: the Containerfile has other steps" >&2; exit 1; }
"$xrt/make-root.sh" trixie >/dev/null
bare=$("$checkout/tests/roots/bare.sh" trixie)

started=$SECONDS
# Without DEB_BUILD_PROFILES: the XRT module, too. Built below /src, where the compiler's cache knows paths.
"$xrt/in-root.sh" --scratch --bind "$out:/out" trixie bash -euc '
  export DEBIAN_FRONTEND=noninteractive
  apt=$1 build=$2
  eval "$apt"
  apt-get install -y -qq --no-install-recommends lintian >/dev/null
  # Not optimised: what is looked at is what the packages hold.
  export PATH=/usr/lib/ccache:$PATH DEB_BUILD_OPTIONS=noopt MESON_OPTIONS="-Dsimd=one -Dunity=on -Dunity_size=100"
  build=${build% -b} # the source package, too
  eval "$build" >/out/build.log 2>&1 || { tail -n 40 /out/build.log; exit 1; }
  # Not meant for an upload to Debian, which a bug report there would announce.
  lintian --allow-root --fail-on error,warning --display-level ">=warning" \
    --suppress-tags initial-upload-closes-no-bugs /out/npumelspec_*.changes
' bash "$(steps 1 | head -n 1)" "$(steps 1 | tail -n 1)"
[ "$(find "$out" -name '*.deb' ! -name '*-dbgsym_*' | wc -l)" = 5 ] || { ls "$out"; echo "packages.sh: not five packages" >&2; exit 1; }
[ -n "$(find "$out" -name '*.dsc')" ] || { echo "packages.sh: no source package" >&2; exit 1; }
built=$SECONDS

"$xrt/in-root.sh" --scratch --bind "$out:/packages" "$bare" bash -euo pipefail -c '
  export DEBIAN_FRONTEND=noninteractive
  install=${1%% && rm *} # /packages is not ours to empty
  eval "$install" >/dev/null
  # The image as it is: no compiler, no Python.
  gst-inspect-1.0 npumelspec | grep "Filename .*/usr/lib/.*/gstreamer-1.0/libgstnpumelspec.so" >/dev/null
  gst-launch-1.0 -q audiotestsrc num-buffers=40 ! audio/x-raw,rate=16000 ! wavenc ! filesink location=/tmp/a.wav
  npumel-extract /tmp/a.wav --output /tmp/features --preset whisper80 >/dev/null
  test -s /tmp/features/index.jsonl
  # The rest of the packages, and what a user of the header has.
  apt-get install -y -qq --no-install-recommends /packages/python3-npumelspec_*.deb /packages/npumelspec-dev_*.deb \
    /packages/gstreamer1.0-npumelspec-xrt_*.deb gcc libc6-dev libgstreamer-plugins-base1.0-dev pkgconf >/dev/null
  cd /tmp
  python3 -c "
import npumelspec, numpy
assert npumelspec.__file__.startswith(\"/usr/lib/python3/dist-packages\"), npumelspec.__file__
assert npumelspec.mel(numpy.zeros(16000, numpy.float32)).shape == (80, 100)
assert npumelspec.read(\"/tmp/a.wav\").shape == (80, 256)"
  cc /src/examples/mel_frames.c -o mel_frames $(pkg-config --cflags --libs npumelspec-1.0 gstreamer-app-1.0)
  ./mel_frames "filesrc location=/tmp/a.wav ! wavparse" | tail -n 1 | grep "from frame 200, 56 of audio"
  module=$(dpkg -L gstreamer1.0-npumelspec-xrt | grep npumelspec-xrt.so)
  if ldd "$module" | grep "not found"; then exit 1; fi
  # What was installed goes away without a trace.
  apt-get purge -y -qq gstreamer1.0-npumelspec >/dev/null
  if gst-inspect-1.0 --exists npumelspec; then exit 1; fi
  test ! -e "${module%/*}"
' bash "$(steps 2)"
echo "packages: 5 built in $((built - started)) s, lintian clean, installed and used in a bare root in $((SECONDS - built)) s"
