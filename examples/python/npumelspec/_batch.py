# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whole arrays to mel spectrograms: mel(), and a processor that keeps its element between calls."""
import os
import sys
import threading
import time
from collections import OrderedDict

from ._audio import format_of, rate_of, samples_of
from ._front import Front, Owner
from ._gst import UNBOUNDED


def _say(words):
    print(f"npumelspec: {words}", file=sys.stderr)


class _Default(str):
    """A default value that is told from the same value given by the caller."""


_PUBLISHED = _Default("buffer")
_KEPT = 8  # processors of mel() for each thread


def check_whole(layout, settings):
    """Refuses what an array of the whole audio cannot have."""
    for keyword in settings:
        name = keyword.replace("-", "_")
        if name in ("frames", "first_frames", "stride", "eos_mode", "format"):
            raise TypeError(f"{name} is for streams: the result is one float32 array of the whole audio")
    if layout not in ("mel-major", "frame-major"):
        raise ValueError(f"layout={layout!r}: there is mel-major, frame-major")


class BatchProcessor(Owner):
    """Mel spectrograms of whole arrays. Use create_batch_processor(); keyword arguments as there."""

    BATCH_SIZE = 100  # frames that one call to the NPU computes
    FRAME_SIZE = 400  # of Whisper's front end, in samples
    HOP_LENGTH = 160
    SAMPLE_RATE = 16000

    def __init__(self, rate=16000, preset="whisper80", layout="mel-major", normalize=_PUBLISHED,
                 fallback_to_cpu=True, verbose=False, **settings):
        super().__init__()
        check_whole(layout, settings)
        settings.setdefault("backend", "auto" if fallback_to_cpu else "npu")
        self._rate = rate_of(rate)
        self._settings = {"preset": preset, "layout": layout, "normalize": normalize, "frames": 0,
                          "max_duration": UNBOUNDED, **settings}
        self._mel_axis = 0 if layout == "mel-major" else 1
        self._format = None
        self._verbose = verbose
        self._zero = self._sums = {}
        self._wall_time = 0.0
        self.total_batches = 0
        self._open("F32LE")  # what cannot work is told here
        if verbose:
            stats = self._front.stats()
            reason = f" ({stats['npu-reason']})" if stats["npu-reason"] else ""
            _say(f"backend {self._front.element.get_property('active-backend')}{reason}")

    def _open(self, sample_format):
        self._drop()
        settings = dict(self._settings)
        try:
            self._front = Front(self._rate, sample_format, settings)
        except ValueError as refusal:
            if not isinstance(settings["normalize"], _Default):
                raise
            # "As published" is "not at all" for a preset that publishes no normalisation.
            settings["normalize"] = "none"
            try:
                self._front = Front(self._rate, sample_format, settings)
            except ValueError:
                raise refusal from None
            self._settings = settings
        self._format = sample_format

    def process(self, audio):
        """The mel spectrogram of an array: float32, (mels, frames), or (frames, mels) for frame-major."""
        samples = samples_of(audio)
        started = time.perf_counter()
        with self._lock:
            if self._closed:
                raise ValueError("the processor is closed")
            if self._front is None or self._format != format_of(samples):
                self._open(format_of(samples))
            try:
                mel = self._compute(samples)
            except BaseException:
                self._drop()
                raise
            self._wall_time += time.perf_counter() - started
            self.total_batches = -(-mel.shape[1 - self._mel_axis] // self.BATCH_SIZE)
        if self._verbose:
            _say(f"{mel.shape[1 - self._mel_axis]} frames of {len(samples)} samples")
        return mel

    __call__ = process

    def _compute(self, samples):
        self._front.push(samples, 0)
        self._front.end()
        mel = self._front.pull()
        return self._front.form.nothing() if mel is None else mel  # None: too short for a frame

    def _counters(self):
        """The element's counters and those of the elements before it."""
        names = ("frames", "batches", "npu-batches", "software-batches", "kernel-time", "transfer-time",
                 "convert-time", "software-time")
        now = self._front.stats() if self._front is not None else {}
        return {name: now.get(name, 0) + self._sums.get(name, 0) for name in names}

    def get_performance_metrics(self):
        """What was computed since the start or reset_metrics(), as a dict. Times end in what they are in."""
        with self._lock:
            total = self._counters()
            count = {name: total[name] - self._zero.get(name, 0) for name in total}
            stats = self._front.stats() if self._front is not None else {}
            wall = self._wall_time
        seconds = {name: count[name] / 1e9 for name in count if name.endswith("-time")}
        npu = seconds["kernel-time"] + seconds["transfer-time"] + seconds["convert-time"]
        batches, frames = max(count["batches"], 1), max(count["frames"], 1)
        busy = npu + seconds["software-time"]
        return {
            "total_frames": count["frames"],
            "total_batches": count["batches"],
            "batch_size": self.BATCH_SIZE,
            "npu_batches": count["npu-batches"],
            "cpu_batches": count["software-batches"],
            "npu_time_total": npu,
            "cpu_time_total": seconds["software-time"],
            "kernel_time_total": seconds["kernel-time"],
            "transfer_time_total": seconds["transfer-time"],
            "call_time_total": wall,
            "time_per_frame_ms": busy / frames * 1e3,
            "npu_time_per_frame_ms": npu / frames * 1e3,
            "npu_time_per_batch_ms": npu / batches * 1e3,
            "kernel_time_per_batch_ms": seconds["kernel-time"] / batches * 1e3,
            "transfer_time_per_batch_ms": seconds["transfer-time"] / batches * 1e3,
            "npu_available": bool(stats.get("npu-available", False)),
            "npu_reason": stats.get("npu-reason") or "",
            "buffer_input_size_kb": stats.get("input-buffer-size", 0) / 1024,
            "buffer_output_size_kb": stats.get("output-buffer-size", 0) / 1024,
        }

    def reset_metrics(self):
        """Counts from 0 again."""
        with self._lock:
            self._zero = self._counters()
            self._wall_time = 0.0

    @property
    def npu_available(self):
        """Whether the NPU computes."""
        with self._lock:
            return self._front is not None and bool(self._front.stats()["npu-available"])

    @property
    def total_frames(self):
        """Frames since the start or reset_metrics()."""
        return self.get_performance_metrics()["total_frames"]

    @property
    def N_MELS(self):  # noqa: N802 (the name that its predecessor's users know)
        """Rows of the mel axis."""
        with self._lock:
            return self._front.form.mels if self._front is not None else 0

    def _drop(self):
        if self._front is not None:
            self._sums = self._counters()
        super()._drop()


def create_batch_processor(fallback_to_cpu=True, verbose=False, **settings):
    """A processor that keeps its element: processor(audio), processor.process(audio), close(), `with`.

    fallback_to_cpu=False raises RuntimeError where no NPU is usable. verbose=True tells the backend, and
    each call, on the standard error output. Further arguments as for mel().
    """
    return BatchProcessor(fallback_to_cpu=fallback_to_cpu, verbose=verbose, **settings)


class _Kept(threading.local):
    """The processors of mel(): for each thread its own, the most recently used ones."""

    def __init__(self):
        self.processors = OrderedDict()
        self.process_id = os.getpid()

    def get(self, key, make):
        if self.process_id != os.getpid():  # after a fork: the parent's elements are not ours
            self.__init__()
        processor = self.processors.pop(key, None) or make()
        self.processors[key] = processor
        while len(self.processors) > _KEPT:
            self.processors.popitem(last=False)[1].close()
        return processor


_kept = _Kept()


def mel(audio, rate=16000, preset="whisper80", layout="mel-major", normalize=_PUBLISHED, **settings):
    """The mel spectrogram of an array, as the preset's authors compute it.

    normalize: "buffer" (default) is the preset's published normalisation over the whole array, and
    nothing for a preset that publishes none; "none" the raw values. Further arguments are properties of
    the element (mels=128, fmax=8000, backend="software", ...). The element is kept for the next call
    with the same arguments from the same thread.
    """
    key = (rate, preset, layout, normalize, isinstance(normalize, _Default), tuple(sorted(settings.items())))
    try:
        hash(key)
    except TypeError:
        raise TypeError("the arguments besides audio are numbers and strings") from None
    samples = samples_of(audio)
    return _kept.get(key, lambda: BatchProcessor(rate, preset, layout, normalize, **settings)).process(samples)
