// SPDX-License-Identifier: LGPL-2.1-or-later
// When the NPU is used: opens it, verifies its rows, disables it on failure and retries with
// back-off.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gst/backend/batch_ring.h"
#include "gst/backend/device/npu_engine.h"
#include "gst/backend/device/npu_probe.h"
#include "gst/backend/stats_recorder.h"
#include "gst/backend/types.h"

namespace npumel {

/// Waits twice as long after each failure, up to 5 minutes, for ever. A device that has then worked
/// for a hundred times the first interval begins anew. Wrong numbers may end the retries: see
/// retire().
///
/// Not thread-safe; times in ns of one clock.
class RetryPolicy {
 public:
  static constexpr uint64_t kLongest = 300000000000;
  static constexpr uint64_t kHealthyIntervals = 100;

  explicit RetryPolicy(uint64_t interval = 0) : first_(interval), interval_(interval) {}

  void failed(uint64_t now) {
    last_ = now;
    due_ = now + interval_;
    wait_ = interval_;
    interval_ = std::max(first_, std::min(2 * interval_, kLongest));
    failing_ = true;
  }
  /// The device has computed a batch.
  void worked(uint64_t now) {
    if (failing_ && now - last_ >= kHealthyIntervals * first_) *this = RetryPolicy(first_);
  }
  /// Nothing is tried again.
  void retire() { retired_ = true; }
  bool retired() const { return retired_; }
  /// How long the last failure is waited out.
  uint64_t wait() const { return wait_; }
  bool due(uint64_t now) const { return failing_ && !retired_ && now >= due_; }

 private:
  uint64_t first_;
  uint64_t interval_;
  uint64_t wait_ = 0;
  uint64_t last_ = 0;
  uint64_t due_ = 0;
  bool failing_ = false;
  bool retired_ = false;
};

/// Slots that a stream's ring needs until lists of runs pay.
int batch_slots(const BackendConfig& config);

class NpuPolicy {
 public:
  /// Batches of live streams in a row that may be late before the NPU is left.
  static constexpr int kMostLate = 8;

  /// `scripted`: see Supervisor's constructor; nullptr for the real module.
  /// `signal` is where the streaming thread waits, and is interrupted.
  NpuPolicy(const NpumelXrtApi* scripted, const std::shared_ptr<StreamSignal>& signal,
            StatsRecorder& stats);
  ~NpuPolicy();
  NpuPolicy(const NpuPolicy&) = delete;
  NpuPolicy& operator=(const NpuPolicy&) = delete;

  /// Looks for a device. That there is none is the first notice. Throws BackendError only with
  /// BackendChoice::npu.
  void look(BackendChoice choice, const std::string& device);
  /// Opens it for the recipe. True when batches may go to the NPU now or later. Leaves the first
  /// notice unless look() has. Throws BackendError only with BackendChoice::npu.
  bool configure(const BackendConfig& config);
  void report_sizes();
  bool in_use() const noexcept { return engine_ != nullptr; }

  /// True once there are buffers for lists: grow() is to be called when nothing is in flight.
  bool may_grow() const noexcept;
  /// Slots that the ring needs from now on; 0 when nothing has changed. Throws std::bad_alloc.
  int grow();

  /// Between batches: takes over an NPU that has been opened in the background, or has one opened
  /// when its time has come. `batch` is the number of the next one.
  void adopt(uint64_t batch) noexcept;
  /// Points the slot's samples into the device's memory where that saves a copy.
  void attach(Batch& batch) noexcept;
  /// Queues a batch if the NPU is to do it, at once or, when `more` will come before a result is
  /// asked for, together with later ones. Never waits, never calls what blocks in the driver.
  void start(Batch& batch, bool more) noexcept;
  /// Forgets batches that were to be started together.
  void discard() noexcept;
  /// Takes a batch back that is still in our queue.
  void withdraw(const Batch& batch) noexcept;
  /// True when finish() would wait.
  bool must_wait(const Batch& batch) const noexcept;

  struct Result {
    enum class State { none, interrupted, good };
    State state = State::none;
    double maximum = 0;
  };
  /// Waits for the batch and writes its rows. Throws BackendError only with BackendChoice::npu.
  Result finish(Batch& batch, const RowSink& out, DeviceRows* sent);

 private:
  enum class Loss { failed, timed_out, wrong_numbers, late };
  /// A run that a live stream no longer waits for.
  struct LateRun {
    std::shared_ptr<NpuRun> run;
    int frames = 0;
    uint64_t number = 0;
  };

  EngineRequest request() const;
  bool live() const noexcept {
    return config_.live_deadline > 0 && config_.choice == BackendChoice::automatic;
  }
  /// Whether software takes a batch before the NPU's timeout.
  bool hurries() const noexcept { return live() && granted_ns() < timeout_ns(); }
  uint64_t timeout_ns() const noexcept { return uint64_t{config_.timeout_ms} * 1000000; }
  /// The instant at which a live stream gives a batch to software, or others stop queueing for it.
  NpuRun::Clock::time_point due() const;
  uint64_t granted_ns() const noexcept;
  void use(std::unique_ptr<NpuEngine> engine, uint64_t batch);
  void not_used(const BackendError& error);
  /// Whether the queue is too long for a live batch, and nobody in it has had more of the device.
  bool overflows();
  bool serves(const Batch& batch) const noexcept;
  void launch() noexcept;
  void prepare_lists() noexcept;
  /// Of a batch that the NPU has not computed in time: late when the device has been at one command
  /// for that long, overflow when it was the queue.
  Result count_late(const Batch& batch);
  void check_late_runs(uint64_t batch);
  /// Lets go of the engine: the NPU is not used until the next retry. `batch`: which showed it.
  Result fail(Loss loss, const Batch& batch, const std::string& reason, uint64_t first_suspect);
  /// Notes the next retry. What happens next, as the end of a sentence.
  std::string back_off();
  int64_t retry_in() const noexcept;

  const NpumelXrtApi* const scripted_;
  StatsRecorder& stats_;
  const std::shared_ptr<StreamSignal> signal_;
  const std::shared_ptr<FailureMemory> memory_;
  BackendConfig config_;
  std::optional<Absence> absence_;
  std::shared_ptr<NpuDevice> device_;  ///< kept open between look() and configure()
  std::unique_ptr<EngineOpener> opener_;
  std::unique_ptr<NpuEngine> engine_;
  /// Lists pay for a stream that brings several batches at once: made in the background then.
  std::unique_ptr<EngineOpener> grower_;
  std::unique_ptr<NpuEngine> outgrown_;
  int several_ = 0;               ///< batches of which more followed at once
  bool lists_ = false;            ///< the ring has slots for lists
  int grown_slots_ = 0;           ///< how many
  int together_ = 1;              ///< how many of those being gathered are to be one command
  std::vector<Batch*> gathered_;  ///< loaded, not started, in order
  std::vector<LateRun> late_runs_;
  uint64_t last_turn_ = 0;  ///< of NpuCore::turns, of a live stream
  RetryPolicy retry_;
  bool has_worked_ = false;              ///< absence is then a loss, and tried again
  std::optional<BackendError> refused_;  ///< why it did not open, for BackendChoice::npu
  std::optional<BackendError> lost_;     ///< why, for BackendChoice::npu
  NpuEngine::Times reported_;
  uint64_t computed_ = 0;       ///< batches since the last full check
  uint64_t first_suspect_ = 0;  ///< first batch that no full check vouches for
};

}  // namespace npumel
