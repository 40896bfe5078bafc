// SPDX-License-Identifier: LGPL-2.1-or-later
// Counters and log of what happened at the driver boundary.
#include "tests/xrt/emulator/report.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace npumel::emu {

uint64_t thread_cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000U + static_cast<uint64_t>(now.tv_nsec);
}

Report::Report() {
  if (const char* path = std::getenv("NPUMEL_EMU_LOG"))
    fd_ = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

Report::~Report() {
  if (fd_ >= 0) close(fd_);
}

void Report::log(const std::string& line) {
  if (fd_ < 0) return;
  // One write() a line: lines of several threads and processes do not mix in an O_APPEND file.
  const std::string text = line + "\n";
  [[maybe_unused]] const ssize_t written = write(fd_, text.data(), text.size());
}

void Report::violation(const std::string& line) {
  log("VIOLATION " + line);
  count([](Counters& c) { ++c.violations; });
}

void Report::reset() {
  const std::lock_guard lock(mutex_);
  const Counters old = counters_;
  counters_ = {};
  counters_.buffers_alive = old.buffers_alive;
  counters_.contexts_alive = old.contexts_alive;
  counters_.calls_now = old.calls_now;
  counters_.blocked_now = old.blocked_now;
  counters_.locked_bytes = old.locked_bytes;
}

}  // namespace npumel::emu
