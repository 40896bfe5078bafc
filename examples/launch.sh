#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# examples/launch.sh NAME [FILE]
#
# Ready launch lines. NAME is one of the functions below; FILE is what is read (any format decodebin
# knows). A file gets its name when it is whole; until then .part follows the name. Environment:
# MICROPHONE (default autoaudiosrc), SCREEN (default autovideosink), PORT (default 5004), OUT (default
# the current folder). /dev/fd/N stands for a file: a name in a launch line could be read as elements.
set -euo pipefail
audio=${2:-/usr/share/sounds/alsa/Front_Center.wav}
mic=${MICROPHONE:-autoaudiosrc}
screen=${SCREEN:-autovideosink}
out=${OUT:-.}
port=${PORT:-5004}
[[ $port =~ ^[0-9]{1,5}$ ]] || { echo "launch.sh: PORT=$port is no port: 1 to 65535" >&2; exit 2; }
[ $# -lt 2 ] || { [ -f "$2" ] && [ -r "$2" ]; } || { echo "launch.sh: cannot read the file $2" >&2; exit 2; }
# Any audio to what npumelspec takes: mono, and a rate that it can agree on with audioresample.
to_mono=(audioconvert ! audioresample)

# Whisper's features of a file, as a NumPy array (frames, 80).
file() {
  save 4 "$out/file.npy" gst-launch-1.0 filesrc location=/dev/fd/3 ! decodebin ! "${to_mono[@]}" \
    ! npumelspec preset=whisper80 frames=0 normalize=buffer ! npyenc ! filesink location=/dev/fd/4 3<"$audio"
}

# The same with the axes of openai-whisper and whisper.cpp: [80, n].
drop-in() {
  save 4 "$out/drop-in.npy" gst-launch-1.0 filesrc location=/dev/fd/3 ! decodebin ! "${to_mono[@]}" \
    ! npumelspec preset=whisper80 frames=0 normalize=buffer layout=mel-major \
    ! npyenc ! filesink location=/dev/fd/4 3<"$audio"
}

# 30 s chunks, (chunks, 3000, 80). The first equals Whisper's pad_or_trim. Later ones have the real
# context at their edges, where a program that cuts the audio first would see a reflection of it.
whisper-chunks() {
  save 4 "$out/whisper-chunks.npy" \
    gst-launch-1.0 filesrc location=/dev/fd/3 ! decodebin ! "${to_mono[@]}" \
    ! npumelspec preset=whisper80 frames=3000 normalize=buffer eos-mode=pad \
    ! npyenc mode=stack ! filesink location=/dev/fd/4 3<"$audio"
}

# A picture of a clip.
picture() {
  save 4 "$out/picture.png" gst-launch-1.0 filesrc location=/dev/fd/3 ! decodebin ! "${to_mono[@]}" ! npumelspec frames=0 \
    ! melspecscope mode=page ! pngenc ! filesink location=/dev/fd/4 3<"$audio"
}

# A live display. -e: Ctrl-C ends the stream properly.
# shellcheck disable=SC2086  # MICROPHONE and SCREEN may have properties
display() {
  gst-launch-1.0 -e $mic ! queue ! "${to_mono[@]}" ! npumelspec frames=10 ! queue \
    ! melspecscope ! videoconvert ! $screen
}

# Features of the microphone, one buffer a second, printed with their times.
# shellcheck disable=SC2086
microphone() {
  gst-launch-1.0 -e -v $mic ! queue ! "${to_mono[@]}" ! npumelspec ! fakesink silent=false sync=false
}

# Record and compute at once. The recording branch must be able to hold what npumelspec collects:
# the limits of its queue are off.
# shellcheck disable=SC2086
record() {
  save 4 "$out/record.flac" \
    save 5 "$out/record.npy" \
    gst-launch-1.0 -e $mic ! queue ! audioconvert ! audio/x-raw,channels=1 ! tee name=t \
    t. ! queue max-size-time=0 max-size-buffers=0 max-size-bytes=0 ! flacenc ! filesink location=/dev/fd/4 \
    t. ! queue ! audioresample ! npumelspec ! npyenc ! filesink location=/dev/fd/5
}

# Opus over RTP.
rtp() {
  save 4 "$out/rtp.npy" gst-launch-1.0 -e udpsrc port="$port" \
    caps=application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,payload=96 \
    ! rtpjitterbuffer ! rtpopusdepay ! opusdec plc=true ! queue ! "${to_mono[@]}" \
    ! npumelspec ! npyenc ! filesink location=/dev/fd/4
}

# What sends to it.
rtp-send() {
  gst-launch-1.0 filesrc location=/dev/fd/3 ! decodebin ! "${to_mono[@]}" ! opusenc ! rtpopuspay pt=96 \
    ! udpsink host=127.0.0.1 port="$port" 3<"$audio"
}

# One feature stream for each channel of a stereo file.
channels() {
  save 4 "$out/left.npy" \
    save 5 "$out/right.npy" \
    gst-launch-1.0 filesrc location=/dev/fd/3 ! decodebin ! audioconvert ! audio/x-raw,channels=2 ! deinterleave name=d \
    d.src_0 ! queue ! "${to_mono[@]}" ! npumelspec frames=0 ! npyenc ! filesink location=/dev/fd/4 \
    d.src_1 ! queue ! "${to_mono[@]}" ! npumelspec frames=0 ! npyenc ! filesink location=/dev/fd/5 3<"$audio"
}

names=$(declare -F | awk '{print $3}')
# shellcheck source=examples/gst_launch.sh
. "$(dirname "$0")/gst_launch.sh"
case " ${names//$'\n'/ } " in
  *" ${1:-} "*) "$1" ;;
  *)
    echo "usage: launch.sh NAME [FILE]; NAME is one of: ${names//$'\n'/ }" >&2
    exit 2
    ;;
esac
