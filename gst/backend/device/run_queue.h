// SPDX-License-Identifier: LGPL-2.1-or-later
// What waits for a device, and who gives way when it is more than the device can do in time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "gst/backend/device/npu_run.h"

namespace npumel {

/// Served in the order in which results are due. Not thread-safe.
class RunQueue {
 public:
  /// Room for this many, so that queueing allocates nothing.
  explicit RunQueue(std::size_t usual) { waiting_.reserve(usual); }

  bool empty() const noexcept { return waiting_.empty(); }
  /// Behind those that are due at the same time.
  void add(NpuSubmission submission);
  /// Of what is due first; there is one.
  NpuSubmission take_first();
  /// The one with this run.
  std::optional<NpuSubmission> take(const NpuRun& run);
  std::vector<NpuSubmission> take_all() noexcept;

  struct Room {
    bool found = false;
    std::vector<NpuSubmission> give_way;  ///< taken out for it
  };
  /// Whether another run due then would be one of the next `most_runs` of the device, which has
  /// `runs_ahead` already. Live streams take turns: where it would not be, those give way whose
  /// streams have had the device last, and after `last_turn`, if that suffices.
  Room make_room(NpuJob::Clock::time_point due, uint64_t last_turn, std::size_t runs_ahead,
                 std::size_t most_runs);

 private:
  std::vector<NpuSubmission> waiting_;
};

}  // namespace npumel
