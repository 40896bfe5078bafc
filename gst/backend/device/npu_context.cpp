// SPDX-License-Identifier: LGPL-2.1-or-later
// The context's queue and the thread that waits for its runs.
#include "gst/backend/device/npu_context.h"

#include <algorithm>
#include <utility>

#include "gst/backend/device/xrt_loader.h"

namespace npumel {
namespace {

// The driver gives up a stuck run after 2 to 4 seconds.
constexpr auto kParkedPoll = std::chrono::milliseconds(20);
// More batches in flight than a process's streams have together: reserved, so that queueing
// allocates nothing.
constexpr std::size_t kUsualQueue = 256;

unsigned remaining_ms(NpuJob::Clock::time_point deadline) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - NpuJob::Clock::now());
  return static_cast<unsigned>(std::max<int64_t>(left.count(), 1));
}

}  // namespace

NpuDevice::NpuDevice(const NpumelXrtApi& api, const std::string& device) : api_(api) {
  NpumelXrtError error{};
  check_xrt(api_.device_open(device.c_str(), &handle_, &info_, &error), error);
}

NpuDevice::~NpuDevice() { api_.device_close(handle_); }

NpuCore::NpuCore(std::shared_ptr<NpuDevice> opened, const NpumelXrtPackage& package)
    : device(std::move(opened)), api(device->api()) {
  queue.reserve(kUsualQueue);
  parked.reserve(kUsualQueue);
  NpumelXrtError error{};
  check_xrt(api.context_open(device->handle(), &package, &context, &error), error);
}

std::string no_result_within(unsigned timeout_ms) {
  return "no result within " + std::to_string(timeout_ms) + " ms";
}

NpuCore::~NpuCore() { api.context_close(context); }

void NpuCore::fail(RunOutcome outcome, const std::string& reason) {
  {
    const std::lock_guard lock(mutex);
    if (!broken) {
      broken = true;
      broken_reason = reason;
    }
    for (NpuSubmission& submission : queue) {
      submission.job->finish(outcome, reason);
      parked.push_back(std::move(submission));
    }
    queue.clear();
  }
  wake.notify_all();
}

namespace {

// The smallest of late, so that neither a busy host nor the first run after a rest counts; it may
// rise by a sixteenth each time.
void measure(NpuCore& core, NpuJob::Clock::duration time, std::size_t runs) {
  const auto whole = std::chrono::duration_cast<std::chrono::nanoseconds>(time);
  const uint64_t ns = static_cast<uint64_t>(whole.count()) / runs;
  const uint64_t known = core.run_ns;
  core.run_ns = known == 0 ? ns : std::min(ns, known + known / 16);
}

/// `last_end`: when the submission before ended.
void wait_for(NpuCore& core, const NpuSubmission& oldest, NpuJob::Clock::time_point& last_end) {
  NpumelXrtError error{};
  std::size_t completed = 0;
  const NpumelXrtStatus status = oldest.job->wait(remaining_ms(oldest.deadline), completed, error);
  if (status != NPUMEL_XRT_OK) {
    oldest.job->complete(completed);
    const bool late = status == NPUMEL_XRT_TIMEOUT;
    core.fail(late ? RunOutcome::timed_out : RunOutcome::failed,
              late ? no_result_within(oldest.timeout_ms) : error.text);
    return;
  }
  const auto now = NpuJob::Clock::now();
  measure(core, now - std::max(oldest.started, last_end), oldest.job->runs());
  last_end = now;
  {
    const std::lock_guard lock(core.mutex);
    // Another thread may have given the queue up in the meantime.
    if (!core.queue.empty() && core.queue.front().job == oldest.job)
      core.queue.erase(core.queue.begin());
  }
  oldest.job->complete(oldest.job->runs());
}

std::vector<NpuSubmission> take_ended(NpuCore& core) {
  std::vector<NpuSubmission> ended;
  const auto first =
      std::partition(core.parked.begin(), core.parked.end(),
                     [&](const NpuSubmission& submission) { return !submission.job->ended(); });
  std::move(first, core.parked.end(), std::back_inserter(ended));
  core.parked.erase(first, core.parked.end());
  return ended;
}

}  // namespace

void serve(const std::shared_ptr<NpuCore>& core) {
  NpuJob::Clock::time_point last_end;
  std::unique_lock lock(core->mutex);
  while (true) {
    if (!core->queue.empty()) {
      {
        // May be the last that holds the job's buffers: let go of without the lock.
        const NpuSubmission oldest = core->queue.front();
        lock.unlock();
        wait_for(*core, oldest, last_end);
      }
      lock.lock();
    } else if (!core->parked.empty()) {
      std::vector<NpuSubmission> ended = take_ended(*core);
      lock.unlock();
      ended.clear();
      lock.lock();
      if (!core->parked.empty()) core->wake.wait_for(lock, kParkedPoll);
    } else if (core->stopping) {
      return;
    } else {
      core->wake.wait(
          lock, [&] { return core->stopping || !core->queue.empty() || !core->parked.empty(); });
    }
  }
}

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
    core_->fail(RunOutcome::failed, reason);
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

void NpuContext::fail(RunOutcome outcome, const std::string& reason) {
  core_->fail(outcome, reason);
}

}  // namespace npumel
