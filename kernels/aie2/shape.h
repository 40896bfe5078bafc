// SPDX-License-Identifier: LGPL-2.1-or-later
// Sizes of the NPU kernel: what the C++ code, the table generator, the memory budget and the IRON
// design agree on.
#pragma once

#include <cstddef>
#include <cstdint>

namespace npumel::aie2 {

// The batch.
inline constexpr int kFrames = 100;                             ///< frames of a batch
inline constexpr int kWin = 400;                                ///< samples of a frame
inline constexpr int kHop = 160;                                ///< samples between frames
inline constexpr int kSamplesV2 = (kFrames - 1) * kHop + kWin;  ///< 16240, input of ABI v2
inline constexpr int kSamplesV1 = kFrames * kWin;               ///< 40000, input of ABI v1
inline constexpr int kMaxMels = 128;

// A group: the four frames that one pass of the kernel computes. They are the four columns of
// every matrix product; no number of a frame depends on its neighbours in the group.
inline constexpr int kGroup = 4;

// 400 = 20 x 20: sample n = 20*n1 + n2, bin k = k1 + 20*k2.
inline constexpr int kRadix = 20;
inline constexpr int kTiles = kRadix / 4;  ///< 4x4 tiles along a side of 20
inline constexpr int kTile = 16;           ///< elements of a 4x4 tile
inline constexpr int kHalf = 11;           ///< residues k1 = 0..10; 11..19 are their conjugates
inline constexpr int kStage1Rows = 20;     ///< real parts k1 = 0..10, imaginary parts k1 = 1..9
inline constexpr int kStage2Rows = 29;     ///< the same, then the imaginary parts negated

/// Residues 0 and 10 are real and half of their 20 outputs mirror the other half, so 12 suffice.
constexpr bool is_real_residue(int k1) { return k1 == 0 || k1 == kHalf - 1; }
constexpr int stage2_tiles(int k1) { return is_real_residue(k1) ? 3 : kTiles; }

/// Elements of a tile pair (cosines, sines) and where residue k1 begins in the stage 2 table.
inline constexpr int kTilePair = 2 * kTile;
constexpr int stage2_offset(int k1) {
  int offset = 0;
  for (int k = 0; k < k1; ++k) offset += stage2_tiles(k) * kTiles * kTilePair;
  return offset;
}

inline constexpr int kStage1Table = kRadix * kTiles * kTiles * kTile;
inline constexpr int kStage2Table = stage2_offset(kHalf);

// Fixed point. Coefficients are Q15 (1.0 = 32767).
inline constexpr int kSpillShift = 4;       ///< stage 1 accumulator to 32-bit spill
inline constexpr int kSpectrumShift = 5;    ///< stage 2 accumulator to 32-bit spectrum
inline constexpr int kRestBits = 8;         ///< bits of stage 2's input below its 16-bit half
inline constexpr int kBlockExponents = 16;  ///< block exponents are 0..15, see block_exponent()

// Powers lie at slot k2*12 + k1, so that the bins of one mel filter are near each other; the
// twelfth place of each row and the mirrored outputs hold zeros or duplicates that have no weight.
inline constexpr int kSlotRow = 12;
inline constexpr int kSlots = kRadix * kSlotRow;
inline constexpr int kSlotBlock = 8;  ///< slots that one bf16 4x8x4 product takes
inline constexpr int kSlotBlocks = kSlots / kSlotBlock;
inline constexpr int kWeightBlock = 4 * kSlotBlock;

// Output. v2: log10 in Q11. v1: round(20 * (log10 + 3.7)) in 8 bits.
inline constexpr int kQ11 = 2048;
inline constexpr int kFloorQ11 = -10 * kQ11;
inline constexpr int kV1Scale = 20;

}  // namespace npumel::aie2
