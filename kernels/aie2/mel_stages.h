// SPDX-License-Identifier: LGPL-2.1-or-later
// The second half of the kernel: power, mel filters, logarithm, output. Power and mel are bfloat16
// products with float32 sums; the logarithm is integer again.
#pragma once

#include "kernels/aie2/dft_stages.h"
#include "kernels/aie2/mel_tables.h"

namespace npumel::aie2 {

/// Powers of all bins into their slots. Slots without a bin get zeros.
inline void power_spectrum(Scratch& scratch) {
  const auto power = [&scratch](int k1, int tile) {
    if (k1 >= kHalf || tile >= stage2_tiles(k1)) return vec::zeros<vec::Bf16x16>();
    const auto x = stage2(scratch, k1, tile);
    return vec::power(vec::to_bf16(vec::left(x)), vec::to_bf16(vec::right(x)));
  };
  for (int k1 = 0; k1 < kHalf; k1 += 2)
    for (int tile = 0; tile < kTiles; ++tile)
      vec::store_row_pairs(scratch.powers + (4 * tile * kSlotRow + k1) * kGroup, kSlotRow * kGroup,
                           power(k1, tile), power(k1 + 1, tile));
}

/// log10 in Q11 of 16 energies (4 mels x 4 frames), floored at -10. `offset` undoes the block
/// exponents and all fixed-point scales.
inline vec::I16x16 log10_q11(const vec::F32x16& energy, const vec::I32x16& offset) {
  vec::I32x16 exponent;
  vec::I16x16 f;
  vec::split(energy, exponent, f);
  // log2(1 + f) as a quartic in Q15. The linear coefficient is above 1: f itself is added as
  // f << 15 and the table holds what is left.
  auto p = vec::broadcast<vec::I16x16>(kLogPoly[4]);
  for (int i = 3; i >= 1; --i)
    p = vec::add(vec::srs<vec::I16x16>(vec::mac(vec::zeros<vec::Acc>(), p, f), 15),
                 vec::broadcast<vec::I16x16>(kLogPoly[i]));
  const auto log2_fraction = vec::srs<vec::I32x16>(vec::mac(vec::upshift(f, 15), p, f), 15);
  // (exponent << 15) + fraction, times log10(2) in Q16, to Q11.
  const auto log2 = vec::add(vec::shift_left(exponent, 15),
                             vec::add(log2_fraction, vec::broadcast<vec::I32x16>(kLogConstant)));
  const auto log10 = vec::srs<vec::I32x16>(
      vec::mac(vec::zeros<vec::Acc>(), log2, vec::broadcast<vec::I16x16>(kLog10Of2)), 20);
  const auto floored =
      vec::max(vec::add(log10, offset), vec::broadcast<vec::I32x16>(int32_t{kFloorQ11}));
  return vec::narrow(floored);
}

/// Mel energies and their logarithms into scratch.rows. Tables: MelTables80 or MelTables128.
template <typename Tables>
inline void mel_rows(Scratch& scratch) {
  int32_t offsets[kGroup];
  for (int frame = 0; frame < kGroup; ++frame)
    offsets[frame] = kLogOffset[scratch.exponents[frame]];
  const auto offset = vec::broadcast_row<vec::I32x16>(offsets);
  const vec::Bf16* weights = Tables::weights;
  const uint8_t* block = Tables::blocks;
  for (int tile = 0; tile < Tables::mels / 4; ++tile) {
    auto energy = vec::zeros<vec::F32x16>();
    for (int i = 0; i < Tables::counts[tile]; ++i, ++block, weights += kWeightBlock)
      energy =
          vec::mac_4x8x4(energy, vec::load<vec::Bf16x32>(weights),
                         vec::load<vec::Bf16x32>(scratch.powers + *block * kSlotBlock * kGroup));
    vec::store(scratch.rows + tile * kTile, log10_q11(energy, offset));
  }
}

/// Row of frame `frame` of the group: ABI v2, Q11.
template <typename Tables>
inline void emit_v2(const Scratch& scratch, int frame, int16_t* row) {
  for (int mel = 0; mel < Tables::mels; mel += 16)
    vec::store(row + mel, vec::load_lane(scratch.rows + mel * kGroup, frame));
}

/// ABI v1: round(20 * (log10 + 3.7)) in 8 bits, from Q11: (5*q + 74*512) / 512.
template <typename Tables>
inline void emit_v1(const Scratch& scratch, int frame, int8_t* row) {
  static_assert(kV1Scale * 512 == 5 * kQ11);
  for (int mel = 0; mel < Tables::mels; mel += 16) {
    const auto q = vec::load_lane(scratch.rows + mel * kGroup, frame);
    const auto bias = vec::upshift(vec::broadcast<vec::I16x16>(int16_t{74}), 9);
    vec::store(row + mel,
               vec::srs<vec::I8x16>(vec::mac(bias, q, vec::broadcast<vec::I16x16>(int16_t{5})), 9));
  }
}

/// Everything between pack and emit.
template <typename Tables>
inline void compute(Scratch& scratch) {
  stage1(scratch);
  normalize_block(scratch);
  power_spectrum(scratch);
  mel_rows<Tables>(scratch);
}

}  // namespace npumel::aie2
