// SPDX-License-Identifier: LGPL-2.1-or-later
// What lies in the 64 KB of data memory of a tile. Compiling this file is the check.
#pragma once

#include <cstddef>

#include "kernels/aie2/mel_stages.h"

namespace npumel::aie2 {

inline constexpr size_t kTileMemory = 64 * 1024;

/// Stack of a core. tests/unit/aie2/stack_test.py holds the compiler's own report against it.
inline constexpr size_t kStackBytes = 3072;

// Fifo objects of a core: single frames in, single rows out. 25 of each pass a core in a batch, so
// with a depth of 5 every batch begins at the same object.
inline constexpr size_t kFifoDepth = 5;
inline constexpr size_t kInputFifo = kFifoDepth * kWin * sizeof(int16_t);
template <typename Tables>
inline constexpr size_t kOutputFifo = kFifoDepth* Tables::mels * sizeof(int16_t);

template <typename Tables>
inline constexpr size_t kTableBytes =
    sizeof kStage1 + sizeof kStage2 + sizeof kLogPoly + sizeof kLogOffset + sizeof Tables::weights +
    sizeof Tables::blocks + sizeof Tables::counts;

/// Compiled sections of a core (constants and statics), with room for alignment between them.
inline constexpr size_t kAlignment = 64;
template <typename Tables>
inline constexpr size_t kDataBytes =
    (kTableBytes<Tables> + sizeof(Scratch) + 9 * kAlignment - 1) / kAlignment* kAlignment;

template <typename Tables>
constexpr bool fits_tile() {
  return kStackBytes + kInputFifo + kOutputFifo<Tables> + kDataBytes<Tables> <= kTileMemory;
}
static_assert(fits_tile<MelTables80>());
static_assert(fits_tile<MelTables128>());

}  // namespace npumel::aie2
