// SPDX-License-Identifier: LGPL-2.1-or-later
// The scratch memory of one caller.
#pragma once

#include "kernels/cpu/mel_kernel.h"
#include "kernels/cpu/tables.h"
#include "kernels/simd/aligned.h"

namespace npumel {

/// Groups computed so far, for tests of how calls are divided.
struct GroupCounts {
  uint32_t full = 0, half = 0;
};

/// Sized for full groups; half groups use the beginning of each area.
/// All areas lie in one zeroed allocation, aligned for the widest vectors. V = one vector of float.
/// Areas whose lifetimes do not overlap share memory, so that a group fits into the first-level
/// cache. Areas of type void hold double where a recipe needs it.
class MelWorkspace {
 public:
  static constexpr size_t kLaneColumns = 8;

  /// Throws std::bad_alloc.
  explicit MelWorkspace(const KernelTables& tables);

  float* samples = nullptr;  ///< LoadTables' T, one row more for the first samples
  float* again = nullptr;    ///< T once more, for what is computed after power took its place
  void* work = nullptr;      ///< [parallel][slot]{re, im} V, columns `column_pitch` apart
  void* work2 = nullptr;     ///< Bluestein's second transform
  float* power = nullptr;    ///< [bin] V, one more for unused results; may overwrite `samples`
  float* exact = nullptr;    ///< as power, of the frames computed once more in double
  float* energy = nullptr;   ///< [mel] V; overwrites `work`
  float* mean = nullptr;     ///< V: what is subtracted from every sample of a frame
  float* sums = nullptr;     ///< two rows of T
  /// [sample]{wide_lanes doubles} of frames that change before the transform
  void* prepared = nullptr;
  /// [slot]{kLaneColumns re, as many im} of one frame, if has_lane_columns()
  float* columns = nullptr;
  mutable GroupCounts counts;

 private:
  AlignedArray<float> memory_;
};

/// Values from column to column in MelWorkspace::work, for groups of `lanes` frames. Columns whose
/// length is even would map to the same cache sets.
constexpr size_t column_pitch(const FftPlan& plan, size_t lanes) {
  return (static_cast<size_t>(plan.columns) +
          (plan.parallel > 1 && plan.columns % 2 == 0 ? 1 : 0)) *
         2 * lanes;
}

/// Whether the complex columns of one frame can take the lanes of vectors: the first radix is 16.
constexpr bool has_lane_columns(const FftPlan& plan) {
  return plan.parallel == static_cast<int>(MelWorkspace::kLaneColumns) &&
         plan.first_column != FirstColumn::plain && !plan.chirp;
}

}  // namespace npumel
