#include "gst/backend/npu_core.h"

#include <algorithm>
#include <utility>

#include "gst/backend/exit_guard.h"
#include "gst/backend/xrt_fault.h"

namespace npumel {
namespace {

// The driver gives up a stuck run after 2 to 4 seconds.
constexpr auto kParkedPoll = std::chrono::milliseconds(20);
// More batches in flight than a process's streams have together: reserved, so that queueing
// allocates nothing.
constexpr std::size_t kUsualQueue = 256;

unsigned remaining_ms(NpuRun::Clock::time_point deadline) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - NpuRun::Clock::now());
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

NpuCore::~NpuCore() { api.context_close(context); }

void NpuCore::break_down(NpuRun::Outcome outcome, const std::string& reason) {
  {
    const std::lock_guard lock(mutex);
    if (!broken) {
      broken = true;
      broken_reason = reason;
    }
    for (NpuSubmission& submission : queue) {
      submission.run->finish(outcome, reason);
      parked.push_back(std::move(submission));
    }
    queue.clear();
  }
  wake.notify_all();
}

namespace {

void wait_for(NpuCore& core, const NpuSubmission& oldest) {
  NpumelXrtError error{};
  const unsigned limit = remaining_ms(oldest.deadline);
  const NpumelXrtStatus status = core.api.run_wait(oldest.run->handle(), limit, &error);
  if (status != NPUMEL_XRT_OK) {
    const bool late = status == NPUMEL_XRT_TIMEOUT;
    core.break_down(late ? NpuRun::Outcome::timed_out : NpuRun::Outcome::failed, error.text);
    return;
  }
  {
    const std::lock_guard lock(core.mutex);
    // Another thread may have given the queue up in the meantime.
    if (!core.queue.empty() && core.queue.front().run == oldest.run)
      core.queue.erase(core.queue.begin());
  }
  oldest.run->finish(NpuRun::Outcome::completed, "");
}

std::vector<NpuSubmission> take_ended(NpuCore& core) {
  std::vector<NpuSubmission> ended;
  const ExitGuard guard;
  if (guard.exiting()) return ended;
  const auto first =
      std::partition(core.parked.begin(), core.parked.end(), [&](const NpuSubmission& submission) {
        return !core.api.run_ended(submission.run->handle());
      });
  std::move(first, core.parked.end(), std::back_inserter(ended));
  core.parked.erase(first, core.parked.end());
  return ended;
}

}  // namespace

void serve(const std::shared_ptr<NpuCore>& core) {
  std::unique_lock lock(core->mutex);
  while (true) {
    if (!core->queue.empty()) {
      {
        // May be the last that holds the run's buffers: let go of without the lock.
        const NpuSubmission oldest = core->queue.front();
        lock.unlock();
        wait_for(*core, oldest);
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

}  // namespace npumel
