#include "gst/backend/npu_context.h"

#include "gst/backend/exit_guard.h"

namespace npumel {

NpuContext::NpuContext(const std::shared_ptr<NpuDevice>& device, const KernelPackage& package)
    : core_(std::make_shared<NpuCore>(
          device, NpumelXrtPackage{package.xclbin.data(), package.xclbin.size(),
                                   package.instructions.data(), package.instructions.size()})) {
  watch_process_exit();
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
  if (idle)
    waiter_.join();
  else
    waiter_.detach();
}

bool NpuContext::start(const NpuSubmission& submission, std::string& reason) {
  const std::lock_guard order(core_->start_mutex);
  {
    const std::lock_guard lock(core_->mutex);
    if (core_->broken) {
      reason = core_->broken_reason;
      return false;
    }
  }
  submission.run->set_pending();
  NpumelXrtError error{};
  const NpumelXrtStatus status = core_->api.run_start(submission.run->handle(), &error);
  if (status != NPUMEL_XRT_OK) {
    reason = error.text;
    submission.run->finish(NpuRun::Outcome::failed, reason);
    core_->break_down(NpuRun::Outcome::failed, reason);
    return false;
  }
  {
    const std::lock_guard lock(core_->mutex);
    core_->queue.push_back(submission);
  }
  core_->wake.notify_one();
  return true;
}

bool NpuContext::broken() const {
  const std::lock_guard lock(core_->mutex);
  return core_->broken;
}

void NpuContext::break_down(NpuRun::Outcome outcome, const std::string& reason) {
  core_->break_down(outcome, reason);
}

}  // namespace npumel
