// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/backend/npu_run_list.h"

#include <utility>

#include "gst/backend/npu_core.h"
#include "gst/backend/xrt_fault.h"

namespace npumel {

NpuRunList::NpuRunList(std::vector<std::shared_ptr<NpuRun>> runs) : runs_(std::move(runs)) {
  std::vector<NpumelXrtRun*> handles;
  handles.reserve(runs_.size());
  for (const auto& run : runs_) handles.push_back(run->handle());
  NpumelXrtError error{};
  check_xrt(api().list_make(runs_.front()->core()->context, handles.data(), handles.size(),
                            &handle_, &error),
            error, "no list of runs on the NPU: ");
}

NpuRunList::~NpuRunList() {
  // As for a run: leaving it behind is the lesser evil.
  static_cast<void>(api().list_destroy(handle_));
}

const NpumelXrtApi& NpuRunList::api() const noexcept { return runs_.front()->core()->api; }

void NpuRunList::set_pending() {
  for (const auto& run : runs_) run->set_pending(runs());
}

NpumelXrtStatus NpuRunList::start(NpumelXrtError& error) {
  return api().list_start(handle_, &error);
}

NpumelXrtStatus NpuRunList::wait(unsigned timeout_ms, std::size_t& completed,
                                 NpumelXrtError& error) {
  return api().list_wait(handle_, timeout_ms, &completed, &error);
}

void NpuRunList::complete(std::size_t count) {
  for (std::size_t i = 0; i < count; i++) runs_.at(i)->complete(1);
}

void NpuRunList::finish(RunOutcome outcome, const std::string& reason) {
  for (const auto& run : runs_) run->finish(outcome, reason);
}

bool NpuRunList::ended() const { return api().list_ended(handle_); }

}  // namespace npumel
