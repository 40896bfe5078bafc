# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mel spectrograms of NumPy arrays, computed by the GStreamer element npumelspec.

    mel = npumelspec.mel(audio)                     # one array, (80, frames) as Whisper has it
    mel = npumelspec.read("speech.ogg")             # any file that GStreamer decodes
    with npumelspec.create_batch_processor() as processor:
        mel = processor(audio)                      # many arrays, one element
    with npumelspec.stream() as stream:
        for chunk in chunks:
            rows = stream(chunk)                    # live: what this chunk completed

Audio is mono: an array of shape (n,), (1, n) or (n, 1), float or int16. Floats are in [-1, 1] as
float32 (a warning tells of much larger ones); float16 and float64 are converted. int16 is taken as it is. Anything else raises TypeError
(no numbers, other integers) or ValueError (empty, several channels, NaN or infinite samples, a rate
that the preset is not defined for).

Arrays are float32 of shape (mels, frames), or (frames, mels) with layout="frame-major". They belong
to the caller. Further keyword arguments are properties of the element, with _ for -:
mel(audio, preset="librosa", rate=22050, mels=40, hop_length=256). `gst-inspect-1.0
npumelspec` lists them.

Errors of the element: ValueError where a setting is wrong, RuntimeError for the rest, both with the
element's own words. Everything may be called from any thread; a processor computes one array at a
time, and mel() has a processor of its own for each thread.
"""
from ._batch import BatchProcessor, create_batch_processor, mel
from ._file import read
from ._stream import Stream, stream

__all__ = ["BatchProcessor", "Stream", "create_batch_processor", "mel", "read", "stream"]
__version__ = "0.2.0"
