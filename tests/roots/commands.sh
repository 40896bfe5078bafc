#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The README's two commands on machines that have nothing but apt: tests/roots/commands.sh [NAME]...
#
#   bookworm  Debian 12: GStreamer 1.22, g++ 12
#   trixie    Debian 13: GStreamer 1.26, g++ 14
#   forky     testing: GStreamer 1.28, g++ 15 or later
#
# Each in a copy of a bare root (tests/roots/bare.sh) with a clone of these sources: examples/quickstart.sh,
# also as a second user without network and from a read-only clone, and tests/run.sh in its quick form.
# What they install is gone afterwards; what apt downloaded and compiled objects are kept beside the roots.
# Needs root rights.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../.." && pwd)

for name in "${@:-trixie}"; do
  [[ $name =~ ^(bookworm|trixie|forky)$ ]] || { echo "commands.sh: there is no bare root $name" >&2; exit 2; }
done
# A clone with what is not committed yet: no build folder, nothing that was left behind.
clone=$(mktemp -d)
trap 'rm -rf "$clone"' EXIT
git clone -q "$checkout" "$clone/src"
(cd "$checkout" && git ls-files -z --cached --others --exclude-standard | tar -c --null --ignore-failed-read -T - ) 2>/dev/null |
  tar -x -C "$clone/src"

for name in "${@:-trixie}"; do
  root=$("$here/bare.sh" "$name")
  "$clone/src/tests/xrt/in-root.sh" --scratch "$root" bash -euo pipefail -c '
    started=$SECONDS
    examples/quickstart.sh </dev/null || { tail -n 30 build-quickstart/quickstart.log; exit 1; }
    test -s mel.npy && test -s mel.png
    # A second time: nothing is installed or built again.
    again=$(examples/quickstart.sh </dev/null)
    if grep -E "installing|building" <<<"$again"; then exit 1; fi
    echo "$1: examples/quickstart.sh $((SECONDS - started)) s"
    rm -r mel.npy mel.png
    started=$SECONDS
    tests/run.sh --install-only </dev/null
    echo "$1: tests/run.sh --install-only $((SECONDS - started)) s"

    # Somebody else in the same clone, which has a build folder that is not theirs, and no network.
    others=$(mktemp -d)
    install -d -o 1234 -g 1234 "$others/second" "$others/ccache"
    chmod a+rx "$others"
    as_second=(unshare --net setpriv --reuid=1234 --regid=1234 --clear-groups
      env HOME="$others/second" CCACHE_DIR="$others/ccache")
    "${as_second[@]}" sh -c "cd && /src/examples/quickstart.sh </dev/null && test -s mel.npy && test -s mel.png"
    said=$("${as_second[@]}" tests/run.sh house 2>&1) && exit 1
    grep "cannot write to /src/build-test, where everything is built: clone the sources" <<<"$said"
    echo "$1: a second user without network"
    # A clone that nobody can write to.
    mount -o remount,bind,ro /src
    if touch /src/x 2>/dev/null; then exit 1; fi
    install -d "$others/third"
    unshare --net env HOME="$others/third" CCACHE_DIR="$others/ccache" \
      sh -c "cd && /src/examples/quickstart.sh </dev/null && test -s mel.npy && test -s mel.png"
    mount -o remount,bind,rw /src
    rm -r "$others" build-quickstart
    echo "$1: a read-only clone without network"

    started=$SECONDS
    tests/run.sh quick </dev/null
    echo "$1: tests/run.sh quick $((SECONDS - started)) s, g++ $(g++ -dumpfullversion), GStreamer $(pkg-config --modversion gstreamer-1.0)"
  ' bash "$name"
done
echo "commands: quickstart.sh and run.sh quick in ${*:-trixie}"
