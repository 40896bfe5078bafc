// SPDX-License-Identifier: LGPL-2.1-or-later
// The lists of runs that a stream may hand over together, made before its first batch.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "gst/backend/npu_run_list.h"

namespace npumel {

/// Lists of 2 and 4 runs. XRT's lists are fixed once made, so each covers the slots from a
/// multiple of its length on, whose order the ring of batches keeps.
class RunLists {
 public:
  static constexpr int kLongest = 4;

  RunLists() = default;
  /// One run a slot; their number is a multiple of kLongest. Throws BackendError.
  explicit RunLists(const std::vector<std::shared_ptr<NpuRun>>& runs);

  /// How many runs to hand over together when one takes `run_ns`: 1, 2 or 4.
  static int depth_for(uint64_t run_ns, unsigned timeout_ms) noexcept;
  bool empty() const noexcept { return lists_[0].empty(); }
  /// The longest list that begins at a slot and has at most `count` runs, and in `count` how many;
  /// none when that is one.
  std::shared_ptr<NpuRunList> longest(std::size_t slot, std::size_t& count) const;

 private:
  static constexpr std::size_t kLengths = 2;
  std::array<std::vector<std::shared_ptr<NpuRunList>>, kLengths> lists_;  ///< of 2, of 4 runs
};

}  // namespace npumel
