// SPDX-License-Identifier: LGPL-2.1-or-later
// A sorted list of submissions: there are few.
#include "gst/backend/device/run_queue.h"

#include <algorithm>
#include <utility>

namespace npumel {
namespace {

NpuSubmission take_at(std::vector<NpuSubmission>& waiting,
                      std::vector<NpuSubmission>::iterator place) {
  NpuSubmission taken = std::move(*place);
  waiting.erase(place);
  return taken;
}

}  // namespace

void RunQueue::add(NpuSubmission submission) {
  const auto place = std::upper_bound(
      waiting_.begin(), waiting_.end(), submission.due,
      [](NpuJob::Clock::time_point due, const NpuSubmission& other) { return due < other.due; });
  waiting_.insert(place, std::move(submission));
}

NpuSubmission RunQueue::take_first() { return take_at(waiting_, waiting_.begin()); }

std::optional<NpuSubmission> RunQueue::take(const NpuRun& run) {
  const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const NpuSubmission& each) {
    return each.job->contains(run);
  });
  if (found == waiting_.end()) return std::nullopt;
  return take_at(waiting_, found);
}

std::vector<NpuSubmission> RunQueue::take_all() noexcept {
  return std::exchange(waiting_, std::vector<NpuSubmission>());
}

RunQueue::Room RunQueue::make_room(NpuJob::Clock::time_point due, uint64_t last_turn,
                                   std::size_t runs_ahead, std::size_t most_runs) {
  const auto gives_way = [&](const NpuSubmission& each) {
    return each.due <= due && each.last_turn && *each.last_turn > last_turn;
  };
  std::size_t runs = runs_ahead + 1;
  std::size_t surplus = 0;
  for (const NpuSubmission& each : waiting_) {
    if (each.due <= due) runs += each.job->runs();
    if (gives_way(each)) surplus += each.job->runs();
  }
  if (runs > most_runs + surplus) return {};
  Room room{true, {}};
  for (; runs > most_runs; runs -= room.give_way.back().job->runs()) {
    auto latest = waiting_.end();
    for (auto each = waiting_.begin(); each != waiting_.end(); ++each)
      if (gives_way(*each) && (latest == waiting_.end() || *each->last_turn >= *latest->last_turn))
        latest = each;
    room.give_way.push_back(take_at(waiting_, latest));
  }
  return room;
}

}  // namespace npumel
