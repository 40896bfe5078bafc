// SPDX-License-Identifier: LGPL-2.1-or-later
// The integer half of the kernel: windowed DFT of four frames, block floating point between its
// two stages. Everything here is exact, so host and NPU agree to the bit.
#pragma once

#include "kernels/aie2/block_exponent.h"
#include "kernels/aie2/dft_tables.h"
#include "kernels/aie2/shape.h"
#include "kernels/aie2/vec.h"

namespace npumel::aie2 {

/// Working memory of one group, in a tile's data memory. Matrices have the four frames as columns.
struct Scratch {
  /// Samples [n2][n1][frame], for stage 1; then what lies below `half` [row][n2][frame].
  alignas(64) int16_t packed[kStage2Rows * kRadix * kGroup];
  alignas(64) int32_t spill[kStage1Rows * kRadix * kGroup];  ///< stage 1 [row][n2][frame]
  alignas(64) int16_t half[kStage2Rows * kRadix * kGroup];   ///< stage 2 input [row][n2][frame]
  alignas(64) vec::Bf16 powers[kSlots * kGroup];             ///< [slot][frame]
  alignas(64) int16_t rows[kMaxMels * kGroup];               ///< Q11 log10 [mel][frame]
  int32_t exponents[kGroup];                                 ///< block exponents
};

/// Samples of four frames into the order of stage 1. Reads 400 samples from each pointer, which
/// must be aligned to 32 bytes on the NPU.
inline void pack(Scratch& scratch, const int16_t* a, const int16_t* b, const int16_t* c,
                 const int16_t* d) {
  // The spill is not in use yet: it holds the samples as [n1][n2][frame] in between.
  auto* natural = reinterpret_cast<int16_t*>(scratch.spill);
  NPUMEL_LOOP(kWin / 16)
  for (int n = 0; n < kWin; n += 16)
    vec::store_interleaved(natural + n * kGroup, vec::load<vec::I16x16>(a + n),
                           vec::load<vec::I16x16>(b + n), vec::load<vec::I16x16>(c + n),
                           vec::load<vec::I16x16>(d + n));
  for (int n2 = 0; n2 < kRadix; n2 += 2)
    for (int tile = 0; tile < kTiles; ++tile) {
      vec::I16x16 even;
      vec::I16x16 odd;
      vec::load_row_pairs(natural + (4 * tile * kRadix + n2) * kGroup, kRadix * kGroup, even, odd);
      vec::store(scratch.packed + (n2 * kTiles + tile) * kTile, even);
      vec::store(scratch.packed + ((n2 + 1) * kTiles + tile) * kTile, odd);
    }
}

/// Stage 1: for each n2 the 20-point DFT over n1 with the window function in its coefficients. That
/// sums to 10 over each residue class, so |spill| < 32768 * 10 * 32768 / 2^4 and the block
/// exponents are at most 15.
inline void stage1(Scratch& scratch) {
  auto largest = vec::zeros<vec::I32x16>();
  const int16_t* table = kStage1;
  for (int n2 = 0; n2 < kRadix; ++n2)
    for (int row = 0; row < kTiles; ++row) {
      auto acc = vec::zeros<vec::TileAcc>();
      for (int tile = 0; tile < kTiles; ++tile, table += kTile)
        acc = vec::mac_4x4x4(acc, vec::load<vec::I16x16>(table),
                             vec::load<vec::I16x16>(scratch.packed + (n2 * kTiles + tile) * kTile));
      const auto spill = vec::srs_tile(acc, kSpillShift);
      largest = vec::max_abs(largest, spill);
      vec::store_rows(scratch.spill + (4 * row * kRadix + n2) * kGroup, kRadix * kGroup, spill);
    }
  block_exponents(largest, scratch.exponents);
}

/// What stage 2 takes below `half`. The samples have done their work by then.
inline int16_t* rest(Scratch& scratch) { return scratch.packed; }
inline const int16_t* rest(const Scratch& scratch) { return scratch.packed; }

/// Stage 2's input, imaginary parts also negated.
inline void normalize_block(Scratch& scratch) {
  constexpr int kRow = kRadix * kGroup;
  normalize_values<kStage1Rows * kRow, kHalf * kRow>(scratch.spill, scratch.exponents, scratch.half,
                                                     rest(scratch));
}

/// One part of stage 2's input, [row][n2][frame], times the matrix of k1: the real parts of four
/// bins of four frames on the left, the imaginary parts on the right.
template <typename WideAcc>
inline WideAcc stage2_product(const int16_t* input, int k1, int tile) {
  constexpr int kRow = kRadix * kGroup;
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

/// Stage 2: the 20-point DFT over n2 with the twiddle factors in its coefficients. Both parts of
/// the input are rounded to the same unit, each for itself. The rests' products add up to less than
/// 40 * 128 * 2^15.
inline vec::I32x32 stage2(const Scratch& scratch, int k1, int tile) {
  const auto half = stage2_product<vec::WideAcc>(scratch.half, k1, tile);
  const auto below = stage2_product<vec::WideAcc32>(rest(scratch), k1, tile);
  return vec::add(vec::srs_wide(half, kSpectrumShift),
                  vec::srs_wide(below, kSpectrumShift + kRestBits));
}

}  // namespace npumel::aie2
