#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mel features in Python: GStreamer's own bindings (python3-gst-1.0) and NumPy.

usage: mel_numpy.py AUDIO OUT.npy [npumelspec properties...]
"""
import contextlib
import sys
from pathlib import Path

import gi
import numpy as np

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import Gst, GstApp  # noqa: E402,F401 (GstApp brings appsink's methods)


def mel_buffers(source, properties="", file=None):
    """Yields (seconds, array) for every buffer of `source`, which is launch text up to raw audio.

    `file`: what a filesrc called "file" in it reads. A name may hold any character, so it is no part of
    the text.

    Arrays are (frames, mels) or, with layout=mel-major, (mels, frames); they are copies, so they
    may be kept. Raises RuntimeError with GStreamer's message.
    """
    pipeline = Gst.parse_launch(
        f"{source} ! audioconvert ! audioresample ! npumelspec {properties} "
        "! audio/x-mel-spectrogram ! appsink name=sink sync=false max-buffers=16")
    if file is not None:
        pipeline.get_by_name("file").set_uri(Path(file).absolute().as_uri())
    sink = pipeline.get_by_name("sink")
    bus = pipeline.get_bus()
    pipeline.set_state(Gst.State.PLAYING)
    try:
        while True:
            sample = sink.try_pull_sample(100 * Gst.MSECOND)
            if sample is not None:
                yield sample.get_buffer().pts / Gst.SECOND, to_array(sample)
                continue
            message = bus.pop_filtered(Gst.MessageType.ERROR)
            if message is not None:
                raise RuntimeError(message.parse_error()[0].message)
            if sink.is_eos():
                return
    finally:
        pipeline.set_state(Gst.State.NULL)


def to_array(sample):
    """The features of a sample as a NumPy array of its own."""
    structure = sample.get_caps().get_structure(0)
    # The bindings of GStreamer 1.22 give the structure itself, later ones something that must be entered.
    with structure if hasattr(structure, "__enter__") else contextlib.nullcontext(structure) as caps:
        dtype = np.float16 if caps.get_value("format") == "F16LE" else np.float32
        mels, layout = caps.get_value("mels"), caps.get_value("layout")
    # The mapping ends with the block; extract_dup() instead would leave its copy to be freed.
    with sample.get_buffer().map(Gst.MapFlags.READ) as info:
        flat = np.frombuffer(info.data, dtype).copy()
    if layout == "mel-major":
        return flat.reshape(mels, -1)
    return flat.reshape(-1, mels)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    Gst.init(None)
    buffers = mel_buffers("filesrc name=file ! decodebin", " ".join(sys.argv[3:]), sys.argv[1])
    try:
        open(sys.argv[1], "rb").close()
        arrays = [array for _, array in buffers]
    except (OSError, RuntimeError) as error:
        sys.exit(f"mel_numpy.py: {error}")
    if not arrays:
        sys.exit(f"mel_numpy.py: {sys.argv[1]!r} is too short for a frame")
    mel = np.concatenate(arrays)
    np.save(sys.argv[2], mel)
    print(f"{sys.argv[2]}: {mel.shape[0]} frames x {mel.shape[1]} mels, {mel.dtype}")


if __name__ == "__main__":
    main()
