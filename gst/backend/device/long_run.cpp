// SPDX-License-Identifier: LGPL-2.1-or-later
// Reports one run of the device to many batches.
#include "gst/backend/device/long_run.h"

#include <algorithm>
#include <utility>

namespace npumel {

LongRun::LongRun(NpuContext& context, const KernelManifest& manifest,
                 const std::shared_ptr<StreamSignal>& signal,
                 std::vector<std::shared_ptr<NpuRun>> batches)
    : run_(context.make_run(manifest, signal)),
      batches_(std::move(batches)),
      batch_bytes_(manifest.output_bytes() / batches_.size()) {}

std::size_t LongRun::place(const NpuRun& batch) const noexcept {
  const auto found = std::find_if(batches_.begin(), batches_.end(),
                                  [&](const auto& each) { return each.get() == &batch; });
  return static_cast<std::size_t>(found - batches_.begin());
}

const void* LongRun::rows(const NpuRun& batch) const noexcept {
  return static_cast<const char*>(run_->output()) + place(batch) * batch_bytes_;
}

bool LongRun::contains(const NpuRun& run) const noexcept { return place(run) < batches_.size(); }

void LongRun::set_pending() {
  for (const auto& batch : batches_) batch->set_pending();
}

void LongRun::complete(std::size_t count, uint64_t run_ns) {
  if (count == 0) return;
  for (const auto& batch : batches_) batch->complete(1, run_ns / batches_.size());
}

void LongRun::finish(RunOutcome outcome, const std::string& reason) {
  for (const auto& batch : batches_) batch->finish(outcome, reason);
}

}  // namespace npumel
