#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes a root that has nothing but apt, or finds the cached one, and prints its path.
#
#   tests/roots/bare.sh bookworm|trixie|forky
#
# As tests/xrt/make-root.sh, with the same cache and mirror. A cache for compilers is in it, too: it changes
# nothing but the time that a second run takes. Needs root.
set -eu
name=$1
here=$(cd "$(dirname "$0")" && pwd)
cache=${NPUMELSPEC_ROOTS:-${XDG_CACHE_HOME:-$HOME/.cache}/npumelspec/roots}
root=$cache/bare-$name
stamp=$(sha256sum <"$0")
mkdir -p "$cache"
exec 9>"$root.lock"
flock 9
if [ "$(cat "$root.stamp" 2>/dev/null)" != "$stamp" ] || [ ! -x "$root/bin/sh" ]; then
  mirror=${NPUMELSPEC_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null |
    grep -E '/debian/?$' | head -n 1)}
  mirror=${mirror:-http://deb.debian.org/debian}
  sources="deb $mirror $name main"
  [ "$name" != trixie ] || sources="$sources
deb $mirror trixie-backports main"
  rm -rf --one-file-system "$root" "$root.new" "$root.stamp"
  # Check-Valid-Until: testing is a moving suite, and a mirror's copy may be older than its own limit.
  echo "$sources" | mmdebstrap --mode=root --variant=apt --aptopt='Acquire::Check-Valid-Until "false"' \
    --include=ca-certificates,ccache --dpkgopt=force-unsafe-io --dpkgopt=path-exclude=/usr/share/locale/* \
    "" "$root.new" - >"$root.log" 2>&1 9>&- || { tail -n 20 "$root.log" >&2; exit 1; }
  # XRT knows the NPU from trixie-backports on.
  cp "$here/../xrt/roots/trixie.preferences" "$root.new/etc/apt/preferences.d/"
  mv "$root.new" "$root"
  echo "$stamp" >"$root.stamp"
fi
echo "$root"
