// SPDX-License-Identifier: LGPL-2.1-or-later
// The context's queue and the threads that submit from it and wait for runs.
#include "gst/backend/device/npu_context.h"

#include <signal.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "gst/backend/device/xrt_loader.h"

namespace npumel {
namespace {

using Clock = NpuJob::Clock;

// How often parked runs are looked at: the driver fails a stuck run after 2 to 60 seconds.
constexpr auto kParkedPoll = std::chrono::milliseconds(20);
// More batches in flight than a process's streams have together: reserved, so that queueing
// allocates nothing.
constexpr std::size_t kUsualQueue = 256;
// Who waits in XRT reports an expired wait itself; this is for a wait that does not come back.
constexpr auto kWaiterGrace = std::chrono::milliseconds(200);

unsigned remaining_ms(Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  return static_cast<unsigned>(std::max<int64_t>(left.count(), 1));
}

uint64_t nanoseconds(Clock::duration time) {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(time).count());
}

// The smallest of late, so that neither a busy host nor the first run after a rest counts; it may
// rise by a sixteenth each time.
void measure(NpuCore& core, uint64_t run_ns) {
  const uint64_t known = core.run_ns;
  core.run_ns = known == 0 ? run_ns : std::min(run_ns, known + known / 16);
}

bool idle(const NpuCore& core) { return !core.submitting && core.on_device.empty(); }

void wait_for(NpuCore& core, const NpuSubmission& oldest) {
  // The device serves them one after another.
  Clock::time_point& last_end = core.last_end;
  const auto begun = std::max(oldest.started, last_end);
  // What had ended before anybody looked took less time than it seems, or, behind another that had,
  // more.
  const bool seen = !oldest.job->ended();
  const bool is_known = oldest.started >= last_end || (seen && core.last_end_seen);
  core.last_end_seen = seen;
  NpumelXrtError error{};
  std::size_t completed = 0;
  const auto deadline =
      std::max(oldest.accepted, last_end) + std::chrono::milliseconds(oldest.timeout_ms);
  const NpumelXrtStatus status = oldest.job->wait(remaining_ms(deadline), completed, error);
  const auto now = Clock::now();
  const uint64_t run_ns = nanoseconds(now - begun) / oldest.job->runs();
  if (status != NPUMEL_XRT_OK) {
    oldest.job->complete(completed, run_ns);
    const bool late = status == NPUMEL_XRT_TIMEOUT;
    core.fail(late ? RunOutcome::timed_out : RunOutcome::failed,
              late ? no_result_within(oldest.timeout_ms) : error.text);
    return;
  }
  if (is_known || core.run_ns == 0) measure(core, run_ns);
  last_end = now;
  {
    const std::lock_guard lock(core.mutex);
    core.progress = now;
    // Another thread may have failed the context in the meantime.
    if (!core.on_device.empty() && core.on_device.front().job == oldest.job)
      core.on_device.erase(core.on_device.begin());
  }
  oldest.job->complete(oldest.job->runs(), run_ns);
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

bool may_submit(const NpuCore& core) {
  return !core.submitting && !core.waiting.empty() && core.on_device.size() < NpuCore::kOnDevice;
}

bool may_wait(const NpuCore& core) {
  return !core.waits && !(core.on_device.empty() && core.parked.empty());
}

bool has_ended(const NpuCore& core) {
  return core.stopping && core.waiting.empty() && idle(core) && core.parked.empty();
}

// Jobs are let go of without the lock: the last to hold a run destroys it, which calls the driver.
void submit_next(NpuCore& core, std::unique_lock<std::mutex>& lock) {
  NpuSubmission next = core.waiting.take_first();
  core.submitting = next.job;
  next.started = Clock::now();
  if (core.on_device.empty()) core.progress = next.started;
  lock.unlock();
  NpumelXrtError error{};
  const bool started = next.job->start(error) == NPUMEL_XRT_OK;
  next.accepted = Clock::now();
  if (!started) {
    next.job->finish(RunOutcome::failed, error.text);
    core.fail(RunOutcome::failed, error.text);
  }
  lock.lock();
  std::shared_ptr<NpuJob> submitted = std::exchange(core.submitting, nullptr);
  if (started) {
    (core.broken ? core.parked : core.on_device).push_back(std::move(next));
    return;
  }
  lock.unlock();
  submitted.reset();
  next = {};
  lock.lock();
}

void wait_for_oldest(NpuCore& core, std::unique_lock<std::mutex>& lock) {
  core.waits = true;
  if (core.on_device.empty()) {
    std::vector<NpuSubmission> ended = take_ended(core);
    lock.unlock();
    ended.clear();
    lock.lock();
    if (!core.parked.empty()) core.changed.wait_for(lock, kParkedPoll);
  } else {
    {
      const NpuSubmission oldest = core.on_device.front();
      lock.unlock();
      wait_for(core, oldest);
    }
    lock.lock();
  }
  core.waits = false;
}

/// What both threads of a context do. One submits at a time, which may block in the driver, and one
/// waits in XRT. A thread goes from one to the other: a batch that comes alone wakes one of them
/// once.
void serve(const std::shared_ptr<NpuCore>& core) {
  std::unique_lock lock(core->mutex);
  while (!has_ended(*core)) {
    if (may_submit(*core)) {
      if (may_wait(*core)) core->changed.notify_one();
      submit_next(*core, lock);
    } else if (may_wait(*core)) {
      wait_for_oldest(*core, lock);
    } else {
      core->changed.wait(lock);
    }
  }
  core->changed.notify_all();
}

}  // namespace

std::thread start_thread(std::function<void()> body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread started(std::move(body));
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return started;
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
}

NpuDevice::NpuDevice(const NpumelXrtApi& api, const std::string& device) : api_(api) {
  NpumelXrtError error{};
  check_xrt(api_.device_open(device.c_str(), &handle_, &info_, &error), error);
}

NpuDevice::~NpuDevice() { api_.device_close(handle_); }

NpuCore::NpuCore(std::shared_ptr<NpuDevice> opened, const NpumelXrtPackage& package)
    : device(std::move(opened)), api(device->api()), waiting(kUsualQueue) {
  on_device.reserve(kOnDevice);
  parked.reserve(kUsualQueue);
  NpumelXrtError error{};
  check_xrt(api.context_open(device->handle(), &package, &context, &error), error);
}

NpuCore::~NpuCore() { api.context_close(context); }

void NpuCore::fail(RunOutcome outcome, const std::string& reason) {
  std::vector<NpuSubmission> unstarted;
  {
    const std::lock_guard lock(mutex);
    if (!broken) {
      broken = true;
      broken_reason = reason;
    }
    unstarted = waiting.take_all();
    for (const NpuSubmission& submission : unstarted) submission.job->finish(outcome, reason);
    if (submitting) submitting->finish(outcome, reason);
    for (NpuSubmission& submission : on_device) {
      submission.job->finish(outcome, reason);
      parked.push_back(std::move(submission));
    }
    on_device.clear();
  }
  changed.notify_all();
}

std::string no_result_within(unsigned timeout_ms) {
  return "no result within " + std::to_string(timeout_ms) + " ms";
}

NpuContext::NpuContext(const std::shared_ptr<NpuDevice>& device, const KernelPackage& package,
                       std::shared_ptr<ContextReturns> returns)
    : core_(std::make_shared<NpuCore>(
          device, NpumelXrtPackage{package.xclbin.data(), package.xclbin.size(),
                                   package.instructions.data(), package.instructions.size(),
                                   package.manifest.format == 2 ? package.elf.data() : nullptr,
                                   package.elf.size(), package.manifest.elf_kernel.c_str()})),
      returns_(std::move(returns)) {
  core_->api.guard_exit();
  threads_[0] = start_thread([core = core_] { serve(core); });
  try {
    threads_[1] = start_thread([core = core_] { serve(core); });
  } catch (...) {
    {
      const std::lock_guard lock(core_->mutex);
      core_->stopping = true;
    }
    core_->changed.notify_all();
    threads_[0].join();
    throw;
  }
}

NpuContext::~NpuContext() {
  std::vector<NpuSubmission> unstarted;
  bool all_ended = false;
  {
    const std::lock_guard lock(core_->mutex);
    core_->stopping = true;
    core_->returning.emplace(returns_);
    unstarted = core_->waiting.take_all();
    for (const NpuSubmission& each : unstarted) each.job->finish(RunOutcome::withdrawn, "");
    all_ended = idle(*core_) && core_->parked.empty();
  }
  core_->changed.notify_all();
  if (!all_ended) core_->api.guard_exit();
  for (std::thread& thread : threads_) all_ended ? thread.join() : thread.detach();
}

bool NpuContext::start(NpuSubmission submission, std::string& reason) {
  {
    const std::lock_guard lock(core_->mutex);
    if (core_->broken) {
      reason = core_->broken_reason;
      return false;
    }
    if (idle(*core_) && core_->waiting.empty()) core_->progress = Clock::now();
    submission.job->set_pending();
    core_->waiting.add(std::move(submission));
  }
  core_->changed.notify_one();
  return true;
}

bool NpuContext::withdraw(const NpuRun& run) {
  std::optional<NpuSubmission> withdrawn;  // let go of without the lock
  const std::lock_guard lock(core_->mutex);
  withdrawn = core_->waiting.take(run);
  if (withdrawn) withdrawn->job->finish(RunOutcome::withdrawn, "");
  return withdrawn.has_value();
}

RunOutcome NpuContext::wait(const NpuRun& run, Clock::time_point due, bool until_due,
                            unsigned timeout_ms) {
  const auto limit = std::chrono::milliseconds(timeout_ms) + kWaiterGrace;
  bool after_due = false;
  while (true) {
    Clock::time_point stuck;
    {
      const std::lock_guard lock(core_->mutex);
      stuck = core_->progress + limit;
    }
    const RunOutcome outcome = run.wait(after_due ? stuck : std::min(due, stuck));
    if (outcome != RunOutcome::pending || run.interrupted()) return outcome;
    const auto now = Clock::now();
    if (!after_due && now >= due) {
      after_due = true;
      if (withdraw(run)) return RunOutcome::withdrawn;
      if (until_due) return RunOutcome::pending;
    }
    bool is_stuck = false;
    {
      const std::lock_guard lock(core_->mutex);
      is_stuck = now >= core_->progress + limit;
    }
    if (is_stuck) core_->fail(RunOutcome::timed_out, no_result_within(timeout_ms));
  }
}

uint64_t NpuContext::busy_ns() const {
  const std::lock_guard lock(core_->mutex);
  if (idle(*core_)) return 0;
  const auto begun = core_->on_device.empty()
                         ? core_->progress
                         : std::max(core_->on_device.front().started, core_->progress);
  return nanoseconds(Clock::now() - begun);
}

bool NpuContext::make_room(Clock::time_point due, uint64_t granted_ns, uint64_t last_turn) {
  const uint64_t run_ns = std::max<uint64_t>(core_->run_ns, 1);
  RunQueue::Room room;  // lets go of what it holds without the lock
  const std::lock_guard lock(core_->mutex);
  std::size_t ahead = core_->submitting ? core_->submitting->runs() : 0;
  for (const NpuSubmission& each : core_->on_device) ahead += each.job->runs();
  room = core_->waiting.make_room(due, last_turn, ahead, granted_ns / run_ns);
  for (const NpuSubmission& each : room.give_way) each.job->finish(RunOutcome::withdrawn, "");
  return room.found;
}

void NpuContext::keep(std::shared_ptr<NpuRun> run) {
  const std::lock_guard lock(core_->mutex);
  kept_ = std::move(run);
}

std::shared_ptr<NpuRun> NpuContext::make_run(const KernelManifest& manifest,
                                             const std::shared_ptr<StreamSignal>& signal) {
  std::shared_ptr<NpuRun> run;
  {
    const std::lock_guard lock(core_->mutex);
    run = std::exchange(kept_, nullptr);
  }
  if (!run)
    return std::make_shared<NpuRun>(core_, signal, manifest.input_bytes(), manifest.output_bytes());
  run->belong_to(signal);
  return run;
}

bool NpuContext::broken() const {
  const std::lock_guard lock(core_->mutex);
  return core_->broken;
}

void NpuContext::fail(RunOutcome outcome, const std::string& reason) {
  core_->fail(outcome, reason);
}

}  // namespace npumel
