#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# examples/corpus/slurm/submit.sh SHARDS INPUT OUT [npumel-extract options and PROPERTY=VALUE...]
#
# Features of a corpus as a Slurm job array of SHARDS tasks, and a job that joins the indexes once
# every input is accounted for exactly once. All nodes see INPUT and OUT under the same names and have
# npumel-extract and the plugin installed. Prints the number of the joining job.
#
# SBATCH_OPTIONS   more options for the array, such as "--gres=npu:1 --array=%16 --partition=batch"
# NPUMEL_EXTRACT   the program, npumel-extract by default
set -euo pipefail
[ $# -ge 3 ] || { sed -n '3,11s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
shards=$1 input=$(realpath "$2") out=$3
shift 3
[[ $shards =~ ^[1-9][0-9]*$ ]] || { echo "$shards is no number of shards" >&2; exit 2; }
mkdir -p "$out/log"
out=$(realpath "$out")
export NPUMEL_EXTRACT=${NPUMEL_EXTRACT:-npumel-extract}

read -ra more <<<"${SBATCH_OPTIONS:-}"
array=$(sbatch --parsable --job-name=npumel --array="0-$((shards - 1))" --requeue --output="$out/log/%a.log" \
  --open-mode=append "${more[@]}" "$here/extract.sbatch" "$input" "$out" "$@")
# After any end of the tasks: the joining job says what is missing.
sbatch --parsable --job-name=npumel-join --dependency="afterany:$array" --output="$out/log/join.log" \
  "$here/join.sbatch" "$input" "$out" "$shards" "$@"
