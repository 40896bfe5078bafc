#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# examples/quickstart.sh [AUDIO]
#
# From a fresh Debian machine to Whisper mel features: installs what is missing, builds the plugin,
# turns AUDIO (any format decodebin knows; default: recorded speech from alsa-utils) into mel.npy
# and mel.png in the current folder, and says what it did, on which backend, and how to keep the
# plugin. The first run takes two to five minutes, later ones a second.
#
# Installs Debian packages (a compiler, meson, GStreamer with its development files; it names those
# that are missing, needs root or sudo for them alone, and no network when there are none). Changes
# nothing else outside of its build folder: build-quickstart beside the sources, or
# ~/.cache/npumelspec where these cannot be written. BUILD=FOLDER builds elsewhere.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

fail() {
  echo "error: $*" >&2
  exit 1
}
case ${1:-} in
  -h | --help)
    sed -n '3,14s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
  --) shift ;;
  -?*) [ -e "$1" ] || fail "unknown option $1 (-h explains; ./$1 for a file of that name)" ;;
esac
# Before anything takes time.
[ $# -le 1 ] || fail "one file at a time (a name with spaces needs quotes)"
if [ $# -eq 1 ]; then
  [ -e "$1" ] || fail "there is no file $1"
  [ -f "$1" ] && [ -r "$1" ] || fail "cannot read $1"
  [ -s "$1" ] || fail "$1 is empty"
fi
trap 'rm -f mel.npy.part mel.png.part' EXIT
for result in mel.npy mel.png; do
  touch $result.part 2>/dev/null || fail "cannot write to $PWD, where mel.npy and mel.png would go"
  [ ! -e $result ] || { [ -f $result ] && [ -w $result ]; } || fail "cannot overwrite $PWD/$result"
done
command -v apt-get >/dev/null ||
  fail "this is not Debian: install what tests/packages.sh names, then see \"Building by hand\" in README.md"

# A folder that this user can build in: the clone may be somebody else's, or read-only.
can_build_in() { mkdir -p "$1" 2>/dev/null && [ -w "$1" ] && { [ ! -e "$1/build.ninja" ] || [ -w "$1/build.ninja" ]; }; }
if [ -n "${BUILD:-}" ]; then
  build=$BUILD
else
  build=$root/build-quickstart
  can_build_in "$build" ||
    build=${XDG_CACHE_HOME:-$HOME/.cache}/npumelspec/quickstart-$(printf %s "$root" | cksum | cut -d' ' -f1)
fi
can_build_in "$build" || fail "cannot build in $build (BUILD=FOLDER builds elsewhere)"

# shellcheck source=tests/packages.sh
. "$root/tests/packages.sh"
# shellcheck source=examples/gst_launch.sh
. "$root/examples/gst_launch.sh"
install_packages "${build_packages[@]}" "${run_packages[@]}" libcairo2-dev fonts-dejavu-core ||
  fail "the packages could not be installed (apt-get's words are above)"

audio=${1:-/usr/share/sounds/alsa/Front_Center.wav}
log=$build/quickstart.log
if [ ! -f "$build/build.ninja" ]; then
  echo "building in $build (two to five minutes the first time)"
  meson setup "$build" "$root" --buildtype=release \
    -Dtests=disabled -Dexamples=disabled -Dbenchmarks=disabled >"$log" 2>&1 ||
    fail "meson setup failed: $log"
fi
ninja -C "$build" installed >"$log" 2>&1 || fail "the build failed: $log"

export GST_PLUGIN_PATH=$build/gst${GST_PLUGIN_PATH:+:$GST_PLUGIN_PATH}
# Sound only: with a video without any, a plain decodebin would wait for ever.
launch=(filesrc location=/dev/fd/3 ! decodebin expose-all-streams=false caps=audio/x-raw ! audioconvert ! audioresample
  ! npumelspec name=mel preset=whisper80 frames=0 normalize=buffer
  ! tee name=t
  t. ! queue ! npyenc ! filesink location=mel.npy.part
  t. ! queue ! melspecscope mode=page ! videoconvert ! pngenc ! filesink location=mel.png.part)

shown=$(printf '%q ' "${launch[@]%.part}")
printf 'GST_PLUGIN_PATH=%q gst-launch-1.0 %s3<%q\n' "$build/gst" "${shown//\\!/!}" "$audio"
status=0
gst_launch "$log" -v "${launch[@]}" 3<"$audio" || status=$?
name=$(printable "$audio")

# The element's own figures, which it tells at the end of a stream.
stat() { sed -n "s/.*GstNpuMelSpec:mel: stats = .*[ ,]$1=([a-z0-9]*)\\([^,;]*\\).*/\\1/p" "$log" | tail -n 1; }
if [ $status -ne 0 ]; then
  why=$(sed -n 's/^ERROR: from element [^:]*\(:[^: ]*\)*: //p; s/^WARNING: erroneous pipeline: //p' "$log" | head -n 1)
  case $why in
    *"missing a plug-in"* | *"Internal data stream error"* | *"no suitable"* | "")
      why="no sound in it that can be decoded (gstreamer1.0-libav knows more formats)" ;;
  esac
  fail "$name: $why (log: $log)"
fi
frames=$(stat frames)
if [ "${frames:-0}" = 0 ]; then
  samples=$(stat samples-in)
  [ "${samples:-0}" != 0 ] || fail "$name: its reader delivered no samples; the file is cut off, or its header promises none (log: $log)"
  fail "$name: $samples samples at 16 kHz are too few for a frame, which takes 160 (log: $log)"
fi
mv mel.npy.part mel.npy
mv mel.png.part mel.png
backend=$(sed -n 's/.*active-backend = "\{0,1\}\([a-z]*\).*/\1/p' "$log" | tail -n 1)
samples=$(($(stat samples-in) + $(stat samples-inserted)))
computing=$(($(stat kernel-time) + $(stat transfer-time) + $(stat convert-time) + $(stat software-time)))
awk -v frames="$frames" -v backend="$backend" -v samples="$samples" -v ns="$computing" 'BEGIN {
  printf "mel.npy: %d frames x 80 mels, float32 (whisper80, normalised as Whisper does)\n", frames
  printf "mel.png: their picture\n"
  printf "backend: %s\n", backend
  printf "speed:   npumelspec computed %.2f s of audio in %.2f ms (its stats; not decoding, resampling, drawing)\n",
    samples / 16000, ns / 1e6
}'
for_root=
[ -w / ] || for_root='sudo '
cat <<END

To keep the plugin:
  for everybody  ${for_root}meson install -C $build
  for you alone  meson configure $build -Duser-install=true && meson install -C $build
To take it away again: ${for_root}ninja -C $build uninstall
END
