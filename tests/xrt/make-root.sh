#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes a Debian root for tests, or finds the cached one, and prints its path.
#
#   tests/xrt/make-root.sh [trixie|forky]
#
# NPUMELSPEC_ROOTS          where roots are kept (default ${XDG_CACHE_HOME:-~/.cache}/npumelspec/roots)
# NPUMELSPEC_DEBIAN_MIRROR  default: the mirror this machine's apt uses
#
# A root is rebuilt when its package list, its preferences or this script change. Needs root.
set -eu

name=${1:-trixie}
here=$(cd "$(dirname "$0")" && pwd)
cache=${NPUMELSPEC_ROOTS:-${XDG_CACHE_HOME:-$HOME/.cache}/npumelspec/roots}
root=$cache/$name
packages=$here/roots/$name.packages
preferences=$here/roots/$name.preferences
ini=$here/xrt.ini

die() {
  echo "make-root: $*" >&2
  exit 1
}

[ -f "$packages" ] || die "no package list roots/$name.packages"

# Files that decide what is in a root; a missing preferences file is simply not part of it.
stamp=$(cat "$0" "$packages" "$ini" "$preferences" 2>/dev/null | sha256sum | cut -c1-64)

is_current() { [ "$(cat "$cache/$name.stamp" 2>/dev/null)" = "$stamp" ] && [ -x "$root/bin/sh" ]; }

mkdir -p "$cache"
exec 9>"$cache/$name.lock"
flock 9 # a second run waits for the first one's root instead of building another

if is_current; then
  echo "$root"
  exit 0
fi

[ "$(id -u)" = 0 ] || die "making a root needs root rights (run it once with sudo)"
command -v mmdebstrap >/dev/null || die "mmdebstrap is missing (apt-get install mmdebstrap)"

# The first archive of apt's own set-up that is Debian itself, not its security or a third party's.
mirror=${NPUMELSPEC_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null |
  grep -E '/debian/?$' | head -n 1)}
mirror=${mirror:-http://deb.debian.org/debian}
proxy=$(apt-config shell P Acquire::http::Proxy 2>/dev/null || true)
if [ -n "$proxy" ]; then
  eval "$proxy"
  export http_proxy="$P"
fi

case $name in
  trixie) sources="deb $mirror trixie main
deb $mirror trixie-backports main" ;;
  *) sources="deb $mirror $name main" ;;
esac

words=$(sed 's/#.*//' "$packages" | tr -s '\n ' ' ')
include= unpack=
for word in $words; do
  case $word in
    unpack:*) unpack="$unpack ${word#unpack:}" ;;
    *) include="$include${include:+,}$word" ;;
  esac
done
new=$cache/.$name.new
log=$cache/$name.log

# in-root.sh mounts in private namespaces only, so a root never holds mounts of ours; whoever bound
# something into it by hand must not lose those files.
remove_tree() {
  [ -e "$1" ] || return 0
  ! grep -q " $1/" /proc/self/mountinfo || die "something is mounted below $1: unmount it first"
  rm -rf --one-file-system "$1"
}

remove_tree "$new"
echo "make-root: building $name in $root (log: $log)" >&2
# Check-Valid-Until: testing is a moving suite, and a mirror's copy may be older than its own limit.
set -- --mode=root --variant=apt --aptopt='Acquire::Check-Valid-Until "false"' \
  --aptopt='APT::Install-Recommends "false"' --include="$include" \
  --dpkgopt=force-unsafe-io --dpkgopt=path-exclude=/usr/share/doc/* \
  --dpkgopt=path-exclude=/usr/share/man/* --dpkgopt=path-exclude=/usr/share/locale/*
if [ -n "$unpack" ]; then
  set -- "$@" --customize-hook="chroot \"\$1\" sh -euc 'cd /tmp; apt-get -qq download $unpack
    for package in *.deb; do dpkg -x \$package /; rm \$package; done'"
fi
# XRT run by root reads its settings next to the executable only; gst-launch-1.0 is in /usr/bin.
set -- "$@" --customize-hook="cp '$ini' \"\$1/usr/bin/xrt.ini\""
if [ -f "$preferences" ]; then
  set -- "$@" --setup-hook='mkdir -p "$1/etc/apt/preferences.d"' \
    --setup-hook="cp '$preferences' \"\$1/etc/apt/preferences.d/npumelspec.pref\""
fi
echo "$sources" | mmdebstrap "$@" "" "$new" - >"$log" 2>&1 9>&- || {
  tail -n 20 "$log" >&2
  die "mmdebstrap failed"
}
rm -f "$cache/$name.stamp"
remove_tree "$root"
mv "$new" "$root"
echo "$stamp" >"$cache/$name.stamp"
echo "$root"
