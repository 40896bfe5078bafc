#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes a corpus of short files: speech and tones in many formats, broken files, hostile names.

usage: make_corpus.py FOLDER FILES

Speech comes from espeak-ng, formats from sox, ffmpeg and GStreamer. FILES counts all of them; distinct
recordings are made once and linked under many names. Writes FOLDER.bad, the names of files without
sound, a JSON list.
"""
import json
import os
import subprocess
import sys
from pathlib import Path

HOSTILE = ['a" fakesrc num-buffers=1 ! filesink location=X audiotestsrc num-buffers=1 name=y.wav', "new\nline.wav",
           "tab\t.wav", "back\\slash.wav", "-leading.wav", "{}.wav", "$(touch X).wav", "%d.wav", "`id`.wav",
           "a'b.wav", " blank .wav", "ünïcode.wav", "dots...wav", os.fsdecode(b"\xff\xfe.wav"), "a.wav", "a.flac"]


def run(*command):
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def recordings(folder):
    """Distinct files, and the names of those that hold no sound."""
    made, bad = [], []
    for number, text in enumerate(["one two three", "the quick brown fox", "front center", "mel spectrogram"]):
        wav = folder / f"speech{number}.wav"
        run("espeak-ng", "-s", 140 + 20 * number, "-w", wav, text)
        made.append(wav)
        for rate, channels, suffix in [(8000, 1, "wav"), (16000, 1, "flac"), (48000, 2, "wav"), (44100, 1, "ogg"),
                                       (16000, 1, "mp3"), (16000, 2, "wav"), (22050, 1, "flac")]:
            path = folder / f"speech{number}_{rate}_{channels}.{suffix}"
            run("sox", wav, "-r", rate, "-c", channels, path)
            made.append(path)
        for suffix, codec in [("m4a", "aac"), ("mp4", "aac"), ("mkv", "libopus"), ("opus", "libopus")]:
            path = folder / f"speech{number}.{suffix}"
            video = ["-f", "lavfi", "-i", "color=size=64x48:rate=5:duration=1", "-c:v", "mpeg4"]
            run("ffmpeg", "-y", "-i", wav, *(video if suffix in ("mp4", "mkv") else []), "-c:a", codec, path)
            made.append(path)
    silent = folder / "silent.wav"
    run("sox", "-n", "-r", 16000, "-c", 1, silent, "trim", 0, 0.7)
    truncated = folder / "truncated.wav"
    truncated.write_bytes(made[0].read_bytes()[:9000])
    made += [silent, truncated]
    for name, data in [("empty.wav", b""), ("text.txt", b"not a sound\n" * 20), ("header.wav", made[0].read_bytes()[:20]),
                       ("noise.mp3", bytes(range(1, 200)) * 30), ("nosound.wav", made[0].read_bytes()[:44])]:
        (folder / name).write_bytes(data)
        bad.append(folder / name)
    return made, bad


def main(folder, files):
    folder, files = Path(folder), int(files)
    source = folder.with_name(folder.name + ".made")
    source.mkdir()
    good, bad = recordings(source)
    names = []
    for place in range(files):
        is_bad = place % 40 == 39
        origin = bad[place // 40 % len(bad)] if is_bad else good[place % len(good)]
        target = folder / f"part{place % 7}" / f"{place:05}_{origin.name}"
        if not is_bad and place < len(HOSTILE):
            target = folder / HOSTILE[place]
            origin = good[0] if target.suffix == ".wav" else good[2]
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(origin, target)
        if is_bad:
            names.append(str(target.relative_to(folder)))
    folder.with_name(folder.name + ".bad").write_text(json.dumps(sorted(names)), encoding="ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])
