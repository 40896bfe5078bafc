// SPDX-License-Identifier: LGPL-2.1-or-later
// What a run tells while it goes on: a bar on a terminal, JSON lines elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>

namespace npumel::extract {

/// Any thread.
class Progress {
 public:
  /// Writes to `stream` (standard error): a line that renews itself when it is a terminal,
  /// otherwise a JSON object a line every `interval` seconds and at the end.
  Progress(std::FILE* stream, uint64_t inputs, unsigned interval);

  void skipped(uint64_t inputs);
  void done(uint64_t frames, double seconds);
  void failed(const std::string& name, const std::string& reason);
  /// The last word.
  void finish();

  uint64_t failures() const;

 private:
  using Clock = std::chrono::steady_clock;

  void show(bool last);
  std::string bar() const;
  std::string json(bool last) const;

  std::FILE* stream_;
  const bool terminal_;
  const uint64_t inputs_;
  const std::chrono::seconds interval_;
  const Clock::time_point start_;
  mutable std::mutex mutex_;
  Clock::time_point shown_;
  uint64_t skipped_ = 0, done_ = 0, failed_ = 0, frames_ = 0;
  double seconds_ = 0;
};

}  // namespace npumel::extract
