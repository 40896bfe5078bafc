#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs a command in a root made by make-root.sh, with this checkout at /src and as working directory.
#
#   tests/xrt/in-root.sh [--scratch] [--bind OUTSIDE:INSIDE]... ROOT COMMAND...
#
# --scratch: what the command changes in the root is gone when it ends, and apt keeps what it downloads
# beside the roots. For commands that install something.
#
# ROOT is a name (trixie, forky), made if need be, or a path. Mounts live in a private mount namespace:
# they end with the command, whatever way it ends. Compiler results are cached next to the roots.
# NPUMELSPEC_* variables are passed on; the folder NPUMELSPEC_GOLDEN names is seen as /golden.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../.." && pwd)
cache=${NPUMELSPEC_ROOTS:-${XDG_CACHE_HOME:-$HOME/.cache}/npumelspec/roots}

if [ "${1:-}" = --inside-namespace ]; then
  # Second call, in the namespace: mount, then change root. Arguments: SCRATCH ROOT PAIR... -- COMMAND...
  scratch=$2
  root=$3
  shift 3
  if [ "$scratch" != none ]; then
    mkdir "$scratch"/{root,upper,work}
    mount -t overlay npumelspec -o "lowerdir=$root,upperdir=$scratch/upper,workdir=$scratch/work" "$scratch/root"
    root=$scratch/root
  else
    # A mount point of its own, so that commands in the root can make mount namespaces too.
    mount --bind "$root" "$root"
  fi
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
scratch=none
if [ "${1:-}" = --scratch ]; then
  scratch=$(mktemp -d "$cache/.scratch.XXXXXX")
  shift
fi
while [ "${1:-}" = --bind ]; do
  binds+=("$2")
  shift 2
done
root=${1:?usage: in-root.sh [--scratch] [--bind OUTSIDE:INSIDE]... ROOT COMMAND...}
shift
case $root in
  */*) ;;
  *) root=$("$here/make-root.sh" "$root") ;;
esac
if [ "$scratch" != none ]; then
  archives=$cache/.archives/${root##*/}
  mkdir -p "$archives/partial"
  binds+=("$archives:/var/cache/apt/archives")
fi

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
inside=(unshare "${as_root[@]}" --mount --propagation private env -i "${environment[@]}"
  "$here/in-root.sh" --inside-namespace "$scratch" "$root" "${binds[@]}" -- "$@")
[ "$scratch" != none ] || exec "${inside[@]}"
trap 'rm -rf --one-file-system "$scratch"' EXIT
"${inside[@]}"
