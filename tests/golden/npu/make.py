#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Numeric model of the NPU kernel in numpy, and the vectors it gives for three clips.

An implementation independent of kernels/aie2: whole-array arithmetic instead of tiles, its own
window function and filters. `make.py OUT` writes OUT/<clip>-<stage>.npy; frames are the first axis.
  samples    int16 (n)           6 frames at hop 160
  spill      int32 (6, 20, 20)   stage 1, [row][n2], rows re 0..10, im 1..9
  exponents  int32 (6)           block exponents
  half       int16 (6, 20, 20)   stage 1 after block normalisation, upper 16 of 24 bits
  rest       int16 (6, 20, 20)   the 8 bits below, -128..128
  spectrum   int32 (6, 2, 11, 20)  [re, im][k1][k2], bin k1 + 20*k2
  rows80, rows128  int16 (6, mels)  Q11 log10

The 512-point kernels, for frames 0, 3 and 5; KIND is hann (nemo) or povey (kaldi, DC removed):
  KIND-windowed  int32 (3, 400)           emphasised, windowed samples
  KIND-exponents int32 (3, 2)             block exponents of the two stages
  KIND-spectrum  int32 (3, 2, 17, 16)     [re, im][k1][k2], bin k1 + 32*k2
  rows-nemo80, rows-nemo128, rows-kaldi80  int16 (3, mels)
"""
import sys

import numpy as np

WIN, HOP, FRAMES = 400, 160, 6
HANN = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WIN) / WIN)
R = np.arange(20)


def srs(value, shift, bits):
    """Shift right by shift >= 0, round half to even, saturate."""
    value, shift = np.asarray(value, np.int64), np.asarray(shift, np.int64)
    low = value & ((np.int64(1) << shift) - 1)
    half = (np.int64(1) << shift) >> 1
    quotient = value >> shift
    up = (low > half) | ((low == half) & (half > 0) & (quotient & 1 == 1))
    return np.clip(quotient + up, -(1 << (bits - 1)), (1 << (bits - 1)) - 1)


def bf16(value):
    bits = np.ascontiguousarray(value, np.float32).view(np.uint32).astype(np.uint64)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return rounded.astype(np.uint32).view(np.float32)


def slaney(mels, bins=40.0 * np.arange(201)):
    top = 15 + 27 * np.log(8) / np.log(6.4)
    mel = np.linspace(0, top, mels + 2)
    hz = np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))
    rows = [np.maximum(0, np.minimum((bins - a) / (b - a), (c - bins) / (c - b))) * 2 / (c - a)
            for a, b, c in zip(hz, hz[1:], hz[2:])]
    return np.array(rows)


def stage1(frames):
    k, n1 = np.arange(11), R
    waves = np.vstack([np.cos(2 * np.pi * np.outer(k, n1) / 20),
                       -np.sin(2 * np.pi * np.outer(k[1:10], n1) / 20)])
    table = np.rint(32767 * waves[:, :, None] * HANN.reshape(20, 20)).astype(np.int64)
    x = frames.astype(np.int64).reshape(-1, 20, 20)
    return srs(np.einsum('rab,fab->frb', table, x), 4, 32)


def normalise(spill):
    largest = np.abs(spill).max((1, 2))
    exponents = sum((largest > (32767 << i)).astype(np.int64) for i in range(20))
    exact = spill << (15 - exponents)[:, None, None]
    half = srs(exact, 15, 16)
    return exponents, half, srs(exact - (half << 15), 7, 16)


def stage2(half, rest):
    """Both parts times twiddle factors and the DFT over n2, rounded each for itself."""
    out = np.zeros((len(half), 2, 11, 20), np.int64)
    for k1 in range(11):
        angle = -2 * np.pi * (R[:, None] * k1 / 400 + np.outer(R, R) / 20)
        cos, sin = (np.rint(32767 * f(angle)).astype(np.int64) for f in (np.cos, np.sin))
        for part, shift in ((half, 5), (rest, 13)):
            re = part[:, k1]
            im = part[:, 10 + k1] if 1 <= k1 <= 9 else np.zeros_like(re)
            out[:, 0, k1] += srs(re @ cos - im @ sin, shift, 32)
            out[:, 1, k1] += srs(re @ sin + im @ cos, shift, 32)
    return out


def polynomial():
    """log2(1 + x) on [0, 1], degree 4, least squares over 400 Chebyshev nodes, Q15."""
    x = (np.cos(np.pi * (np.arange(400) + 0.5) / 400) + 1) / 2
    return np.rint(np.polynomial.polynomial.polyfit(x, np.log2(1 + x), 4) * 32768).astype(np.int64)


def log10_q11(energy, scale, floor):
    """log10 of float32 energies, less 2 log10 of the scale of their spectra."""
    energy = np.maximum(energy.astype(np.float32), np.float32(1e-30))
    bits = np.ascontiguousarray(energy).view(np.uint32)
    exponent = (bits >> 23).astype(np.int64) - 127
    f = ((bits >> 8) & 0x7FFF).astype(np.int64)
    c = polynomial()
    p = c[4]
    for i in (3, 2, 1, 0):
        p = srs(p * f, 15, 16) + c[i]
    log10 = srs(((exponent << 15) + p) * 19728, 20, 32)
    offset = np.rint(-2 * np.log10(scale) * 2048).astype(np.int64)[:, None]
    return np.maximum(log10 + offset, np.rint(np.log10(floor) * 2048).astype(np.int64))


def power_of(spectrum, k1, k2):
    x = bf16(spectrum[:, :, k1, k2].astype(np.float32))
    return bf16(x[:, 0] ** 2 + x[:, 1] ** 2)


def rows(spectrum, exponents, mels):
    bins = np.arange(201)
    mirrored = np.where(bins % 20 <= 10, bins, 400 - bins)
    power = power_of(spectrum, mirrored % 20, mirrored // 20)
    scale = 32767.0 ** 2 * 2.0 ** (15 - 4 - 5 - exponents)
    return log10_q11(power @ bf16(slaney(mels)).T, scale, 1e-10)


HANN_SYMMETRIC = np.hanning(WIN)


def split_window(window):
    """Q15 and the next 15 bits."""
    high = np.rint(32767 * window)
    return high.astype(np.int64), np.rint((32767 * window - high) * 32768).astype(np.int64)


def condition(frames, window, remove_dc):
    """Emphasised and windowed, in units of 2/32767 of a least significant bit."""
    x = frames.astype(np.int64)
    c = round(0.97 * 32768)
    before = np.pad(x, ((0, 0), (1, 0)))[:, :-1]
    y = 32768 * x - c * before
    if remove_dc:
        total = x.sum(1)
        whole = np.trunc(total / WIN).astype(np.int64)
        left = (32768 - c) * (total - whole * WIN)
        y -= ((32768 - c) * whole + np.trunc(left / WIN).astype(np.int64))[:, None]
    y = np.clip(y, -(1 << 31) + 1, 1 << 31)  # negated: the other end saturates
    high, low = split_window(window)
    return srs(y * high - srs(-y * low, 15, 32), 16, 32)


def halves(values):
    """Block floating point: exponents, the upper 16 of 24 bits, the 8 below."""
    largest = np.abs(values).reshape(len(values), -1).max(1)
    exponents = sum((largest > (32767 << i)).astype(np.int64) for i in range(15))
    exact = values << (15 - exponents).reshape(-1, *[1] * (values.ndim - 1))
    half = srs(exact, 15, 16)
    return exponents, half, srs(exact - (half << 15), 7, 16)


def spectrum512(windowed):
    first, half, rest = halves(windowed)
    k, n1 = np.arange(17), np.arange(25)
    waves = np.vstack([np.cos(2 * np.pi * np.outer(k, n1) / 32),
                       -np.sin(2 * np.pi * np.outer(k[1:16], n1) / 32)])
    table = np.rint(32767 * waves).astype(np.int64)
    spill = sum(srs(np.einsum('ra,fab->frb', table, part.reshape(-1, 25, 16)), shift, 32)
                for part, shift in ((half, 5), (rest, 13)))
    second, half, rest = halves(spill)
    out = np.zeros((len(spill), 2, 17, 16), np.int64)
    n2 = k2 = np.arange(16)
    for k1 in range(17):
        angle = -2 * np.pi * ((n2[:, None] * (k1 + 32 * k2)) % 512) / 512
        cos, sin = (np.rint(32767 * f(angle)).astype(np.int64) for f in (np.cos, np.sin))
        for part, shift in ((half, 5), (rest, 13)):
            re = part[:, k1]
            im = part[:, 16 + k1] if 1 <= k1 <= 15 else np.zeros_like(re)
            out[:, 0, k1] += srs(re @ cos - im @ sin, shift, 32)
            out[:, 1, k1] += srs(re @ sin + im @ cos, shift, 32)
    return first, second, out


def kaldi_filters():
    mel = lambda hz: 1127 * np.log(1 + hz / 700)
    edges = np.linspace(mel(20), mel(8000), 82)
    bins = mel(31.25 * np.arange(257))
    return np.array([np.maximum(0, np.minimum((bins - a) / (b - a), (c - bins) / (c - b)))
                     for a, b, c in zip(edges, edges[1:], edges[2:])])


def rows512(spectrum, exponents, filters, input_scale, floor, guard):
    bins = np.arange(257)
    mirrored = np.where(bins % 32 <= 16, bins, 512 - bins)
    power = power_of(spectrum, mirrored % 32, mirrored // 32)
    scale = 32767.0 ** 3 * 2.0 ** (15 - 1 - 5 - 5 - exponents) / input_scale
    energy = (power @ bf16(filters).T).astype(np.float32)
    if guard:
        energy = energy + (floor * scale ** 2).astype(np.float32)[:, None]
    return log10_q11(energy, scale, floor)


def stages512(frames):
    for kind, window, remove_dc in (('hann', HANN_SYMMETRIC, False),
                                    ('povey', HANN_SYMMETRIC ** 0.85, True)):
        windowed = condition(frames, window, remove_dc)
        first, second, spectrum = spectrum512(windowed)
        yield f'{kind}-windowed', windowed, '<i4'
        yield f'{kind}-exponents', np.stack([first, second], 1), '<i4'
        yield f'{kind}-spectrum', spectrum, '<i4'
        both = first + second
        if remove_dc:
            filters = kaldi_filters()
            yield 'rows-kaldi80', rows512(spectrum, both, filters, 32768, 2.0 ** -23, False), '<i2'
            continue
        for mels in (80, 128):
            filters = slaney(mels, 31.25 * np.arange(257))
            yield f'rows-nemo{mels}', rows512(spectrum, both, filters, 1, 2.0 ** -24, True), '<i2'


def clips():
    n = np.arange(WIN + (FRAMES - 1) * HOP)
    rng = np.random.default_rng(20261123)
    s16 = lambda x: np.clip(np.rint(x), -32768, 32767).astype(np.int16)
    # A vowel: harmonics of a gliding 120 Hz under a falling envelope, with breath noise.
    phase = 2 * np.pi * np.cumsum(120 + 20 * n / len(n)) / 16000
    vowel = sum(9000 / h ** 1.5 * np.sin(h * phase) for h in range(1, 40))
    yield 'vowel', s16(vowel * np.exp(-n / 600) + rng.normal(0, 20, len(n)))
    # Above full scale and off the bins: saturated samples of both signs, one frame of -32768.
    loud = 40000 * np.sin(2 * np.pi * 1003.7 * n / 16000)
    loud[800:1200] = -32768
    yield 'loud', s16(loud)
    # Silence, then a few LSB of noise: block exponents 0 and small.
    yield 'quiet', s16(np.where(n < 400, 0, rng.integers(-3, 4, len(n))))


def main(out):
    for name, samples in clips():
        frames = np.stack([samples[i * HOP:i * HOP + WIN] for i in range(FRAMES)])
        spill = stage1(frames)
        exponents, half, rest = normalise(spill)
        spectrum = stage2(half, rest)
        stages = {'samples': (samples, '<i2'), 'spill': (spill, '<i4'), 'half': (half, '<i2'),
                  'rest': (rest, '<i2'), 'exponents': (exponents, '<i4'),
                  'spectrum': (spectrum, '<i4'),
                  'rows80': (rows(spectrum, exponents, 80), '<i2'),
                  'rows128': (rows(spectrum, exponents, 128), '<i2')}
        for stage, values, dtype in stages512(frames[[0, 3, 5]]):
            stages[stage] = (values, dtype)
        for stage, (values, dtype) in stages.items():
            np.save(f'{out}/{name}-{stage}.npy', values.astype(dtype))


if __name__ == '__main__':
    main(sys.argv[1])
