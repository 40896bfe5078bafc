// When to try a device again that has failed.
#pragma once

#include <cstdint>

namespace npumel {

/// Not thread-safe; times in ns of one clock.
class RetryPolicy {
 public:
  static constexpr int kMaxFailures = 3;

  explicit RetryPolicy(uint64_t interval = 0) : interval_(interval) {}

  void failed(uint64_t now) {
    failures_++;
    due_ = now + interval_;
    interval_ *= 2;
  }
  /// How long the next failure will be waited out.
  uint64_t next_wait() const { return interval_; }
  bool gave_up() const { return failures_ >= kMaxFailures; }
  bool due(uint64_t now) const { return failures_ > 0 && !gave_up() && now >= due_; }

 private:
  uint64_t interval_;
  uint64_t due_ = 0;
  int failures_ = 0;
};

}  // namespace npumel
