// SPDX-License-Identifier: LGPL-2.1-or-later
// One batch's place on the device: its persistent buffers and its run, and how a stream hears that
// the run is over.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "gst/backend/npu_job.h"

namespace npumel {

struct NpuCore;

/// Where the streaming thread of one element waits, instead of in XRT. Signalled by the thread that
/// does wait in XRT, and by interrupt().
struct StreamSignal {
  std::mutex mutex;
  std::condition_variable changed;
  bool interrupted = false;

  void interrupt();
  void resume();
};

/// The waiter thread reports an expired wait itself; this is for a wait that does not come back.
inline constexpr auto kWaiterGrace = std::chrono::milliseconds(200);

class NpuRun : public NpuJob {
 public:
  using Outcome = RunOutcome;

  /// Takes memory on the device. Throws BackendError.
  NpuRun(std::shared_ptr<NpuCore> core, std::shared_ptr<StreamSignal> signal,
         std::size_t input_bytes, std::size_t output_bytes);
  /// Only when the run is not on the device: NpuContext keeps those that are.
  ~NpuRun() override;

  void* input() const noexcept { return buffers_.input; }
  void* output() const noexcept { return buffers_.output; }
  NpumelXrtRun* handle() const noexcept { return handle_; }
  const std::shared_ptr<NpuCore>& core() const noexcept { return core_; }

  Outcome outcome() const;
  bool pending() const { return outcome() == Outcome::pending; }
  /// Why it failed. After outcome() said so.
  std::string reason() const;
  /// Start to end as seen on the host; of a list, its share.
  uint64_t duration_ns() const;

  /// Waits until the run is over, `deadline` or an interrupt; `pending` in the last two cases.
  Outcome wait(Clock::time_point deadline) const;
  bool interrupted() const;

  std::size_t runs() const noexcept override { return 1; }
  void set_pending() override { set_pending(std::size_t{1}); }
  /// As one of `together` runs of a list.
  void set_pending(std::size_t together);
  NpumelXrtStatus start(NpumelXrtError& error) override;
  NpumelXrtStatus wait(unsigned timeout_ms, std::size_t& completed, NpumelXrtError& error) override;
  void complete(std::size_t count) override;
  /// The first outcome after set_pending() stays.
  void finish(Outcome outcome, const std::string& reason) override;
  bool ended() const override;

 private:
  std::shared_ptr<NpuCore> core_;  ///< outlives the handle
  std::shared_ptr<StreamSignal> signal_;
  NpumelXrtRun* handle_ = nullptr;
  NpumelXrtBuffers buffers_{};
  // Guarded by signal_->mutex.
  Outcome outcome_ = Outcome::none;
  std::string reason_;
  Clock::time_point started_, ended_;
  std::size_t together_ = 1;
};

}  // namespace npumel
