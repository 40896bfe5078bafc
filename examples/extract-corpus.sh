#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# examples/extract-corpus.sh IN OUT [npumelspec properties...]
#
# Features of every audio and video file under IN as OUT/<same path>.npy (frames, mels): what
# npumel-extract does by default, JOBS (default: all cores) files at a time. `npumel-extract --help`
# has the rest. NPUMEL_EXTRACT names the program where it is neither installed nor in a build folder.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '3,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
extract=${NPUMEL_EXTRACT:-npumel-extract}
if ! command -v "$extract" >/dev/null; then
  for built in "$root"/build*/gst/tools/npumel-extract; do
    [ ! -x "$built" ] || { extract=$built; export GST_PLUGIN_PATH=${built%/tools/*}; }
  done
fi
in=$1 out=$2
shift 2
case $in in /*) ;; *) in=./$in ;; esac # a leading dash is no option
exec "$extract" "$in" --output "$out" --jobs "${JOBS:-$(nproc)}" "$@"
