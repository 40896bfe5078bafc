// SPDX-License-Identifier: LGPL-2.1-or-later
// The kernels: each is a DFT with its preparation, and the tables of a recipe.
#pragma once

#include "kernels/aie2/dft512_stages.h"
#include "kernels/aie2/dft_stages.h"
#include "kernels/aie2/mel_stages.h"

namespace npumel::aie2 {

/// Powers of all bins into their slots, [k2][k1] with kSlotRow slots a row. Slots without a bin get
/// zeros. `stage2(k1, tile)` is the spectrum; `tiles(k1)` how many tiles of it there are.
template <int kSlotRow, int kTiles, typename Stage2, typename Tiles>
inline void power_spectrum(vec::Bf16* powers, const Stage2& stage2, const Tiles& tiles) {
  const auto power = [&](int k1, int tile) {
    if (tile >= tiles(k1)) return vec::zeros<vec::Bf16x16>();
    const auto x = stage2(k1, tile);
    return vec::power(vec::to_bf16(vec::left(x)), vec::to_bf16(vec::right(x)));
  };
  for (int k1 = 0; k1 < kSlotRow; k1 += 2)
    for (int tile = 0; tile < kTiles; ++tile)
      vec::store_row_pairs(powers + (4 * tile * kSlotRow + k1) * kGroup, kSlotRow * kGroup,
                           power(k1, tile), power(k1 + 1, tile));
}

/// Whisper's windows of 400 samples in 400 points.
struct Dft400 {
  using Scratch = aie2::Scratch;
  static constexpr size_t table_bytes = sizeof kStage1 + sizeof kStage2;

  static void pack(Scratch& scratch, const int16_t* a, const int16_t* b, const int16_t* c,
                   const int16_t* d) {
    aie2::pack(scratch, a, b, c, d);
  }
  static void powers(Scratch& scratch) {
    stage1(scratch);
    normalize_block(scratch);
    power_spectrum<kSlotRow, kTiles>(
        scratch.powers, [&](int k1, int tile) { return stage2(scratch, k1, tile); },
        [](int k1) { return k1 < kHalf ? stage2_tiles(k1) : 0; });
  }
};

/// 400 samples in 512 points, with pre-emphasis.
template <bool kRemoveDc, const auto& kNegativeWindow, const auto& kNegativeWindowRest>
struct Dft512 {
  using Scratch = dft512::Scratch;
  static constexpr size_t table_bytes =
      sizeof dft512::kStage1 + sizeof dft512::kStage2 + 2 * sizeof kNegativeWindow;

  static void pack(Scratch& scratch, const int16_t* a, const int16_t* b, const int16_t* c,
                   const int16_t* d) {
    dft512::pack(scratch, a, b, c, d);
  }
  static void powers(Scratch& scratch) {
    dft512::condition<kRemoveDc>(scratch, kNegativeWindow, kNegativeWindowRest);
    dft512::stage1(scratch);
    power_spectrum<dft512::kSlotRow, dft512::kTiles>(
        scratch.powers, [&](int k1, int tile) { return dft512::stage2(scratch, k1, tile); },
        [](int k1) { return k1 < dft512::kHalf ? dft512::stage2_tiles(k1) : 0; });
  }
};

/// A kernel has the name of the preset whose rows it computes, as log10 in Q11.
namespace kernel {
struct whisper80 : Dft400 {
  using Tables = MelTables_whisper80;
};
struct whisper128 : Dft400 {
  using Tables = MelTables_whisper128;
};
struct nemo80 : Dft512<false, dft512::kNegativeHann, dft512::kNegativeHannRest> {
  using Tables = MelTables_nemo80;
};
struct nemo128 : Dft512<false, dft512::kNegativeHann, dft512::kNegativeHannRest> {
  using Tables = MelTables_nemo128;
};
struct kaldi80 : Dft512<true, dft512::kNegativePovey, dft512::kNegativePoveyRest> {
  using Tables = MelTables_kaldi80;
};
}  // namespace kernel

/// Calls use(Kernel()) for each kernel until one returns true; returns whether one did.
template <typename Use>
inline bool any_kernel(const Use& use) {
  return use(kernel::whisper80()) || use(kernel::whisper128()) || use(kernel::nemo80()) ||
         use(kernel::nemo128()) || use(kernel::kaldi80());
}

/// Everything between pack and emit.
template <typename Kernel>
inline void compute(typename Kernel::Scratch& scratch) {
  Kernel::powers(scratch);
  mel_rows<typename Kernel::Tables>(scratch);
}

}  // namespace npumel::aie2
