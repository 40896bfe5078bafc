// SPDX-License-Identifier: LGPL-2.1-or-later
// What a stream's backend reports: statistics, messages for the application, log lines, and which
// backend is active. The part of the supervisor that any thread may read.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "gst/backend/types.h"

namespace npumel {

class StatsRecorder {
 public:
  /// Must outlive the recorder; nullptr logs nothing. Before anything is recorded.
  void set_logger(BackendLogger* logger) noexcept { logger_ = logger; }
  void log(LogLevel level, const std::string& text) const;

  /// Counters from zero, software active. Notices that nobody has taken yet stay.
  void begin();

  void set_sizes(uint64_t input, uint64_t output);
  void set_instruction_size(uint64_t bytes);
  void set_device(const std::string& name, const std::string& address);
  void set_npu(bool available, const std::string& reason);
  /// How a backlog is handed over, as chosen last: runs of a list, frames of a run, and what a
  /// frame takes in runs of 100 and of 1000, ns.
  void set_hand_over(int depth, int frames, uint64_t frame_ns, uint64_t long_frame_ns);
  void count_software(uint64_t batch, int frames, uint64_t ns);
  void count_npu(uint64_t batch, int frames, uint64_t kernel_ns, uint64_t transfer_ns,
                 uint64_t convert_ns);
  void count_direct();
  void count_late();
  void count_overflow();
  void count_loss(bool timed_out, bool wrong_numbers);
  /// Makes `backend` ("software" or "npu") the active one and leaves a notice.
  void change(const char* backend, const std::string& reason, uint64_t batch, int64_t retry_in,
              bool warn);

  const char* active() const noexcept { return active_.load(std::memory_order_relaxed); }
  BackendStats stats() const;
  std::vector<BackendNotice> take_notices();

 private:
  bool logs(LogLevel level) const noexcept { return logger_ && logger_->enabled(level); }

  BackendLogger* logger_ = nullptr;
  mutable std::mutex mutex_;
  BackendStats stats_;
  std::vector<BackendNotice> notices_;
  std::atomic<bool> noticed_{false};  ///< whether there are any: asked for with every buffer
  bool started_ = false;              ///< the first notice has no previous backend
  std::atomic<const char*> active_{"software"};
};

}  // namespace npumel
