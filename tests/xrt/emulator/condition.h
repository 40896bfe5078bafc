// SPDX-License-Identifier: LGPL-2.1-or-later
// A condition variable that waits as a driver does: a signal whose handler was installed without
// SA_RESTART ends the wait with EINTR, where the driver waits interruptibly.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdint>
#include <ctime>
#include <mutex>

namespace npumel::emu {

class Condition {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr Clock::time_point kForever = Clock::time_point::max();

  /// After a change of what `ready` of wait() looks at, made under the same mutex.
  void notify_all() {
    word_.fetch_add(1);
    syscall(SYS_futex, address(), FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
  }

  /// 0 once `ready()` holds, -ETIME after the deadline, -EINTR after a signal if `interruptible`.
  template <typename Ready>
  int wait(std::unique_lock<std::mutex>& lock, Clock::time_point deadline, bool interruptible,
           Ready ready) {
    while (!ready()) {
      const uint32_t seen = word_.load();
      lock.unlock();
      const int error = sleep(seen, deadline);
      lock.lock();
      if (ready()) break;
      if (error == ETIMEDOUT) return -ETIME;
      if (error == EINTR && interruptible) return -EINTR;
    }
    return 0;
  }

 private:
  uint32_t* address() { return reinterpret_cast<uint32_t*>(&word_); }

  int sleep(uint32_t seen, Clock::time_point deadline) {
    using std::chrono::nanoseconds;
    const auto ns = std::chrono::duration_cast<nanoseconds>(deadline.time_since_epoch()).count();
    timespec until{};
    until.tv_sec = static_cast<time_t>(ns / 1000000000);
    until.tv_nsec = static_cast<long>(ns % 1000000000);
    // With FUTEX_WAIT_BITSET the time is absolute, on the clock that steady_clock reads.
    const long done =
        syscall(SYS_futex, address(), FUTEX_WAIT_BITSET_PRIVATE, seen,
                deadline == kForever ? nullptr : &until, nullptr, FUTEX_BITSET_MATCH_ANY);
    return done == 0 ? 0 : errno;
  }

  std::atomic<uint32_t> word_{0};
};

}  // namespace npumel::emu
