#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# examples/launch.sh NAME [FILE]
#
# Ready launch lines. NAME is one of the functions below; FILE is what is read (any format decodebin
# knows) or, for `record`, written. Environment: MICROPHONE (default autoaudiosrc), SCREEN (default
# autovideosink), PORT (default 5004), OUT (default the current folder).
set -euo pipefail
audio=${2:-/usr/share/sounds/alsa/Front_Center.wav}
mic=${MICROPHONE:-autoaudiosrc}
screen=${SCREEN:-autovideosink}
out=${OUT:-.}
# Any audio to what npumelspec takes: mono, and a rate that it can agree on with audioresample.
to_mono=(audioconvert ! audioresample)

# Whisper's features of a file, as a NumPy array (frames, 80).
file() {
  gst-launch-1.0 filesrc location="$audio" ! decodebin ! "${to_mono[@]}" \
    ! npumelspec preset=whisper80 frames=0 normalize=buffer ! npyenc ! filesink location="$out/file.npy"
}

# The same with the axes of openai-whisper and whisper.cpp: [80, n].
drop-in() {
  gst-launch-1.0 filesrc location="$audio" ! decodebin ! "${to_mono[@]}" \
    ! npumelspec preset=whisper80 frames=0 normalize=buffer layout=mel-major \
    ! npyenc ! filesink location="$out/drop-in.npy"
}

# 30 s chunks, (chunks, 3000, 80). The first equals Whisper's pad_or_trim. Later ones have the real
# context at their edges, where a program that cuts the audio first would see a reflection of it.
whisper-chunks() {
  gst-launch-1.0 filesrc location="$audio" ! decodebin ! "${to_mono[@]}" \
    ! npumelspec preset=whisper80 frames=3000 normalize=buffer eos-mode=pad \
    ! npyenc mode=stack ! filesink location="$out/whisper-chunks.npy"
}

# A picture of a clip.
picture() {
  gst-launch-1.0 filesrc location="$audio" ! decodebin ! "${to_mono[@]}" ! npumelspec frames=0 \
    ! melspecscope mode=page ! pngenc ! filesink location="$out/picture.png"
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
  gst-launch-1.0 -e $mic ! queue ! audioconvert ! audio/x-raw,channels=1 ! tee name=t \
    t. ! queue max-size-time=0 max-size-buffers=0 max-size-bytes=0 ! flacenc ! filesink location="$out/record.flac" \
    t. ! queue ! audioresample ! npumelspec ! npyenc ! filesink location="$out/record.npy"
}

# Opus over RTP.
rtp() {
  gst-launch-1.0 -e udpsrc port="${PORT:-5004}" \
    caps=application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,payload=96 \
    ! rtpjitterbuffer ! rtpopusdepay ! opusdec plc=true ! queue ! "${to_mono[@]}" \
    ! npumelspec ! npyenc ! filesink location="$out/rtp.npy"
}

# What sends to it.
rtp-send() {
  gst-launch-1.0 filesrc location="$audio" ! decodebin ! "${to_mono[@]}" ! opusenc ! rtpopuspay pt=96 \
    ! udpsink host=127.0.0.1 port="${PORT:-5004}"
}

# One feature stream for each channel of a stereo file.
channels() {
  gst-launch-1.0 filesrc location="$audio" ! decodebin ! audioconvert ! audio/x-raw,channels=2 ! deinterleave name=d \
    d.src_0 ! queue ! "${to_mono[@]}" ! npumelspec frames=0 ! npyenc ! filesink location="$out/left.npy" \
    d.src_1 ! queue ! "${to_mono[@]}" ! npumelspec frames=0 ! npyenc ! filesink location="$out/right.npy"
}

names=$(declare -F | awk '{print $3}')
case " ${names//$'\n'/ } " in
  *" ${1:-} "*) "$1" ;;
  *)
    echo "usage: launch.sh NAME [FILE]; NAME is one of: ${names//$'\n'/ }" >&2
    exit 2
    ;;
esac
