// SPDX-License-Identifier: LGPL-2.1-or-later
// What lies in the 64 KB of data memory of a tile. Compiling this file is the check.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernels/aie2/dataflow.h"
#include "kernels/aie2/kernels.h"

namespace npumel::aie2 {

inline constexpr size_t kTileMemory = 64 * 1024;

/// Stack of a core. tests/unit/aie2/stack_test.py holds the compiler's own report against it.
inline constexpr size_t kStackBytes = 3584;

inline constexpr size_t kInputFifo = kFifoDepth * kWin * sizeof(int16_t);
template <typename Kernel, typename Row>
inline constexpr size_t kRowBytes = Kernel::Tables::mels * sizeof(Row);

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

/// Objects of a core's fifo of rows. Where five rows of float do not fit it is one, since a batch
/// must end at the object that it began with: the core then waits for each row to leave.
template <typename Kernel, typename Row>
constexpr size_t row_depth() {
  const size_t with_five =
      kStackBytes + kInputFifo + kDataBytes<Kernel> + kFifoDepth * kRowBytes<Kernel, Row>;
  return std::is_same_v<Row, int16_t> || with_five <= kTileMemory ? kFifoDepth : 1;
}

template <typename Kernel, typename Row>
inline constexpr size_t kOutputFifo = row_depth<Kernel, Row>() * kRowBytes<Kernel, Row>;

/// With rows of int16 (ABI v2; v1 needs less) or of float (v3).
template <typename Kernel, typename Row = int16_t>
inline constexpr size_t kTileBytes =
    kStackBytes + kInputFifo + kOutputFifo<Kernel, Row> + kDataBytes<Kernel>;
template <typename Kernel, typename Row = int16_t>
constexpr bool fits_tile() {
  return kTileBytes<Kernel, Row> <= kTileMemory;
}
static_assert(fits_tile<kernel::whisper80>());
static_assert(fits_tile<kernel::whisper128>());
static_assert(fits_tile<kernel::nemo80>());
static_assert(fits_tile<kernel::nemo128>());
static_assert(fits_tile<kernel::kaldi80>());
static_assert(fits_tile<kernel::whisper80, float>());
static_assert(fits_tile<kernel::whisper128, float>());
static_assert(fits_tile<kernel::nemo80, float>());
static_assert(fits_tile<kernel::nemo128, float>());
static_assert(fits_tile<kernel::kaldi80, float>());

}  // namespace npumel::aie2
