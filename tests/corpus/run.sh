#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/corpus/run.sh BUILD [TEST...]
#
# npumel-extract over 2,000 short files: in one process, with GNU parallel on two ssh hosts (both this
# machine) and on a Slurm of two nodes (both this machine), with workers that are killed on the way.
# Installs what that takes, starts the daemons with folders of their own and stops them. Needs root.
# TEST names a test of suite.py. NPUMELSPEC_CORPUS_FILES sets the number of files.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '3,9s/^# \{0,1\}//p' "$0"; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
shift
# shellcheck source=tests/packages.sh
. "$here/../packages.sh"
install_packages "${corpus_packages[@]}"
ninja -C "$build" gst/libgstnpumelspec.so gst/tools/npumel-extract
exec python3 "$here/suite.py" "$build" "$@"
