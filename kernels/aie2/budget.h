// SPDX-License-Identifier: LGPL-2.1-or-later
// What lies in the 64 KB of data memory of a tile. Compiling this file is the check.
#pragma once

#include <cstddef>

#include "kernels/aie2/dataflow.h"
#include "kernels/aie2/kernels.h"

namespace npumel::aie2 {

inline constexpr size_t kTileMemory = 64 * 1024;

/// Stack of a core. tests/unit/aie2/stack_test.py holds the compiler's own report against it.
inline constexpr size_t kStackBytes = 3584;

inline constexpr size_t kInputFifo = kFifoDepth * kWin * sizeof(int16_t);
template <typename Kernel>
inline constexpr size_t kOutputFifo = kFifoDepth* Kernel::Tables::mels * sizeof(int16_t);

template <typename Kernel>
inline constexpr size_t kTableBytes =
    Kernel::table_bytes + sizeof kLogPoly + sizeof Kernel::Tables::weights +
    sizeof Kernel::Tables::blocks + sizeof Kernel::Tables::counts +
    sizeof Kernel::Tables::log_offset + sizeof Kernel::Tables::guard;

/// Compiled sections of a core (constants and statics), with room for alignment between them.
inline constexpr size_t kAlignment = 64;
inline constexpr size_t kSections = 12;
template <typename Kernel>
inline constexpr size_t kDataBytes = (kTableBytes<Kernel> + sizeof(typename Kernel::Scratch) +
                                      kSections * kAlignment - 1) /
                                     kAlignment* kAlignment;

template <typename Kernel>
inline constexpr size_t kTileBytes =
    kStackBytes + kInputFifo + kOutputFifo<Kernel> + kDataBytes<Kernel>;
template <typename Kernel>
constexpr bool fits_tile() {
  return kTileBytes<Kernel> <= kTileMemory;
}
static_assert(fits_tile<kernel::whisper80>());
static_assert(fits_tile<kernel::whisper128>());
static_assert(fits_tile<kernel::nemo80>());
static_assert(fits_tile<kernel::nemo128>());
static_assert(fits_tile<kernel::kaldi80>());

}  // namespace npumel::aie2
