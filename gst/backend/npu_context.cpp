// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/backend/npu_context.h"

#include <utility>

namespace npumel {

NpuContext::NpuContext(const std::shared_ptr<NpuDevice>& device, const KernelPackage& package)
    : core_(std::make_shared<NpuCore>(
          device, NpumelXrtPackage{package.xclbin.data(), package.xclbin.size(),
                                   package.instructions.data(), package.instructions.size()})) {
  core_->api.guard_exit();
  waiter_ = std::thread([core = core_] { serve(core); });
}

NpuContext::~NpuContext() {
  bool idle = false;
  {
    const std::lock_guard lock(core_->mutex);
    core_->stopping = true;
    idle = core_->queue.empty() && core_->parked.empty();
  }
  core_->wake.notify_all();
  if (idle) {
    waiter_.join();
  } else {
    core_->api.guard_exit();
    waiter_.detach();
  }
}

bool NpuContext::start(NpuSubmission submission, std::string& reason) {
  const std::lock_guard order(core_->start_mutex);
  {
    const std::lock_guard lock(core_->mutex);
    if (core_->broken) {
      reason = core_->broken_reason;
      return false;
    }
  }
  submission.job->set_pending();
  submission.started = NpuJob::Clock::now();
  NpumelXrtError error{};
  if (submission.job->start(error) != NPUMEL_XRT_OK) {
    reason = error.text;
    submission.job->finish(RunOutcome::failed, reason);
    core_->break_down(RunOutcome::failed, reason);
    return false;
  }
  {
    const std::lock_guard lock(core_->mutex);
    core_->queue.push_back(std::move(submission));
  }
  core_->wake.notify_one();
  return true;
}

bool NpuContext::broken() const {
  const std::lock_guard lock(core_->mutex);
  return core_->broken;
}

void NpuContext::break_down(RunOutcome outcome, const std::string& reason) {
  core_->break_down(outcome, reason);
}

}  // namespace npumel
