// SPDX-License-Identifier: LGPL-2.1-or-later
// Sizes of the NPU kernel: what the C++ code, the table generator, the memory budget and the IRON
// design agree on.
#pragma once

#include <cstddef>
#include <cstdint>

namespace npumel::aie2 {

// The batch.
inline constexpr int kFrames = 100;                             ///< frames of a batch
inline constexpr int kLongestBatch = 1000;                      ///< of the kernels for backlogs
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
inline constexpr int kWeightBlock = 4 * kSlotBlock;

/// The 512-point kernels: windows of 400 samples in 512, after DC removal and pre-emphasis.
namespace dft512 {
// 512 = 32 x 16: sample n = 16*n1 + n2, bin k = k1 + 32*k2. A frame's 400 samples are n1 = 0..24.
inline constexpr int kFirst = 32;                      ///< points of the first DFT
inline constexpr int kSecond = 16;                     ///< points of the second
inline constexpr int kInputs = kWin / kSecond;         ///< 25 samples under each n2
inline constexpr int kInputTiles = (kInputs + 3) / 4;  ///< the last one with zeros in its matrix
inline constexpr int kHalf = 17;        ///< residues k1 = 0..16; 17..31 are their conjugates
inline constexpr int kStage1Rows = 32;  ///< real parts k1 = 0..16, imaginary parts k1 = 1..15
inline constexpr int kStage2Rows = 47;  ///< the same, then the imaginary parts negated
inline constexpr int kTiles = kSecond / 4;

/// Residues 0 and 16 are real: bins 0, 32 .. 256 and 16, 48 .. 240 are all there are.
constexpr bool is_real_residue(int k1) { return k1 == 0 || k1 == kHalf - 1; }
constexpr int stage2_tiles(int k1) { return k1 == 0 ? 3 : k1 == kHalf - 1 ? 2 : kTiles; }
constexpr int stage2_offset(int k1) {
  int offset = 0;
  for (int k = 0; k < k1; ++k) offset += stage2_tiles(k) * kTiles * kTilePair;
  return offset;
}
inline constexpr int kStage1Table = kStage1Rows / 4 * kInputTiles * kTile;
inline constexpr int kStage2Table = stage2_offset(kHalf);

// Fixed point. Samples after conditioning have the unit 2/32767 of a least significant bit.
inline constexpr int kWindowShift = 16;   ///< emphasised sample (Q15) times window function (Q15)
inline constexpr int kSpillShift = 5;     ///< stage 1
inline constexpr int kSpectrumShift = 5;  ///< stage 2
inline constexpr int kExponentSums = 2 * kBlockExponents - 1;  ///< both block exponents: 0..30

inline constexpr int kSlotRow = 18;  ///< power of bin k1 + 32*k2 at slot k2*18 + k1
inline constexpr int kSlots = kSecond * kSlotRow;
}  // namespace dft512

// Output. v2: log10 in Q11. v1: round(20 * (log10 + 3.7)) in 8 bits. v3: float32 in the recipe's
// own logarithm; a natural one is the Q11 value times ln(10), rounded to 17 bits of fraction: less
// than 2^23 for every 16-bit value, so that float32 holds it exactly.
inline constexpr int kQ11 = 2048;
inline constexpr int kFloorQ11 = -10 * kQ11;
inline constexpr int kV1Scale = 20;
inline constexpr int kQ11Bits = 11;
inline constexpr int32_t kLn10 = 1236190959;  ///< ln(10) in Q29
inline constexpr int kLnBits = 17;
inline constexpr int kLnShift = 29 + kQ11Bits - kLnBits;

}  // namespace npumel::aie2
