#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# examples/extract-corpus.sh IN OUT [npumelspec properties...]
#
# Features of every audio file under IN as OUT/<same path>.npy (frames, mels). Can be stopped and
# started again at any time: a file is written under the name .part and renamed when complete, and
# what is there is not computed again. One process a file, JOBS (default: all cores) at a time.
# Files that cannot be decoded are listed in OUT/failed.txt; exit status 1 when there are any.
# The properties of the first run are kept in OUT/properties.txt; a run with others is refused.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '3,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
in=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
shift 2
properties=("$@")
[ ${#properties[@]} -gt 0 ] || properties=(preset=whisper80)

said="${properties[*]}"
[ -f "$out/properties.txt" ] || printf '%s\n' "$said" >"$out/properties.txt"
if [ "$(cat "$out/properties.txt")" != "$said" ]; then
  echo "$out holds features made with: $(cat "$out/properties.txt")" >&2
  exit 2
fi

# shellcheck source=examples/gst_launch.sh
. "$(dirname "$0")/gst_launch.sh"

extract() { # FILE IN OUT PROPERTIES...
  local file=$1 in=$2 target=$3/${1#"$2"/}.npy
  shift 3
  [ ! -e "$target" ] || return 0
  mkdir -p "$(dirname "$target")"
  # Sound only: at a file of video alone a plain decodebin would wait for ever.
  if gst_launch "$target.log" -q filesrc location="$file" ! decodebin expose-all-streams=false caps=audio/x-raw \
    ! audioconvert ! audioresample ! npumelspec frames=0 "$@" ! npyenc ! filesink location="$target.part" &&
    [ -s "$target.part" ]; then
    mv "$target.part" "$target"
    rm -f "$target.log"
  else
    rm -f "$target.part"
    printf '%s\n' "$file" >>"$FAILED"
  fi
}
export -f extract gst_launch
export FAILED=$out/failed.txt
rm -f "$FAILED"

find "$in" -type f \( -iname '*.wav' -o -iname '*.flac' -o -iname '*.ogg' -o -iname '*.opus' \
  -o -iname '*.mp3' -o -iname '*.m4a' \) -print0 |
  xargs -0 -r -P "${JOBS:-$(nproc)}" -I{} bash -c 'extract "$@"' _ {} "$in" "$out" "${properties[@]}"

echo "$(find "$out" -name '*.npy' | wc -l) arrays in $out"
[ ! -s "$FAILED" ] || { echo "$(wc -l <"$FAILED") files failed: $FAILED; why: .log beside the place of the array" >&2; exit 1; }
