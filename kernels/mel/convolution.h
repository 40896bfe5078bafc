// SPDX-License-Identifier: LGPL-2.1-or-later
// How Dft::convolution reproduces the rounding noise of an original.
//
// Some front ends are neural networks: their DFT is a convolution with weights
// float32(window * cos) and float32(window * sin), summed up in float32. The result is the exact
// one plus rounding noise, some 150 dB below the strongest bin. It shows in filters that are nearly
// as weak: beside a pure tone, and everywhere if the loud sound lies outside the filters
// (openWakeWord's end at 3800 Hz). The definition remains the exact DFT (reference.h); an
// implementation that must match what a model was trained with sums as below.
#pragma once

namespace npumel {

/// The frames it concerns: the weakest filter's mean power is more than this many times below the
/// strongest bin of the whole spectrum (60 dB). Elsewhere the noise is below 1e-4 dB.
inline constexpr float kConvolutionDepth = 1e6F;

/// Bin k is the sum over sample n = 0 .. n_fft - 1 of sample * weight, in this order, every step
/// one fused multiply-add in float32. After this many samples the sum so far is put aside and a new
/// one begins; the parts are added in their order. ONNX Runtime's matrix product does so, and takes
/// fewer samples at once the more rows a call makes: 1024 up to 16 rows, 128 above 64 rows. 0 rows:
/// a whole clip, taken for a long one.
constexpr int convolution_part(int rows_per_call) {
  int part = 128;
  if (rows_per_call > 0)
    for (int rows = 128; rows > 16 && rows / 2 >= rows_per_call; rows /= 2) part *= 2;
  return part;
}
static_assert(convolution_part(0) == 128 && convolution_part(65) == 128);
static_assert(convolution_part(64) == 256 && convolution_part(8) == 1024);

}  // namespace npumel
