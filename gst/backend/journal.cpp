// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/backend/journal.h"

#include <utility>

namespace npumel {

void Journal::begin() {
  const std::lock_guard lock(mutex_);
  stats_ = {};
  started_ = false;
  active_ = "software";
}

void Journal::set_sizes(uint64_t input, uint64_t output) {
  const std::lock_guard lock(mutex_);
  stats_.input_buffer_size = input;
  stats_.output_buffer_size = output;
}

void Journal::set_instruction_size(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  stats_.instruction_buffer_size = bytes;
}

void Journal::set_device(const std::string& name, const std::string& address) {
  const std::lock_guard lock(mutex_);
  stats_.npu_name = name;
  stats_.npu_address = address;
}

void Journal::set_npu(bool available, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  stats_.npu_available = available;
  stats_.npu_reason = reason;
  stats_.runlist_depth = available ? 1 : 0;
}

void Journal::set_runlist_depth(int depth) {
  const std::lock_guard lock(mutex_);
  stats_.runlist_depth = depth;
}

void Journal::count_software(uint64_t ns) {
  const std::lock_guard lock(mutex_);
  stats_.batches++;
  stats_.software_batches++;
  stats_.software_time += ns;
}

void Journal::count_npu(uint64_t kernel_ns, const NpuEngine::Times& spent) {
  const std::lock_guard lock(mutex_);
  stats_.batches++;
  stats_.npu_batches++;
  stats_.kernel_time += kernel_ns;
  stats_.transfer_time += spent.transfer;
  stats_.convert_time += spent.convert;
}

void Journal::count_loss(bool timed_out, bool wrong_numbers) {
  const std::lock_guard lock(mutex_);
  stats_.fallbacks++;
  if (timed_out) stats_.npu_timeouts++;
  if (wrong_numbers) stats_.verify_failures++;
}

void Journal::change(const char* backend, const std::string& reason, uint64_t batch, bool warn) {
  const std::lock_guard lock(mutex_);
  notices_.push_back(BackendNotice{backend, started_ ? active_.load() : "", reason, batch, warn});
  started_ = true;
  active_ = backend;
}

SupervisorStats Journal::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

std::vector<BackendNotice> Journal::take_notices() {
  const std::lock_guard lock(mutex_);
  return std::exchange(notices_, {});
}

}  // namespace npumel
