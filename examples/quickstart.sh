#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# examples/quickstart.sh [AUDIO]
#
# From a fresh Debian machine to Whisper mel features: installs what is missing, builds the plugin,
# turns AUDIO (any format decodebin knows; default: recorded speech from alsa-utils) into mel.npy
# and mel.png in the current folder, and says what it did and on which backend.
# BUILD=FOLDER builds elsewhere than in build-quickstart beside the sources.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD:-$root/build-quickstart}

fail() {
  echo "error: $*" >&2
  exit 1
}
# Before anything takes time.
[ $# -le 1 ] || fail "one file at a time (a name with spaces needs quotes)"
if [ $# -eq 1 ]; then
  [ -e "$1" ] || fail "there is no file $1"
  [ -f "$1" ] && [ -r "$1" ] || fail "cannot read $1"
  [ -s "$1" ] || fail "$1 is empty"
fi
probe=$(mktemp .quickstart.XXXXXX 2>/dev/null) || fail "cannot write to $PWD, where mel.npy and mel.png would go"
rm "$probe"
command -v apt-get >/dev/null ||
  fail "this is not Debian: install what tests/packages.sh names, then see \"Building by hand\" in README.md"

# shellcheck source=tests/packages.sh
. "$root/tests/packages.sh"
# shellcheck source=examples/gst_launch.sh
. "$root/examples/gst_launch.sh"
install_packages "${build_packages[@]}" "${run_packages[@]}" libcairo2-dev fonts-dejavu-core ||
  fail "the packages could not be installed (apt-get's words are above)"

audio=${1:-/usr/share/sounds/alsa/Front_Center.wav}
mkdir -p "$build" || fail "cannot build in $build"
log=$build/quickstart.log
if [ ! -f "$build/build.ninja" ]; then
  echo "building in $build (some minutes the first time)"
  meson setup "$build" "$root" --buildtype=release \
    -Dtests=disabled -Dexamples=disabled -Dbenchmarks=disabled >"$log" 2>&1 ||
    fail "meson setup failed: $log"
fi
ninja -C "$build" >"$log" 2>&1 || fail "the build failed: $log"

export GST_PLUGIN_PATH=$build/gst${GST_PLUGIN_PATH:+:$GST_PLUGIN_PATH}
# Sound only: with a video without any, a plain decodebin would wait for ever.
launch=(filesrc location=/dev/fd/3 ! decodebin expose-all-streams=false caps=audio/x-raw ! audioconvert ! audioresample
  ! npumelspec name=mel preset=whisper80 frames=0 normalize=buffer
  ! tee name=t
  t. ! queue ! npyenc ! filesink location=mel.npy.part
  t. ! queue ! melspecscope mode=page ! videoconvert ! pngenc ! filesink location=mel.png.part)

shown=$(printf '%q ' "${launch[@]%.part}")
printf 'GST_PLUGIN_PATH=%q gst-launch-1.0 %s3<%q\n' "$build/gst" "${shown//\\!/!}" "$audio"
started=$(date +%s%N)
if ! gst_launch "$log" -v "${launch[@]}" 3<"$audio"; then
  why=$(sed -n 's/^ERROR: from element [^:]*\(:[^: ]*\)*: //p; s/^WARNING: erroneous pipeline: //p' "$log" | head -n 1)
  case $why in
    *"missing a plug-in"* | *"Internal data stream error"* | *"no suitable"* | "")
      why="no sound in it that can be decoded (gstreamer1.0-libav knows more formats)" ;;
  esac
  fail "$(printable "$audio"): $why (log: $log)"
fi
took=$(($(date +%s%N) - started))
mv mel.npy.part mel.npy
mv mel.png.part mel.png

python3 - mel.npy "$log" "$took" <<'PY'
import ast, re, struct, sys
with open(sys.argv[1], "rb") as f:
    assert f.read(8)[:6] == b"\x93NUMPY"
    header = ast.literal_eval(f.read(struct.unpack("<H", f.read(2))[0]).decode())
frames, mels = header["shape"]
log = open(sys.argv[2], errors="replace").read()
backend = re.findall(r"active-backend = \"?(\w+)", log)[-1]
took = int(sys.argv[3]) / 1e9
audio = frames * 0.01
print(f"mel.npy: {frames} frames x {mels} mels, {header['descr']} (whisper80, normalised as Whisper does)")
print(f"mel.png: their picture")
print(f"backend: {backend}")
print(f"speed:   {audio:.2f} s of audio in {took * 1000:.0f} ms, {audio / took:.1f} times real time "
      "(start of the program, decoding, resampling and drawing included)")
PY
