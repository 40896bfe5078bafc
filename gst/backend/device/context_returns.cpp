// SPDX-License-Identifier: LGPL-2.1-or-later
// Counts what begins and ends to be closed.
#include "gst/backend/device/context_returns.h"

namespace npumel {

uint64_t ContextReturns::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

bool ContextReturns::wait(uint64_t seen, std::chrono::steady_clock::time_point deadline) const {
  std::unique_lock lock(mutex_);
  if (begun_ == ended_) return ended_ > seen;
  changed_.wait_until(lock, deadline, [&] { return ended_ > seen; });
  return ended_ > seen;
}

void ContextReturns::begin() noexcept {
  const std::lock_guard lock(mutex_);
  begun_++;
}

void ContextReturns::end() noexcept {
  {
    const std::lock_guard lock(mutex_);
    ended_++;
  }
  changed_.notify_all();
}

}  // namespace npumel
