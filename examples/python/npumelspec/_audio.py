# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is taken as audio: one channel of float32 or int16 samples, or an exception that says why not."""
import warnings

import numpy as np

F32, S16 = "F32LE", "S16LE"
_FLOAT = np.dtype("<f4")
_LOUD = 64  # nobody's floats in [-1, 1] get there by being loud


def samples_of(audio):
    """`audio` as a contiguous array of shape (n,), little endian float32 or int16."""
    if type(audio) is np.ndarray and audio.ndim == 1 and audio.dtype == _FLOAT and audio.size:
        return _finite(np.ascontiguousarray(audio))  # what nearly always comes
    if isinstance(audio, (str, bytes, bytearray, memoryview)):
        raise TypeError(f"audio is {type(audio).__name__}: an array of samples is needed "
                        "(read() takes the name of a file, numpy.frombuffer() bytes)")
    if audio is None or isinstance(audio, (dict, set)):
        raise TypeError(f"audio is {type(audio).__name__}: an array of samples is needed")
    if np.ma.isMaskedArray(audio) and np.ma.is_masked(audio):
        raise ValueError("audio has masked samples: fill them first (audio.filled(0))")
    try:
        array = np.asarray(audio)
    except ValueError as error:  # a list of lists of different lengths
        raise ValueError(f"audio is no array of samples: {error}") from None
    if array.ndim == 0 and array.dtype != object:
        raise ValueError("audio is a single number: an array of samples is needed")
    kind = array.dtype.kind
    if kind == "f":
        dtype = "<f4"
    elif kind == "i" and array.dtype.itemsize == 2:
        dtype = "<i2"
    elif kind in "iu" and array.size > 0:
        raise TypeError(f"audio is {array.dtype}: give floats in [-1, 1], or int16; other integers "
                        "have no scale that is known here")
    elif kind in "iu":
        raise ValueError("audio is empty")
    else:
        raise TypeError(f"audio is an array of {array.dtype}: give floats in [-1, 1], or int16")
    if array.ndim > 1:
        array = _one_channel(array)
    if array.size == 0:
        raise ValueError("audio is empty")
    with np.errstate(over="ignore"):  # a float64 beyond float32 is told below
        array = np.ascontiguousarray(array, dtype)
    return _finite(array) if kind == "f" else array


def _finite(array):
    # Both pass NaN on, and take less time than numpy.isfinite().all().
    lowest, highest = float(array.min()), float(array.max())
    if -_LOUD <= lowest and highest <= _LOUD:
        return array
    if not np.isfinite(array).all():
        raise ValueError("audio has samples that are NaN, infinite or beyond float32")
    warnings.warn(f"audio has samples from {lowest:g} to {highest:g}: floats are in [-1, 1] (int16 arrays are "
                  "taken as they are; floats of their size are divided by 32768)", stacklevel=4)
    return array


def _one_channel(array):
    if array.ndim == 2 and 1 in array.shape:
        return array.reshape(-1)
    raise ValueError(f"audio has the shape {array.shape}: one channel is needed. Mix down "
                     "(audio.mean(axis=...)) or take one channel (audio[0])")


def format_of(array):
    """The caps' format of an array that samples_of() gave."""
    return S16 if array.dtype.itemsize == 2 else F32


def rate_of(rate):
    """`rate` as an int; raises TypeError or ValueError."""
    if isinstance(rate, bool) or not isinstance(rate, (int, float, np.integer, np.floating)):
        raise TypeError(f"rate is {type(rate).__name__}: samples a second, as a number")
    if rate != rate or rate in (float("inf"), float("-inf")) or int(rate) != rate or not 0 < rate < 2**31:
        raise ValueError(f"rate is {rate}: a whole number of samples a second is needed")
    return int(rate)
