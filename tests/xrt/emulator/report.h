// SPDX-License-Identifier: LGPL-2.1-or-later
// What happened at the driver boundary: counters for tests in the process, a log for those outside.
#pragma once

#include <mutex>
#include <string>

#include "tests/xrt/emulator/control.h"

namespace npumel::emu {

/// CPU time of the calling thread, ns.
uint64_t thread_cpu_ns();

class Report {
 public:
  /// The log is appended to the file NPUMEL_EMU_LOG names, one line an event; none = no log.
  Report();
  ~Report();
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  bool logging() const { return fd_ >= 0; }
  void log(const std::string& line);
  /// A use of the driver that real hardware would punish silently.
  void violation(const std::string& line);

  /// Runs `change(Counters&)` under the lock.
  template <typename Change>
  void count(Change change) {
    const std::lock_guard lock(mutex_);
    change(counters_);
  }
  Counters counters() const {
    const std::lock_guard lock(mutex_);
    return counters_;
  }
  void reset();

 private:
  mutable std::mutex mutex_;
  Counters counters_{};
  int fd_ = -1;
};

}  // namespace npumel::emu
