#!/usr/bin/env bash
# examples/quickstart.sh [AUDIO]
#
# From a fresh Debian machine to Whisper mel features: installs what is missing, builds the plugin,
# turns AUDIO (any format decodebin knows; default: recorded speech from alsa-utils) into mel.npy
# and mel.png in the current folder, and says what it did and on which backend.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
audio=${1:-/usr/share/sounds/alsa/Front_Center.wav}
build=$root/build-quickstart

# shellcheck source=tests/packages.sh
. "$root/tests/packages.sh"
install_packages "${build_packages[@]}" "${run_packages[@]}" libcairo2-dev fonts-dejavu-core

[ -r "$audio" ] || {
  echo "error: cannot read $audio" >&2
  exit 1
}

if [ ! -f "$build/build.ninja" ]; then
  meson setup "$build" "$root" --buildtype=release \
    -Dtests=disabled -Dexamples=disabled -Dbenchmarks=disabled >"$root/.quickstart.log" 2>&1 || {
    cat "$root/.quickstart.log" >&2
    echo "error: meson setup failed (output above)" >&2
    exit 1
  }
  rm -f "$root/.quickstart.log"
fi
log=$build/quickstart.log
ninja -C "$build" >"$log" 2>&1 || {
  cat "$log" >&2
  echo "error: the build failed (output above)" >&2
  exit 1
}

export GST_PLUGIN_PATH=$build/gst${GST_PLUGIN_PATH:+:$GST_PLUGIN_PATH}
# A relative name would be taken from the folder of the file source's own parser: make it absolute.
case $audio in /*) ;; *) audio=$PWD/$audio ;; esac

launch=(filesrc "location=$audio" ! decodebin ! audioconvert ! audioresample
  ! npumelspec name=mel preset=whisper80 frames=0 normalize=buffer
  ! tee name=t
  t. ! queue ! npyenc ! filesink location=mel.npy
  t. ! queue ! melspecscope mode=page ! videoconvert ! pngenc ! filesink location=mel.png)

shown=$(printf '%q ' "${launch[@]}")
echo "GST_PLUGIN_PATH=$build/gst gst-launch-1.0 ${shown//\\!/!}"
started=$(date +%s%N)
if ! gst-launch-1.0 -v "${launch[@]}" >"$log" 2>&1; then
  grep -E 'ERROR|WARNING|Additional|gst' "$log" >&2 || cat "$log" >&2
  echo "error: the pipeline failed. If a decoder is missing, gstreamer1.0-libav knows most formats." >&2
  exit 1
fi
took=$(($(date +%s%N) - started))

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
print(f"speed:   {audio:.2f} s of audio in {took * 1000:.0f} ms, {audio / took:.0f} times real time "
      "(start of the program, decoding, resampling and drawing included)")
PY
