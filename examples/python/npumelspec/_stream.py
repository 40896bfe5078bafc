# SPDX-License-Identifier: LGPL-2.1-or-later
"""Live audio in chunks of any size to the frames that they complete."""
import numpy as np

from ._audio import format_of, rate_of, samples_of
from ._front import Front, Owner
from ._gst import Gst


class Stream(Owner):
    """Frames of a stream. Use stream(). One thread at a time pushes; others wait."""

    def __init__(self, rate=16000, preset="whisper80", layout="mel-major", normalize="none", frames=1, **settings):
        super().__init__()
        if layout not in ("mel-major", "frame-major"):
            raise ValueError(f"layout={layout!r}: there is mel-major, frame-major")
        if isinstance(frames, bool) or not isinstance(frames, (int, np.integer)):
            raise TypeError(f"frames is {type(frames).__name__}: a whole number")
        if frames < 1:
            raise ValueError("frames=0 is the whole audio at its end: that is mel()")
        if "format" in settings:
            raise TypeError("arrays are float32: format has no meaning here")
        settings.setdefault("eos_mode", "short")
        # Rows come from the element frame by frame; the layout of what push() returns is made here.
        self._settings = {"preset": preset, "layout": "frame-major", "normalize": normalize,
                          "frames": int(frames), **settings}
        self._rate = rate_of(rate)
        self._mel_major = layout == "mel-major"
        self._format = "F32LE"
        self._fed = False
        self._front = Front(self._rate, self._format, self._settings)

    def push(self, chunk):
        """Takes the next samples; the frames that they complete, maybe none: float32, (mels, n).

        All chunks of a stream are int16, or all are floats.
        """
        samples = samples_of(chunk)
        with self._lock:
            self._check_open()
            if format_of(samples) != self._format:
                if self._fed:
                    raise TypeError("the stream's chunks so far were "
                                    + ("float" if self._format == "F32LE" else "int16"))
                front = Front(self._rate, format_of(samples), self._settings)
                self._drop()
                self._front, self._format = front, format_of(samples)
            self._front.push(samples, Gst.CLOCK_TIME_NONE if self._fed else 0)
            self._fed = True
            return self._collect()

    __call__ = push

    def end(self):
        """The frames at the end of the stream, whose audio is padded. The next push() starts another one."""
        with self._lock:
            self._check_open()
            if self._fed:
                self._front.end()
            self._fed = False
            return self._collect()

    def rows(self, chunks):
        """push() for each of `chunks`, then end(), as a generator of arrays that have frames."""
        for chunk in chunks:
            mel = self.push(chunk)
            if mel.size:
                yield mel
        mel = self.end()
        if mel.size:
            yield mel

    def _collect(self):
        blocks = []
        while (block := self._front.pull()) is not None:
            blocks.append(block)
        rows = blocks[0] if len(blocks) == 1 else np.concatenate([self._front.form.nothing(), *blocks])
        return np.ascontiguousarray(rows.T) if self._mel_major else rows

    def _check_open(self):
        if self._closed:
            raise ValueError("the stream is closed")

    def stats(self):
        """The element's `stats` as a dict."""
        with self._lock:
            self._check_open()
            return self._front.stats()


def stream(rate=16000, preset="whisper80", layout="mel-major", normalize="none", frames=1, **settings):
    """A stream: stream.push(chunk) gives the frames that the chunk completed, stream.end() the rest.

    frames: how many come at a time (1 = as early as can be). normalize="none": values that do not depend
    on how the audio is cut; all of it equals mel(audio, normalize="none"). Further arguments as for mel().
    """
    return Stream(rate, preset, layout, normalize, frames, **settings)
