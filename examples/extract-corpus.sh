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
# shellcheck source=examples/gst_launch.sh
. "$(dirname "$0")/gst_launch.sh"

# Not in $(...), which would cut newlines at the end of a name.
absolute() { # VARIABLE FOLDER
  case $2 in
    /*) CDPATH='' cd "$2" ;;
    *) CDPATH='' cd "./$2" ;;
  esac
  printf -v "$1" '%s' "$PWD"
  cd "$OLDPWD"
}
in="" out=""
absolute in "$1"
mkdir -p -- "$2"
absolute out "$2"
shift 2
properties=("$@")
[ ${#properties[@]} -gt 0 ] || properties=(preset=whisper80)

said="${properties[*]}"
[ -f "$out/properties.txt" ] || printf '%s\n' "$said" >"$out/properties.txt"
if [ "$(cat "$out/properties.txt")" != "$said" ]; then
  echo "$(printable "$out") holds features made with: $(cat "$out/properties.txt")" >&2
  exit 2
fi

extract() { # IN OUT PROPERTIES... FILE
  local file=${!#} target
  target=$2/${file#"$1"/}.npy
  set -- "${@:3:$#-3}"
  [ ! -e "$target" ] || return 0
  mkdir -p "${target%/*}"
  # Sound only: at a file of video alone a plain decodebin would wait for ever.
  if save 4 "$target" gst_launch "$target.log" -q filesrc location=/dev/fd/3 \
    ! decodebin expose-all-streams=false caps=audio/x-raw ! audioconvert ! audioresample \
    ! npumelspec frames=0 "$@" ! npyenc ! filesink location=/dev/fd/4 3<"$file"; then
    rm -f "$target.log"
  else
    rm -f "$target.part"
    printf '%s\n' "$(printable "$file")" >>"$FAILED"
  fi
}
export -f extract gst_launch save printable
export FAILED=$out/failed.txt
rm -f "$FAILED"

find "$in" -type f \( -iname '*.wav' -o -iname '*.flac' -o -iname '*.ogg' -o -iname '*.opus' \
  -o -iname '*.mp3' -o -iname '*.m4a' \) -print0 |
  xargs -0 -r -P "${JOBS:-$(nproc)}" -n 1 bash -c 'extract "$@"' _ "$in" "$out" "${properties[@]}"

echo "$(find "$out" -name '*.npy' -printf . | wc -c) arrays in $(printable "$out")"
[ ! -s "$FAILED" ] || { echo "$(wc -l <"$FAILED") files failed: $(printable "$FAILED"); why: .log beside the place of the array" >&2; exit 1; }
