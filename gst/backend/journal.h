// SPDX-License-Identifier: LGPL-2.1-or-later
// What a stream's backend has to tell: counters, notices, and which backend is active. The part of
// the supervisor that any thread may read.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "gst/backend/monotonic.h"
#include "gst/backend/npu_engine.h"
#include "gst/backend/supervisor.h"

namespace npumel {

class Journal {
 public:
  /// Counters from zero, software active. Notices that nobody has taken yet stay.
  void begin();

  void set_sizes(uint64_t input, uint64_t output);
  void set_instruction_size(uint64_t bytes);
  void set_device(const std::string& name, const std::string& address);
  void set_npu(bool available, const std::string& reason);
  void set_runlist_depth(int depth);
  void count_software(uint64_t ns);
  void count_npu(uint64_t kernel_ns, const NpuEngine::Times& spent);
  void count_loss(bool timed_out, bool wrong_numbers);
  /// Makes `backend` ("software" or "npu") the active one and leaves a notice.
  void change(const char* backend, const std::string& reason, uint64_t batch, bool warn);

  const char* active() const noexcept { return active_.load(std::memory_order_relaxed); }
  SupervisorStats stats() const;
  std::vector<BackendNotice> take_notices();

 private:
  mutable std::mutex mutex_;
  SupervisorStats stats_;
  std::vector<BackendNotice> notices_;
  bool started_ = false;  ///< the first notice has no previous backend
  std::atomic<const char*> active_{"software"};
};

}  // namespace npumel
