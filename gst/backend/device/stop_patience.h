// SPDX-License-Identifier: LGPL-2.1-or-later
// How long those who stop elements may wait for the device, all together.
#pragma once

#include <algorithm>
#include <chrono>
#include <mutex>

namespace npumel {

/// An application stops its elements one after the other: what each of them may wait for would add
/// up. Closing takes a millisecond, unless a run of somebody else is stuck or the machine is busy.
/// Any thread.
class StopPatience {
 public:
  using Clock = std::chrono::steady_clock;
  /// In one second.
  static constexpr Clock::duration kAll = std::chrono::milliseconds(10);

  Clock::duration left(Clock::time_point now) {
    const std::lock_guard lock(mutex_);
    if (now - begun_ >= std::chrono::seconds(1)) {
      begun_ = now;
      left_ = kAll;
    }
    return left_;
  }
  void spend(Clock::duration time) {
    const std::lock_guard lock(mutex_);
    left_ -= std::min(left_, time);
  }

 private:
  std::mutex mutex_;
  Clock::time_point begun_{};
  Clock::duration left_ = kAll;
};

}  // namespace npumel
