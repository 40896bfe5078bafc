// SPDX-License-Identifier: LGPL-2.1-or-later
// Which hardware contexts this process is about to close, for who finds none free.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace npumel {

/// Contexts are closed by threads of their own, because closing may wait for the device. Any
/// thread.
class ContextReturns {
 public:
  /// While one exists, something that may close a context is on its way.
  class Pending {
   public:
    explicit Pending(std::shared_ptr<ContextReturns> returns) noexcept
        : returns_(std::move(returns)) {
      returns_->begin();
    }
    ~Pending() { returns_->end(); }
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;

   private:
    const std::shared_ptr<ContextReturns> returns_;
  };

  /// How many have come to their end so far.
  uint64_t ended() const;
  /// Waits until more than `seen` have. False when none is on its way, or at the deadline.
  bool wait(uint64_t seen, std::chrono::steady_clock::time_point deadline) const;

 private:
  void begin() noexcept;
  void end() noexcept;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  uint64_t begun_ = 0;
  uint64_t ended_ = 0;
};

}  // namespace npumel
