# SPDX-License-Identifier: LGPL-2.1-or-later
"""A file of any kind to its mel spectrogram: GStreamer decodes, mixes down and resamples."""
import os
from pathlib import Path

import numpy as np

from ._audio import rate_of
from ._batch import _PUBLISHED, _Default, check_whole
from ._front import Front
from ._gst import UNBOUNDED, Form, Gst, configure, error_of, field_of, make

_TICK = 100 * 1000 * 1000  # ns between two looks at Python's signals


def read(path, preset="whisper80", layout="mel-major", normalize=_PUBLISHED, rate=None, **settings):
    """The mel spectrogram of a file's sound: float32, (mels, frames) unless layout says otherwise.

    Several channels are mixed down, and the rate is made the preset's, or `rate` where the preset takes
    more than one. OSError where the file cannot be read, ValueError where it has no sound that can be
    decoded or a setting is wrong; other arguments as for mel().
    """
    if not isinstance(path, (str, bytes, os.PathLike)):
        raise TypeError(f"path is {type(path).__name__}: the name of a file")
    check_whole(layout, settings)
    rate = None if rate is None else rate_of(rate)
    name = os.fsdecode(path)
    with open(name, "rb") as file:  # the system's own words where it cannot be read
        if not file.read(1):
            raise ValueError(f"{name!r} is empty")
    settings = {"preset": preset, "layout": layout, "normalize": normalize, "frames": 0,
                "max_duration": UNBOUNDED, **settings}
    try:
        return _read(name, rate, settings)
    except ValueError as refusal:
        if not isinstance(normalize, _Default):
            raise
        try:
            return _read(name, rate, {**settings, "normalize": "none"})
        except (RuntimeError, ValueError):
            raise refusal from None


def _read(name, rate, settings):
    mel = make("npumelspec")
    configure(mel, settings)
    # By URI: a name need not be UTF-8, and no part of it is read as anything else.
    source = Gst.Element.make_from_uri(Gst.URIType.SRC, Path(os.path.abspath(name)).as_uri(), None)
    decode, convert, resample, sink = (make(factory) for factory in
                                       ("decodebin", "audioconvert", "audioresample", "appsink"))
    # Sound alone: a film without any would make a plain decodebin wait for it.
    decode.set_property("caps", Gst.Caps.from_string("audio/x-raw"))
    decode.set_property("expose-all-streams", False)
    filtered = make("capsfilter")
    filtered.set_property("caps", Gst.Caps.from_string("audio/x-raw" if rate is None else f"audio/x-raw,rate={rate}"))
    sink.set_property("sync", False)
    pipeline = Gst.Pipeline.new(None)
    for element in (source, decode, convert, resample, filtered, mel, sink):
        pipeline.add(element)
    source.link(decode)
    for one, other in zip((convert, resample, filtered, mel), (resample, filtered, mel, sink)):
        one.link(other)
    entry = convert.get_static_pad("sink")
    refused = []  # rates: an exception in a callback would not reach the caller

    def link(_, pad):
        if entry.is_linked():
            return
        try:
            pad.link(entry)
        except Gst.LinkError:
            refused.append(rate or field_of(pad.get_current_caps(), "rate"))

    decode.connect("pad-added", link)
    try:
        return _run(pipeline, mel, sink, settings["layout"] == "mel-major", f"{name!r}: ", refused)
    except _NotTaken as error:
        Front(error.args[0], "F32LE", settings).close()  # says why, in the element's own words
        raise ValueError(f"{name!r}: npumelspec does not take its sound with these settings") from None
    finally:
        pipeline.set_state(Gst.State.NULL)


class _NotTaken(Exception):
    """The decoder could not be linked, for sound of a rate."""


def _run(pipeline, mel, sink, mel_major, prefix, refused):
    bus = pipeline.get_bus()
    pipeline.set_state(Gst.State.PLAYING)
    arrays = []
    while True:
        sample = sink.emit("try-pull-sample", _TICK)
        if sample is not None:
            arrays.append(Form(sample.get_caps()).array(sample.get_buffer()))
            continue
        if refused:
            raise _NotTaken(refused[0])
        message = bus.pop_filtered(Gst.MessageType.ERROR)
        if message is not None:
            raise error_of(message, prefix)
        if sink.get_property("eos"):
            break
    if not arrays:
        caps = mel.get_static_pad("src").get_current_caps()
        if caps is None:
            raise ValueError(prefix + "no sound in it that can be decoded")
        return Form(caps).nothing()
    # One, but for a file whose rate or channels change on the way.
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays, axis=1 if mel_major else 0)
