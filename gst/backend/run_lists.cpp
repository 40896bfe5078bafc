// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/backend/run_lists.h"

#include <algorithm>

namespace npumel {
namespace {

constexpr std::size_t length(std::size_t index) { return std::size_t{2} << index; }

// Runs of all streams are served in order: a live stream may find a list before its own batch. This
// is what it grants for computing (processing-latency's default).
constexpr uint64_t kLongestTime = 20000000;
// Of the time after which a list counts as hanging, how much it may take when all is well.
constexpr uint64_t kTimeoutPart = 4;

}  // namespace

RunLists::RunLists(const std::vector<std::shared_ptr<NpuRun>>& runs) {
  for (std::size_t i = 0; i < kLengths; i++)
    for (std::size_t slot = 0; slot + length(i) <= runs.size(); slot += length(i)) {
      const auto first = runs.begin() + static_cast<std::ptrdiff_t>(slot);
      lists_[i].push_back(std::make_shared<NpuRunList>(std::vector<std::shared_ptr<NpuRun>>(
          first, first + static_cast<std::ptrdiff_t>(length(i)))));
    }
}

int RunLists::depth_for(uint64_t run_ns, unsigned timeout_ms) noexcept {
  const uint64_t limit = std::min(kLongestTime, uint64_t{timeout_ms} * 1000000 / kTimeoutPart);
  int depth = kLongest;
  while (depth > 1 && static_cast<uint64_t>(depth) * run_ns > limit) depth /= 2;
  return depth;
}

std::shared_ptr<NpuRunList> RunLists::longest(std::size_t slot, std::size_t& count) const {
  for (std::size_t i = kLengths; i-- > 0;)
    if (length(i) <= count && slot % length(i) == 0 && slot / length(i) < lists_[i].size()) {
      count = length(i);
      return lists_[i][slot / length(i)];
    }
  return nullptr;
}

}  // namespace npumel
