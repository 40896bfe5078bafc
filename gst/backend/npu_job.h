// SPDX-License-Identifier: LGPL-2.1-or-later
// What the device gets in one submission: one run, or several as a list.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "gst/backend/xrt_api.h"

namespace npumel {

enum class RunOutcome { none, pending, completed, failed, timed_out };

/// Must not be destroyed before it has ended: NpuCore parks what its owners let go of too early.
class NpuJob {
 public:
  using Clock = std::chrono::steady_clock;

  NpuJob() = default;
  virtual ~NpuJob() = default;
  NpuJob(const NpuJob&) = delete;
  NpuJob& operator=(const NpuJob&) = delete;

  virtual std::size_t runs() const noexcept = 0;
  virtual void set_pending() = 0;
  virtual NpumelXrtStatus start(NpumelXrtError& error) = 0;
  /// The waiter thread's: waits in XRT. Ok only when all runs completed; `completed` of them did,
  /// from the first.
  virtual NpumelXrtStatus wait(unsigned timeout_ms, std::size_t& completed,
                               NpumelXrtError& error) = 0;
  /// Reports the first `count` runs as completed.
  virtual void complete(std::size_t count) = 0;
  /// Reports those that nothing has been reported of yet.
  virtual void finish(RunOutcome outcome, const std::string& reason) = 0;
  /// True when nothing of it is on the device.
  virtual bool ended() const = 0;
};

/// A job on the device.
struct NpuSubmission {
  std::shared_ptr<NpuJob> job;
  NpuJob::Clock::time_point deadline;
  unsigned timeout_ms = 0;  ///< what the deadline was when it was set
  NpuJob::Clock::time_point started = {};
};

}  // namespace npumel
