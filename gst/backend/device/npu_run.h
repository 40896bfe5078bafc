// SPDX-License-Identifier: LGPL-2.1-or-later
// What is submitted to the device: a run with its persistent buffers, or a list of runs.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gst/backend/batch_ring.h"
#include "gst/backend/xrt/xrt_api.h"

namespace npumel {

struct NpuCore;
class DeviceOutput;
class NpuRun;

enum class RunOutcome {
  none,
  pending,
  completed,
  failed,
  timed_out,
  withdrawn  ///< taken back before it reached the device
};

/// Must not be destroyed before it has ended: NpuCore parks what its owners let go of too early.
class NpuJob {
 public:
  using Clock = std::chrono::steady_clock;

  NpuJob() = default;
  virtual ~NpuJob() = default;
  NpuJob(const NpuJob&) = delete;
  NpuJob& operator=(const NpuJob&) = delete;

  virtual std::size_t runs() const noexcept = 0;
  virtual bool contains(const NpuRun& run) const noexcept = 0;
  virtual void set_pending() = 0;
  /// The submitting thread's: may block in the driver.
  virtual NpumelXrtStatus start(NpumelXrtError& error) = 0;
  /// The waiting thread's: waits in XRT. Ok only when all runs completed; `completed` of them did,
  /// from the first.
  virtual NpumelXrtStatus wait(unsigned timeout_ms, std::size_t& completed,
                               NpumelXrtError& error) = 0;
  /// Reports the first `count` runs as completed, after `run_ns` each.
  virtual void complete(std::size_t count, uint64_t run_ns) = 0;
  /// Reports those that nothing has been reported of yet.
  virtual void finish(RunOutcome outcome, const std::string& reason) = 0;
  /// True when nothing of it is on the device.
  virtual bool ended() const = 0;
};

/// A job in our queue or on the device.
struct NpuSubmission {
  std::shared_ptr<NpuJob> job;
  NpuJob::Clock::time_point due;  ///< when its results are wanted: the order of the queue
  unsigned timeout_ms = 0;        ///< on the device
  /// Of a live stream, which may have to give way to others: see NpuCore::turns.
  std::optional<uint64_t> last_turn = {};
  NpuJob::Clock::time_point started = {};   ///< before the call of the driver, which may block
  NpuJob::Clock::time_point accepted = {};  ///< after it
};

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

  /// From now on another stream's, which hears of its outcomes. Only when nothing runs.
  void belong_to(std::shared_ptr<StreamSignal> signal) noexcept;

  /// Exchanges memory with `output`, which gets what the device wrote: see run_swap_output(). Only
  /// of a run that has completed. False: nothing has changed.
  bool swap_output(DeviceOutput& output) noexcept;

  Outcome outcome() const;
  bool pending() const { return outcome() == Outcome::pending; }
  /// Why it failed. After outcome() said so.
  std::string reason() const;
  /// On the device, without waiting behind others; of a list, its share.
  uint64_t duration_ns() const;

  /// Waits until the run is over, `deadline` or an interrupt; `pending` in the last two cases.
  Outcome wait(Clock::time_point deadline) const;
  bool interrupted() const { return signal_->is_interrupted(); }

  std::size_t runs() const noexcept override { return 1; }
  bool contains(const NpuRun& run) const noexcept override { return &run == this; }
  void set_pending() override;
  NpumelXrtStatus start(NpumelXrtError& error) override;
  NpumelXrtStatus wait(unsigned timeout_ms, std::size_t& completed, NpumelXrtError& error) override;
  void complete(std::size_t count, uint64_t run_ns) override;
  /// The first outcome after set_pending() stays.
  void finish(Outcome outcome, const std::string& reason) override;
  bool ended() const override;

 private:
  void report(Outcome outcome, const std::string& reason, uint64_t run_ns);

  std::shared_ptr<NpuCore> core_;  ///< outlives the handle
  std::shared_ptr<StreamSignal> signal_;
  NpumelXrtRun* handle_ = nullptr;
  NpumelXrtBuffers buffers_{};
  // Guarded by signal_->mutex.
  Outcome outcome_ = Outcome::none;
  std::string reason_;
  uint64_t duration_ns_ = 0;
};

/// Runs that the device gets in one command: one interrupt, one wake-up for several batches.
class NpuRunList : public NpuJob {
 public:
  /// Takes memory on the device. Throws BackendError.
  explicit NpuRunList(std::vector<std::shared_ptr<NpuRun>> runs);
  ~NpuRunList() override;

  std::size_t runs() const noexcept override { return runs_.size(); }
  bool contains(const NpuRun& run) const noexcept override;
  void set_pending() override;
  NpumelXrtStatus start(NpumelXrtError& error) override;
  NpumelXrtStatus wait(unsigned timeout_ms, std::size_t& completed, NpumelXrtError& error) override;
  void complete(std::size_t count, uint64_t run_ns) override;
  void finish(RunOutcome outcome, const std::string& reason) override;
  bool ended() const override;

 private:
  const NpumelXrtApi& api() const noexcept;

  std::vector<std::shared_ptr<NpuRun>> runs_;  ///< outlive the handle
  NpumelXrtList* handle_ = nullptr;
};

/// Lists of 2 and 4 runs. XRT's lists are fixed once made, so
/// each covers the slots from a multiple of its length on, whose order the ring of batches keeps.
class RunLists {
 public:
  static constexpr int kLongest = 4;

  RunLists() = default;
  /// One run a slot; their number is a multiple of kLongest. Throws BackendError.
  explicit RunLists(const std::vector<std::shared_ptr<NpuRun>>& runs);

  /// How many runs to hand over together when one takes `run_ns`: 1, 2 or 4.
  static int depth_for(uint64_t run_ns, unsigned timeout_ms) noexcept;
  bool empty() const noexcept { return lists_[0].empty(); }
  /// The longest list that begins at a slot and has at most `count` runs, and in `count` how many;
  /// none when that is one.
  std::shared_ptr<NpuRunList> longest(std::size_t slot, std::size_t& count) const;

 private:
  static constexpr std::size_t kLengths = 2;
  std::array<std::vector<std::shared_ptr<NpuRunList>>, kLengths> lists_;  ///< of 2, of 4 runs
};

}  // namespace npumel
