#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds the Debian packages: examples/packaging/build-deb.sh OUT [dpkg-buildpackage options...]
#
# OUT gets the packages and the source package. Needs what debian/control names; without libxrt-dev:
# DEB_BUILD_PROFILES=pkg.npumelspec.noxrt, and there is no package for the NPU.
set -eu
[ $# -ge 1 ] || { sed -n '3,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
version=$(sed -n "1s/.*(\(.*\)-.*/\1/p" "$here/debian/changelog")
work=$out/npumelspec-$version
rm -rf "$work"
mkdir "$work"
# The vectors of the tests are not needed to build, and most of the size.
(cd "$here/../.." && tar -c --exclude='./build*' --exclude=./.git --exclude=./tests/golden --exclude=__pycache__ .) |
  tar -x -C "$work"
tar -c --sort=name --owner=0 --group=0 --mtime=@0 -C "$out" "npumelspec-$version" |
  xz -1 >"$out/npumelspec_$version.orig.tar.xz"
cp -r "$here/debian" "$work/"
cd "$work"
dpkg-buildpackage -us -uc "$@"
rm -rf "$work"
