// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether the device is there: it may go for good, as when its driver is unbound, or for a while,
// as in suspend and resume, after which it is back but has forgotten its contexts.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

namespace npumel::emu {

/// Safe from any thread.
class Presence {
 public:
  using Clock = std::chrono::steady_clock;

  void lose() { lose_until(Clock::time_point::max()); }
  void lose_for(std::chrono::milliseconds time) { lose_until(Clock::now() + time); }
  void revive() {
    const std::lock_guard lock(mutex_);
    back_at_ = {};
  }
  bool gone() const { return Clock::now() < back_at(); }
  /// When it is back; the past when it is there.
  Clock::time_point back_at() const {
    const std::lock_guard lock(mutex_);
    return back_at_;
  }
  /// How often it has gone. What was made before the last time is no more.
  uint64_t losses() const {
    const std::lock_guard lock(mutex_);
    return losses_;
  }

 private:
  void lose_until(Clock::time_point time) {
    const std::lock_guard lock(mutex_);
    back_at_ = time;
    ++losses_;
  }

  mutable std::mutex mutex_;
  Clock::time_point back_at_{};
  uint64_t losses_ = 0;
};

}  // namespace npumel::emu
