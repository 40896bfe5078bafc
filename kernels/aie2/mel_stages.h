// SPDX-License-Identifier: LGPL-2.1-or-later
// The second half of the kernels: mel filters, logarithm, output. The filters are bfloat16 products
// with float32 sums; the logarithm is integer again.
#pragma once

#include "kernels/aie2/mel_tables.h"
#include "kernels/aie2/shape.h"
#include "kernels/aie2/vec.h"

namespace npumel::aie2 {

/// log10 in Q11 of 16 energies (4 mels x 4 frames), not below `floor`. `offset` undoes the block
/// exponents and all fixed-point scales.
inline vec::I16x16 log10_q11(const vec::F32x16& energy, const vec::I32x16& offset,
                             int32_t floor = kFloorQ11) {
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
  return vec::narrow(vec::max(vec::add(log10, offset), vec::broadcast<vec::I32x16>(floor)));
}

/// Mel energies and their logarithms into scratch.rows. Tables: one of mel_tables.h.
template <typename Tables, typename Scratch>
inline void mel_rows(Scratch& scratch) {
  int32_t offsets[kGroup];
  float guards[kGroup] = {};
  for (int frame = 0; frame < kGroup; ++frame) {
    offsets[frame] = Tables::log_offset[scratch.exponents[frame]];
    if constexpr (Tables::has_guard) guards[frame] = Tables::guard[scratch.exponents[frame]];
  }
  const auto offset = vec::broadcast_row<vec::I32x16>(offsets);
  const auto guard = vec::float_row(guards);
  const vec::Bf16* weights = Tables::weights;
  const uint8_t* block = Tables::blocks;
  for (int tile = 0; tile < Tables::mels / 4; ++tile) {
    auto energy = guard;  // log(x + guard) where the recipe says so, else 0
    NPUMEL_LOOP(1)
    for (int i = 0; i < Tables::counts[tile]; ++i, ++block, weights += kWeightBlock)
      energy =
          vec::mac_4x8x4(energy, vec::load<vec::Bf16x32>(weights),
                         vec::load<vec::Bf16x32>(scratch.powers + *block * kSlotBlock * kGroup));
    vec::store(scratch.rows + tile * kTile, log10_q11(energy, offset, Tables::floor_q11));
  }
}

/// Row of frame `frame` of the group: ABI v2, Q11.
template <typename Tables, typename Scratch>
inline void emit_v2(const Scratch& scratch, int frame, int16_t* row) {
  for (int mel = 0; mel < Tables::mels; mel += 16)
    vec::store(row + mel, vec::load_lane(scratch.rows + mel * kGroup, frame));
}

/// ABI v3: float32 in the recipe's own logarithm. Nothing is rounded after the integers: log10 is
/// q / 2048, ln a whole number of 2^-17.
template <typename Tables, typename Scratch>
inline void emit_v3(const Scratch& scratch, int frame, float* row) {
  for (int mel = 0; mel < Tables::mels; mel += 16) {
    const auto q = vec::load_lane(scratch.rows + mel * kGroup, frame);
    if constexpr (Tables::natural_log)
      vec::store_float(
          row + mel,
          vec::srs<vec::I32x16>(
              vec::mac(vec::zeros<vec::Acc>(), vec::broadcast<vec::I32x16>(kLn10), q), kLnShift),
          kLnBits);
    else
      vec::store_float(row + mel, vec::srs<vec::I32x16>(vec::upshift(q, 0), 0), kQ11Bits);
  }
}

/// ABI v1: round(20 * (log10 + 3.7)) in 8 bits, from Q11: (5*q + 74*512) / 512.
template <typename Tables, typename Scratch>
inline void emit_v1(const Scratch& scratch, int frame, int8_t* row) {
  static_assert(kV1Scale * 512 == 5 * kQ11);
  for (int mel = 0; mel < Tables::mels; mel += 16) {
    const auto q = vec::load_lane(scratch.rows + mel * kGroup, frame);
    const auto bias = vec::upshift(vec::broadcast<vec::I16x16>(int16_t{74}), 9);
    vec::store(row + mel,
               vec::srs<vec::I8x16>(vec::mac(bias, q, vec::broadcast<vec::I16x16>(int16_t{5})), 9));
  }
}

}  // namespace npumel::aie2
