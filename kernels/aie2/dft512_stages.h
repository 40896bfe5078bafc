// SPDX-License-Identifier: LGPL-2.1-or-later
// The integer half of the 512-point kernels: DC removal, pre-emphasis, window function and a DFT of
// 400 samples in 512 points, four frames at once. Exact, so host and NPU agree to the bit.
#pragma once

#include "kernels/aie2/block_exponent.h"
#include "kernels/aie2/dft512_tables.h"
#include "kernels/aie2/shape.h"
#include "kernels/aie2/vec.h"

namespace npumel::aie2::dft512 {

inline constexpr int kRow = kSecond * kGroup;  ///< elements of a row [n2][frame]

/// Working memory of one group. Matrices have the four frames as columns.
struct Scratch {
  /// Samples [n][frame]; then the windowed ones, upper 16 of 24 bits; then stage 2's
  /// [row][n2][frame].
  alignas(64) int16_t half[kStage2Rows * kRow];
  alignas(64) int16_t rest[kStage2Rows * kRow];  ///< the 8 bits below, of both
  /// Windowed samples [n][frame], then stage 1's [row][n2][frame].
  alignas(64) int32_t spill[kStage1Rows * kRow];
  alignas(64) vec::Bf16 powers[kSlots * kGroup];  ///< [slot][frame]
  alignas(64) int16_t rows[kMaxMels * kGroup];    ///< Q11 log10 [mel][frame]
  int32_t first_exponents[kGroup];                ///< of the windowed samples
  int32_t exponents[kGroup];                      ///< both block exponents added
};
static_assert(kWin * kGroup <= kStage1Rows * kRow);

/// Samples of four frames as [n][frame]. Reads 400 samples from each pointer, which must be aligned
/// to 32 bytes on the NPU.
inline void pack(Scratch& scratch, const int16_t* a, const int16_t* b, const int16_t* c,
                 const int16_t* d) {
  NPUMEL_LOOP(kWin / 16)
  for (int n = 0; n < kWin; n += 16)
    vec::store_interleaved(scratch.half + n * kGroup, vec::load<vec::I16x16>(a + n),
                           vec::load<vec::I16x16>(b + n), vec::load<vec::I16x16>(c + n),
                           vec::load<vec::I16x16>(d + n));
}

/// (1 - c) times each frame's mean, in Q15: what DC removal takes off every emphasised sample. A
/// constant frame gets exactly what cancels it.
inline void mean_after_emphasis(const Scratch& scratch, int32_t (&out)[kGroup]) {
  auto sums = vec::zeros<vec::Acc>();
  const auto two = vec::broadcast<vec::I16x16>(int16_t{2});
  NPUMEL_LOOP(kWin * kGroup / kTile)
  for (int i = 0; i < kWin * kGroup; i += kTile)
    sums = vec::mac(sums, vec::load<vec::I16x16>(scratch.half + i), two);
  vec::column_sum(vec::srs<vec::I32x16>(sums, 1), out);
  constexpr int32_t kLeft = 32768 - kPreemphasis;
  for (int32_t& sum : out) {
    const int32_t whole = sum / kWin;
    sum = kLeft * whole + kLeft * (sum - whole * kWin) / kWin;
  }
}

/// Each frame: x[n] - c x[n-1] - (1-c) mean, times the window function. c is Q15 and nothing is
/// rounded before the window function has been applied: pre-emphasis takes loud low tones down by
/// up to 30 dB, and rounding noise of the size of the samples would stay. The window function is 0
/// at the first sample, so that it does not matter what precedes it. It comes in two parts, Q15 and
/// the next 15 bits: in 16 bits alone the error of its edges would be that of a click there. All
/// signs are turned around twice, because -32768 is an int16 and 32768 is none.
template <bool kRemoveDc>
inline void condition(Scratch& scratch, const int16_t* negative_window,
                      const int16_t* negative_window_rest) {
  int32_t mean[kGroup] = {};
  if constexpr (kRemoveDc) mean_after_emphasis(scratch, mean);
  const auto dc = vec::broadcast_row<vec::I32x16>(mean);
  const auto minus_one = vec::broadcast<vec::I16x16>(int16_t{-32768});
  const auto emphasis = vec::broadcast<vec::I16x16>(int16_t{kPreemphasis});
  auto largest = vec::zeros<vec::I32x16>();
  auto previous = vec::zeros<vec::I16x16>();
  NPUMEL_LOOP(kWin * kGroup / kTile)
  for (int i = 0; i < kWin * kGroup; i += kTile) {
    const auto x = vec::load<vec::I16x16>(scratch.half + i);
    const auto negative = vec::mac(vec::mac(vec::upshift(dc, 0), x, minus_one),
                                   vec::rows_before(x, previous), emphasis);
    const auto emphasized = vec::srs<vec::I32x16>(negative, 0);
    const auto below =
        vec::srs<vec::I32x16>(vec::mac(vec::zeros<vec::Acc>(), emphasized,
                                       vec::load<vec::I16x16>(negative_window_rest + i)),
                              15);
    const auto product =
        vec::mac(vec::upshift(below, 0), emphasized, vec::load<vec::I16x16>(negative_window + i));
    const auto windowed = vec::srs<vec::I32x16>(product, kWindowShift);
    largest = vec::max_abs(largest, windowed);
    vec::store(scratch.spill + i, windowed);
    previous = x;
  }
  block_exponents(largest, scratch.first_exponents);
  normalize_values<kWin * kGroup, kWin * kGroup>(scratch.spill, scratch.first_exponents,
                                                 scratch.half, scratch.rest);
  // n1 = 25..27 fill the last tile; its matrix is 0 there.
  for (int i = kWin * kGroup; i < 4 * kInputTiles * kRow; i += kTile) {
    vec::store(scratch.half + i, vec::zeros<vec::I16x16>());
    vec::store(scratch.rest + i, vec::zeros<vec::I16x16>());
  }
}

/// Stage 1: for two n2 at a time the 32-point DFT over n1. At most 25 products of 2^30, rounded by
/// 5 bits: the block exponents are at most 15.
inline void stage1(Scratch& scratch) {
  auto largest = vec::zeros<vec::I32x16>();
  for (int n2 = 0; n2 < kSecond; n2 += 2)
    for (int row = 0; row < kStage1Rows / 4; ++row) {
      const int16_t* table = kStage1 + row * kInputTiles * kTile;
      vec::WideAcc half;
      vec::WideAcc32 below;
      for (int tile = 0; tile < kInputTiles; ++tile, table += kTile) {
        const auto wave = vec::load<vec::I16x16>(table);
        const int at = 4 * tile * kRow + n2 * kGroup;
        half = vec::mac_4x4x8(half, wave, vec::load_wide(scratch.half + at, kRow));
        below = vec::mac_4x4x8(below, wave, vec::load_wide(scratch.rest + at, kRow));
      }
      const auto spill =
          vec::add(vec::srs_wide(half, kSpillShift), vec::srs_wide(below, kSpillShift + kRestBits));
      largest = vec::max_abs(vec::max_abs(largest, vec::left(spill)), vec::right(spill));
      vec::store_wide(scratch.spill + 4 * row * kRow + n2 * kGroup, kRow, spill);
    }
  int32_t second[kGroup];
  block_exponents(largest, second);
  normalize_values<kStage1Rows * kRow, kHalf * kRow>(scratch.spill, second, scratch.half,
                                                     scratch.rest);
  for (int frame = 0; frame < kGroup; ++frame)
    scratch.exponents[frame] = scratch.first_exponents[frame] + second[frame];
}

/// One part of stage 2's input times the matrix of k1: real parts left, imaginary parts right.
template <typename WideAcc>
inline WideAcc stage2_product(const int16_t* input, int k1, int tile) {
  const int16_t* re = input + k1 * kRow;
  const int16_t* im = input + (kHalf + k1 - 1) * kRow;
  const int16_t* negative_im = input + (kStage1Rows + k1 - 1) * kRow;
  const int16_t* table = kStage2 + stage2_offset(k1) + tile * kTiles * kTilePair;
  WideAcc sums;
  for (int i = 0; i < kTiles; ++i, table += kTilePair) {
    const auto cosines = vec::load<vec::I16x16>(table);
    const auto sines = vec::load<vec::I16x16>(table + kTile);
    const auto y = vec::load<vec::I16x16>(re + i * kTile);
    if (is_real_residue(k1)) {
      sums = vec::mac_each(sums, cosines, sines, y);
      continue;
    }
    const auto imaginary = vec::load<vec::I16x16>(im + i * kTile);
    const auto negative = vec::load<vec::I16x16>(negative_im + i * kTile);
    sums = vec::mac_4x4x8(sums, cosines, vec::wide(y, imaginary));
    sums = vec::mac_4x4x8(sums, sines, vec::wide(negative, y));
  }
  return sums;
}

/// Stage 2: the 16-point DFT over n2 with the twiddle factors in its coefficients, bins
/// k1 + 32*(4*tile + 0..3) of four frames. The rests' products add up to less than 32 * 128 * 2^15.
inline vec::I32x32 stage2(const Scratch& scratch, int k1, int tile) {
  const auto half = stage2_product<vec::WideAcc>(scratch.half, k1, tile);
  const auto below = stage2_product<vec::WideAcc32>(scratch.rest, k1, tile);
  return vec::add(vec::srs_wide(half, kSpectrumShift),
                  vec::srs_wide(below, kSpectrumShift + kRestBits));
}

}  // namespace npumel::aie2::dft512
