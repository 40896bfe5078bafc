// SPDX-License-Identifier: LGPL-2.1-or-later
// Lays out and allocates the scratch memory.
#include "kernels/cpu/workspace.h"

#include <algorithm>
#include <array>
#include <utility>

namespace npumel {

MelWorkspace::MelWorkspace(const KernelTables& tables) {
  constexpr size_t kAlign = 32;  // floats: two cache lines
  const auto lanes = static_cast<size_t>(tables.lanes);
  const auto pitch = static_cast<size_t>(tables.load.pitch);
  const bool wide = tables.wide != WideFrames::none;
  const auto wide_lanes = static_cast<size_t>(tables.wide_lanes);
  const size_t work_floats =
      static_cast<size_t>(tables.fft.parallel) *
      (wide ? 2 * column_pitch(tables.fft, wide_lanes) : column_pitch(tables.fft, lanes));
  const size_t power_floats = (static_cast<size_t>(tables.fft.bins()) + 1) * lanes;
  const size_t prepared_floats =
      wide && tables.load.prepares ? 2 * wide_lanes * static_cast<size_t>(tables.recipe.win_length)
                                   : 0;
  const size_t energy_floats = static_cast<size_t>(tables.width) * lanes;
  const size_t sample_floats = (static_cast<size_t>(tables.load.rows) + 2) * pitch;
  // Not where each half of the lanes reads the samples separately. Nor for long transforms: neither
  // fits the L1 cache then, and sharing costs 3 %.
  const bool shared = tables.wide != WideFrames::all && tables.fft.n <= 512;
  const bool reads_again = tables.wide == WideFrames::below_noise_floor ||
                           tables.recipe.dft == Dft::convolution ||
                           tables.recipe.energy != Energy::none;
  const size_t column_floats = 2 * kLaneColumns * static_cast<size_t>(tables.fft.columns);
  float* work_area = nullptr;
  float* work2_area = nullptr;
  float* prepared_area = nullptr;
  const std::array<std::pair<float**, size_t>, 10> areas{{
      {&samples, shared ? std::max(sample_floats, power_floats) : sample_floats},
      {&again, shared && reads_again ? sample_floats : 0},
      {&work_area, std::max(work_floats, energy_floats)},
      {&work2_area, tables.fft.chirp ? work_floats : 0},
      {&power, shared ? 0 : power_floats},
      {&exact, tables.wide == WideFrames::below_noise_floor ? power_floats : 0},
      {&mean, lanes},
      {&sums, 2 * pitch},
      {&prepared_area, prepared_floats},
      {&columns,
       has_lane_columns(tables.fft) && tables.wide != WideFrames::all ? column_floats : 0},
  }};
  const auto rounded = [](size_t floats) { return (floats + kAlign - 1) / kAlign * kAlign; };
  size_t total = 0;
  for (const auto& [area, floats] : areas) total += rounded(floats);
  memory_ = make_aligned<float>(total);
  std::fill_n(memory_.get(), total, 0.0F);
  size_t used = 0;
  for (const auto& [area, floats] : areas) {
    *area = memory_.get() + used;
    used += rounded(floats);
  }
  if (shared)
    power = samples;
  else
    again = samples;
  energy = work_area;
  work = work_area;
  work2 = work2_area;
  prepared = prepared_area;
}

void MelWorkspaceDeleter::operator()(MelWorkspace* workspace) const noexcept {
  const std::unique_ptr<MelWorkspace> owner(workspace);
}

}  // namespace npumel
