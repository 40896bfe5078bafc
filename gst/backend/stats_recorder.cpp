// SPDX-License-Identifier: LGPL-2.1-or-later
// Counters, messages and log lines behind one lock.
#include "gst/backend/stats_recorder.h"

#include <cstdio>
#include <utility>

namespace npumel {

void StatsRecorder::log(LogLevel level, const std::string& text) const {
  if (logs(level)) logger_->write(level, text.c_str());
}

void StatsRecorder::begin() {
  const std::lock_guard lock(mutex_);
  stats_ = {};
  started_ = false;
  active_ = "software";
}

void StatsRecorder::set_sizes(uint64_t input, uint64_t output) {
  const std::lock_guard lock(mutex_);
  stats_.input_buffer_size = input;
  stats_.output_buffer_size = output;
}

void StatsRecorder::set_instruction_size(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  stats_.instruction_buffer_size = bytes;
}

void StatsRecorder::set_device(const std::string& name, const std::string& address) {
  const std::lock_guard lock(mutex_);
  stats_.npu_name = name;
  stats_.npu_address = address;
}

void StatsRecorder::set_npu(bool available, const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    stats_.npu_available = available;
    stats_.npu_reason = reason;
    stats_.runlist_depth = available ? 1 : 0;
    stats_.run_frames = available ? kBatchFrames : 0;
  }
  // Why it is not available goes into the notice of change(), which is logged once it is taken.
  if (available) log(LogLevel::info, "NPU available");
}

void StatsRecorder::set_hand_over(int depth, int frames, uint64_t frame_ns,
                                  uint64_t long_frame_ns) {
  const std::lock_guard lock(mutex_);
  stats_.runlist_depth = depth;
  stats_.run_frames = frames;
  stats_.frame_ns = frame_ns;
  stats_.long_frame_ns = long_frame_ns;
}

void StatsRecorder::count_software(uint64_t batch, int frames, uint64_t ns) {
  {
    const std::lock_guard lock(mutex_);
    stats_.batches++;
    stats_.software_batches++;
    stats_.software_time += ns;
  }
  if (!logs(LogLevel::log)) return;
  char text[128];
  std::snprintf(text, sizeof text, "batch %ju: software, %d frames, %ju ns", uintmax_t{batch},
                frames, uintmax_t{ns});
  logger_->write(LogLevel::log, text);
}

void StatsRecorder::count_npu(uint64_t batch, int frames, uint64_t kernel_ns, uint64_t transfer_ns,
                              uint64_t convert_ns) {
  {
    const std::lock_guard lock(mutex_);
    stats_.batches++;
    stats_.npu_batches++;
    stats_.kernel_time += kernel_ns;
    stats_.transfer_time += transfer_ns;
    stats_.convert_time += convert_ns;
  }
  if (!logs(LogLevel::log)) return;
  char text[160];
  std::snprintf(text, sizeof text,
                "batch %ju: npu, %d frames, kernel %ju ns, transfer %ju ns, conversion %ju ns",
                uintmax_t{batch}, frames, uintmax_t{kernel_ns}, uintmax_t{transfer_ns},
                uintmax_t{convert_ns});
  logger_->write(LogLevel::log, text);
}

void StatsRecorder::count_direct() {
  const std::lock_guard lock(mutex_);
  stats_.direct_batches++;
}

void StatsRecorder::count_late() {
  const std::lock_guard lock(mutex_);
  stats_.late_batches++;
}

void StatsRecorder::count_overflow() {
  const std::lock_guard lock(mutex_);
  stats_.overflow_batches++;
}

void StatsRecorder::count_loss(bool timed_out, bool wrong_numbers) {
  const std::lock_guard lock(mutex_);
  stats_.fallbacks++;
  if (timed_out) stats_.npu_timeouts++;
  if (wrong_numbers) stats_.verify_failures++;
}

void StatsRecorder::change(const char* backend, const std::string& reason, uint64_t batch,
                           int64_t retry_in, bool warn) {
  const std::lock_guard lock(mutex_);
  notices_.push_back(
      BackendNotice{backend, started_ ? active_.load() : "", reason, batch, retry_in, warn});
  noticed_ = true;
  started_ = true;
  active_ = backend;
}

BackendStats StatsRecorder::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

std::vector<BackendNotice> StatsRecorder::take_notices() {
  if (!noticed_) return {};
  const std::lock_guard lock(mutex_);
  noticed_ = false;
  return std::exchange(notices_, {});
}

}  // namespace npumel
