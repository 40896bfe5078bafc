#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# examples/corpus/parallel.sh HOSTS SHARDS INPUT OUT [npumel-extract options and PROPERTY=VALUE...]
#
# Features of a corpus on several machines with GNU parallel. HOSTS is a file for its --sshloginfile,
# a line a host ("4/user@host" = four shards at a time, ":" = this machine). All hosts see INPUT and
# OUT under the same names (a network file system) and have npumel-extract and the plugin installed.
#
# SHARDS: into how many parts to divide; a few for each job that runs at a time. A shard that was
# killed is tried again, three times; the same command again does what is missing. At the end the
# indexes are joined, once every input is accounted for exactly once.
#
# NPUMEL_EXTRACT   the program, npumel-extract by default
set -euo pipefail
[ $# -ge 4 ] || { sed -n '3,16s/^# \{0,1\}//p' "$0" >&2; exit 2; }
hosts=$1 shards=$2 input=$(realpath "$3") out=$4
shift 4
[[ $shards =~ ^[1-9][0-9]*$ ]] || { echo "$shards is no number of shards" >&2; exit 2; }
mkdir -p "$out"
out=$(realpath "$out")
extract=${NPUMEL_EXTRACT:-npumel-extract}

# In single quotes for the shell at the other end, whichever it is.
quoted() {
  local word
  for word in "$@"; do printf "'%s' " "${word//\'/\'\\\'\'}"; done
}

# Status 1 means that some inputs have no features, which no second try changes: that shard is done.
command="$(quoted "$extract" "$input" --output "$out" --jobs 1 "$@") --shard {}/$shards || test \$? -eq 1"
bar=()
[ ! -t 2 ] || bar=(--bar)
seq 0 $((shards - 1)) |
  parallel --will-cite --sshloginfile "$hosts" --env GST_PLUGIN_PATH --env NPUMELSPEC_KERNEL_PATH \
    --joblog "$out/parallel.log" --resume-failed --retries 3 "${bar[@]}" "$command" ||
  echo "some shards did not end: $out/parallel.log; the same command goes on" >&2
exec "$extract" "$input" --output "$out" "$@" --merge "$shards"
