#include "kernels/cpu/workspace.h"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace npumel {

MelWorkspace::MelWorkspace(const KernelTables& tables) {
  constexpr size_t kAlign = 32;  // floats: two cache lines
  const auto lanes = static_cast<size_t>(tables.lanes);
  const auto pitch = static_cast<size_t>(tables.load.pitch);
  const size_t work_values = static_cast<size_t>(tables.fft.parallel) *
                             column_pitch(tables.fft, static_cast<size_t>(tables.transform_lanes));
  const auto few_floats = (lanes - 1) * static_cast<size_t>(tables.recipe.hop_length) +
                          static_cast<size_t>(tables.recipe.win_length);
  const size_t width = tables.wide ? 2 : 1;  // floats a value
  float* work_area = nullptr;
  float* work2_area = nullptr;
  float* few_area = nullptr;
  const std::array<std::pair<float**, size_t>, 8> areas{{
      {&samples, (static_cast<size_t>(tables.load.rows) + 2) * pitch},
      {&work_area, work_values * width},
      {&work2_area, tables.fft.chirp ? work_values * width : 0},
      {&power, (static_cast<size_t>(tables.fft.bins()) + 1) * lanes},
      {&energy, static_cast<size_t>(tables.recipe.mels) * lanes},
      {&mean, lanes},
      {&sums, 2 * pitch},
      {&few_area, few_floats},
  }};
  const auto rounded = [](size_t floats) { return (floats + kAlign - 1) / kAlign * kAlign; };
  size_t total = 0;
  for (const auto& [area, floats] : areas) total += rounded(floats);
  memory_ = hwy::AllocateAligned<float>(total);
  if (!memory_) throw std::bad_alloc();
  std::fill_n(memory_.get(), total, 0.0F);
  size_t used = 0;
  for (const auto& [area, floats] : areas) {
    *area = memory_.get() + used;
    used += rounded(floats);
  }
  work = work_area;
  work2 = work2_area;
  few = few_area;
}

void MelWorkspaceDeleter::operator()(MelWorkspace* workspace) const noexcept {
  const std::unique_ptr<MelWorkspace> owner(workspace);
}

}  // namespace npumel
