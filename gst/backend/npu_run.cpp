// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/backend/npu_run.h"

#include <utility>

#include "gst/backend/npu_core.h"
#include "gst/backend/xrt_fault.h"

namespace npumel {

void StreamSignal::interrupt() {
  {
    const std::lock_guard lock(mutex);
    interrupted = true;
  }
  changed.notify_all();
}

void StreamSignal::resume() {
  const std::lock_guard lock(mutex);
  interrupted = false;
}

NpuRun::NpuRun(std::shared_ptr<NpuCore> core, std::shared_ptr<StreamSignal> signal,
               std::size_t input_bytes, std::size_t output_bytes)
    : core_(std::move(core)), signal_(std::move(signal)) {
  NpumelXrtError error{};
  check_xrt(
      core_->api.run_make(core_->context, input_bytes, output_bytes, &handle_, &buffers_, &error),
      error, "no buffers on the NPU: ");
}

NpuRun::~NpuRun() {
  // A run that is still on the device would abort the process when destroyed; leaving it behind is
  // the lesser evil. Parking in NpuCore makes this unreachable while the driver keeps its promises.
  static_cast<void>(core_->api.run_destroy(handle_));
}

NpuRun::Outcome NpuRun::outcome() const {
  const std::lock_guard lock(signal_->mutex);
  return outcome_;
}

std::string NpuRun::reason() const {
  const std::lock_guard lock(signal_->mutex);
  return reason_;
}

uint64_t NpuRun::duration_ns() const {
  const std::lock_guard lock(signal_->mutex);
  const auto time = std::chrono::duration_cast<std::chrono::nanoseconds>(ended_ - started_);
  return static_cast<uint64_t>(time.count()) / together_;
}

NpuRun::Outcome NpuRun::wait(Clock::time_point deadline) const {
  std::unique_lock lock(signal_->mutex);
  signal_->changed.wait_until(lock, deadline,
                              [&] { return outcome_ != Outcome::pending || signal_->interrupted; });
  return outcome_;
}

bool NpuRun::interrupted() const {
  const std::lock_guard lock(signal_->mutex);
  return signal_->interrupted;
}

void NpuRun::set_pending(std::size_t together) {
  const std::lock_guard lock(signal_->mutex);
  outcome_ = Outcome::pending;
  started_ = Clock::now();
  together_ = together;
}

NpumelXrtStatus NpuRun::start(NpumelXrtError& error) {
  return core_->api.run_start(handle_, &error);
}

NpumelXrtStatus NpuRun::wait(unsigned timeout_ms, std::size_t& completed, NpumelXrtError& error) {
  const NpumelXrtStatus status = core_->api.run_wait(handle_, timeout_ms, &error);
  completed = status == NPUMEL_XRT_OK ? 1 : 0;
  return status;
}

void NpuRun::complete(std::size_t count) {
  if (count > 0) finish(Outcome::completed, "");
}

bool NpuRun::ended() const { return core_->api.run_ended(handle_); }

void NpuRun::finish(Outcome outcome, const std::string& reason) {
  {
    const std::lock_guard lock(signal_->mutex);
    if (outcome_ != Outcome::pending) return;
    outcome_ = outcome;
    reason_ = reason;
    ended_ = Clock::now();
  }
  signal_->changed.notify_all();
}

}  // namespace npumel
