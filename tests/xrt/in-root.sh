#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs a command in a root made by make-root.sh, with this checkout at /src and as working directory.
#
#   tests/xrt/in-root.sh [--bind OUTSIDE:INSIDE]... ROOT COMMAND...
#
# ROOT is a name (trixie, forky), made if need be, or a path. Mounts live in a private mount namespace:
# they end with the command, whatever way it ends. Compiler results are cached next to the roots.
# NPUMELSPEC_* variables are passed on; the folder NPUMELSPEC_GOLDEN names is seen as /golden.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../.." && pwd)
cache=${NPUMELSPEC_ROOTS:-${XDG_CACHE_HOME:-$HOME/.cache}/npumelspec/roots}

if [ "${1:-}" = --inside-namespace ]; then
  # Second call, in the namespace: mount, then change root. Arguments: ROOT PAIR... -- COMMAND...
  root=$2
  shift 2
  # A mount point of its own, so that commands in the root can make mount namespaces too.
  mount --bind "$root" "$root"
  for path in /proc /sys /dev; do
    mount --rbind "$path" "$root$path"
  done
  mount -t tmpfs -o mode=1777 npumelspec "$root/tmp"
  while [ "$1" != -- ]; do
    mkdir -p "$root${1##*:}"
    mount --rbind "${1%:*}" "$root${1##*:}"
    shift
  done
  shift
  exec chroot "$root" /bin/sh -c 'cd /src && exec "$@"' sh "$@"
fi

mkdir -p "$cache/.ccache"
binds=("$checkout:/src" "$cache/.ccache:/ccache")
while [ "${1:-}" = --bind ]; do
  binds+=("$2")
  shift 2
done
root=${1:?usage: in-root.sh [--bind OUTSIDE:INSIDE]... ROOT COMMAND...}
shift
case $root in
  */*) ;;
  *) root=$("$here/make-root.sh" "$root") ;;
esac

# The command sees a clean environment: what the caller happens to have set must not change a test.
environment=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
  LANG=C.UTF-8 "TERM=${TERM:-dumb}" CCACHE_DIR=/ccache CCACHE_BASEDIR=/src
  CCACHE_NOHASHDIR=1)
for name in "${!NPUMELSPEC_@}"; do
  environment+=("$name=${!name}")
done
if [ -n "${NPUMELSPEC_GOLDEN:-}" ]; then
  binds+=("$NPUMELSPEC_GOLDEN:/golden")
  environment+=(NPUMELSPEC_GOLDEN=/golden)
fi
as_root=()
[ "$(id -u)" = 0 ] || as_root=(--map-root-user)
exec unshare "${as_root[@]}" --mount --propagation private \
  env -i "${environment[@]}" \
  "$here/in-root.sh" --inside-namespace "$root" "${binds[@]}" -- "$@"
