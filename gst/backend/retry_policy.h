// SPDX-License-Identifier: LGPL-2.1-or-later
// When to try a device again that has failed.
#pragma once

#include <cstdint>

namespace npumel {

/// Waits twice as long after each failure, and gives up after the third. A device that has then
/// worked for a hundred times the first interval starts with a clean sheet: three suspends in the
/// week of an always-on stream are no reason to retire it, three failures in a row are.
///
/// Not thread-safe; times in ns of one clock.
class RetryPolicy {
 public:
  static constexpr int kMaxFailures = 3;
  static constexpr uint64_t kHealthyIntervals = 100;

  explicit RetryPolicy(uint64_t interval = 0) : first_(interval), interval_(interval) {}

  void failed(uint64_t now) {
    failures_++;
    last_ = now;
    due_ = now + interval_;
    interval_ *= 2;
  }
  /// The device has computed a batch.
  void worked(uint64_t now) {
    if (failures_ > 0 && now - last_ >= kHealthyIntervals * first_) *this = RetryPolicy(first_);
  }
  /// How long the next failure will be waited out.
  uint64_t next_wait() const { return interval_; }
  bool gave_up() const { return failures_ >= kMaxFailures; }
  bool due(uint64_t now) const { return failures_ > 0 && !gave_up() && now >= due_; }

 private:
  uint64_t first_;
  uint64_t interval_;
  uint64_t last_ = 0;
  uint64_t due_ = 0;
  int failures_ = 0;
};

}  // namespace npumel
