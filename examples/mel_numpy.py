#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mel features in Python: GStreamer's own bindings (python3-gst-1.0) and NumPy.

usage: mel_numpy.py AUDIO OUT.npy [npumelspec properties...]
"""
import sys

import gi
import numpy as np

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import Gst, GstApp  # noqa: E402,F401 (GstApp brings appsink's methods)


def mel_buffers(source, properties=""):
    """Yields (seconds, array) for every buffer of `source`, which is launch text up to raw audio.

    Arrays are (frames, mels) or, with layout=mel-major, (mels, frames); they are copies, so they
    may be kept. Raises RuntimeError with GStreamer's message.
    """
    pipeline = Gst.parse_launch(
        f"{source} ! audioconvert ! audioresample ! npumelspec {properties} "
        "! audio/x-mel-spectrogram ! appsink name=sink sync=false max-buffers=16")
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
    caps = sample.get_caps().get_structure(0)
    dtype = np.float16 if caps.get_string("format") == "F16LE" else np.float32
    mels = caps.get_int("mels").value
    # The mapping ends with the block; extract_dup() instead would leave its copy to be freed.
    with sample.get_buffer().map(Gst.MapFlags.READ) as info:
        flat = np.frombuffer(info.data, dtype).copy()
    if caps.get_string("layout") == "mel-major":
        return flat.reshape(mels, -1)
    return flat.reshape(-1, mels)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    Gst.init(None)
    source = f'filesrc location="{sys.argv[1]}" ! decodebin'
    arrays = [array for _, array in mel_buffers(source, " ".join(sys.argv[3:]))]
    mel = np.concatenate(arrays)
    np.save(sys.argv[2], mel)
    print(f"{sys.argv[2]}: {mel.shape[0]} frames x {mel.shape[1]} mels, {mel.dtype}")


if __name__ == "__main__":
    main()
