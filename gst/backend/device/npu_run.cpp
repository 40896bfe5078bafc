// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs and lists of runs over the XRT module's table.
#include "gst/backend/device/npu_run.h"

#include <algorithm>
#include <utility>

#include "gst/backend/device/device_outputs.h"
#include "gst/backend/device/npu_context.h"
#include "gst/backend/device/xrt_loader.h"

namespace npumel {
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

void NpuRun::belong_to(std::shared_ptr<StreamSignal> signal) noexcept {
  signal_ = std::move(signal);
}

bool NpuRun::swap_output(DeviceOutput& output) noexcept {
  NpumelXrtError error{};
  return core_->api.run_swap_output(handle_, output.handle, &buffers_, &output.rows, &error) ==
         NPUMEL_XRT_OK;
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
  return duration_ns_;
}

NpuRun::Outcome NpuRun::wait(Clock::time_point deadline) const {
  std::unique_lock lock(signal_->mutex);
  signal_->changed.wait_until(lock, deadline,
                              [&] { return outcome_ != Outcome::pending || signal_->interrupted; });
  return outcome_;
}

void NpuRun::set_pending() {
  const std::lock_guard lock(signal_->mutex);
  outcome_ = Outcome::pending;
  duration_ns_ = 0;
}

NpumelXrtStatus NpuRun::start(NpumelXrtError& error) {
  return core_->api.run_start(handle_, &error);
}

NpumelXrtStatus NpuRun::wait(unsigned timeout_ms, std::size_t& completed, NpumelXrtError& error) {
  const NpumelXrtStatus status = core_->api.run_wait(handle_, timeout_ms, &error);
  completed = status == NPUMEL_XRT_OK ? 1 : 0;
  return status;
}

void NpuRun::complete(std::size_t count, uint64_t run_ns) {
  if (count > 0) report(Outcome::completed, "", run_ns);
}

bool NpuRun::ended() const { return core_->api.run_ended(handle_); }

void NpuRun::finish(Outcome outcome, const std::string& reason) { report(outcome, reason, 0); }

void NpuRun::report(Outcome outcome, const std::string& reason, uint64_t run_ns) {
  // Who sees the outcome may give the run to another stream.
  const std::shared_ptr<StreamSignal> signal = signal_;
  {
    const std::lock_guard lock(signal->mutex);
    if (outcome_ != Outcome::pending) return;
    outcome_ = outcome;
    reason_ = reason;
    duration_ns_ = run_ns;
  }
  signal->changed.notify_all();
}

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

bool NpuRunList::contains(const NpuRun& run) const noexcept {
  return std::any_of(runs_.begin(), runs_.end(),
                     [&](const std::shared_ptr<NpuRun>& each) { return each.get() == &run; });
}

void NpuRunList::set_pending() {
  for (const auto& run : runs_) run->set_pending();
}

NpumelXrtStatus NpuRunList::start(NpumelXrtError& error) {
  return api().list_start(handle_, &error);
}

NpumelXrtStatus NpuRunList::wait(unsigned timeout_ms, std::size_t& completed,
                                 NpumelXrtError& error) {
  return api().list_wait(handle_, timeout_ms, &completed, &error);
}

void NpuRunList::complete(std::size_t count, uint64_t run_ns) {
  for (std::size_t i = 0; i < count; i++) runs_.at(i)->complete(1, run_ns);
}

void NpuRunList::finish(RunOutcome outcome, const std::string& reason) {
  for (const auto& run : runs_) run->finish(outcome, reason);
}

bool NpuRunList::ended() const { return api().list_ended(handle_); }

namespace {

constexpr std::size_t length(std::size_t index) { return std::size_t{2} << index; }

// Runs of all streams are served in order: a live stream may find a list before its own batch. This
// is what it grants for computing (processing-latency's default).
constexpr uint64_t kLongestTime = 20000000;
// Of the time after which a list counts as hanging, how much it may take when all is well.
constexpr uint64_t kTimeoutPart = 4;

}  // namespace

RunLists::RunLists(const std::vector<std::shared_ptr<NpuRun>>& runs) {
  for (std::size_t i = 0; i < kLengths; i++)
    for (std::size_t slot = 0; slot + length(i) <= runs.size(); slot += length(i)) {
      const auto first = runs.begin() + static_cast<std::ptrdiff_t>(slot);
      lists_[i].push_back(std::make_shared<NpuRunList>(std::vector<std::shared_ptr<NpuRun>>(
          first, first + static_cast<std::ptrdiff_t>(length(i)))));
    }
}

int RunLists::depth_for(uint64_t run_ns, unsigned timeout_ms) noexcept {
  const uint64_t limit = std::min(kLongestTime, uint64_t{timeout_ms} * 1000000 / kTimeoutPart);
  int depth = kLongest;
  while (depth > 1 && static_cast<uint64_t>(depth) * run_ns > limit) depth /= 2;
  return depth;
}

std::shared_ptr<NpuRunList> RunLists::longest(std::size_t slot, std::size_t& count) const {
  for (std::size_t i = kLengths; i-- > 0;)
    if (length(i) <= count && slot % length(i) == 0 && slot / length(i) < lists_[i].size()) {
      count = length(i);
      return lists_[i][slot / length(i)];
    }
  return nullptr;
}

}  // namespace npumel
