// SPDX-License-Identifier: LGPL-2.1-or-later
// When the NPU is used: opens it, verifies its rows, disables it on failure and retries with
// back-off.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gst/backend/batch_ring.h"
#include "gst/backend/device/npu_engine.h"
#include "gst/backend/device/npu_probe.h"
#include "gst/backend/stats_recorder.h"
#include "gst/backend/supervisor.h"

namespace npumel {

/// Waits twice as long after each failure, and gives up after the third. A device that has then
/// worked for a hundred times the first interval starts with a clean sheet: three suspends in the
/// week of an always-on stream are no reason to retire it, three failures in a row are.
///
/// Not thread-safe; times in ns of one clock.
class RetryPolicy {
 public:
  static constexpr int kMaxFailures = 3;
  static constexpr uint64_t kHealthyIntervals = 100;

  explicit RetryPolicy(uint64_t interval = 0) : first_(interval), interval_(interval) {}

  void failed(uint64_t now) {
    failures_++;
    last_ = now;
    due_ = now + interval_;
    interval_ *= 2;
  }
  /// The device has computed a batch.
  void worked(uint64_t now) {
    if (failures_ > 0 && now - last_ >= kHealthyIntervals * first_) *this = RetryPolicy(first_);
  }
  /// How long the next failure will be waited out.
  uint64_t next_wait() const { return interval_; }
  bool gave_up() const { return failures_ >= kMaxFailures; }
  bool due(uint64_t now) const { return failures_ > 0 && !gave_up() && now >= due_; }

 private:
  uint64_t first_;
  uint64_t interval_;
  uint64_t last_ = 0;
  uint64_t due_ = 0;
  int failures_ = 0;
};

/// Slots that a stream's ring needs.
int batch_slots(const BackendConfig& config);

class NpuPolicy {
 public:
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

  /// Between batches: takes over an NPU that has been opened in the background, or has one opened
  /// when its time has come. `batch` is the number of the next one.
  void adopt(uint64_t batch) noexcept;
  /// Points the slot's samples into the device's memory where that saves a copy.
  void attach(Batch& batch) noexcept;
  /// Starts a batch if the NPU is to do it, at once or, when `more` will come before a result is
  /// asked for, together with later ones. Never waits.
  void start(Batch& batch, bool more) noexcept;
  /// Forgets batches that were to be started together.
  void discard() noexcept;
  /// True when finish() would wait.
  bool must_wait(const Batch& batch) const noexcept;

  struct Result {
    enum class State { none, interrupted, good };
    State state = State::none;
    double maximum = 0;
  };
  /// Waits for the batch and writes its rows. Throws BackendError only with BackendChoice::npu.
  Result finish(Batch& batch, const RowSink& out);

 private:
  EngineRequest request() const;
  void not_used(const BackendError& error);
  bool serves(const Batch& batch) const noexcept;
  void launch() noexcept;
  /// Lets go of the engine: the NPU is not used until the next retry.
  Result fail(RunOutcome outcome, bool wrong_numbers, const std::string& reason,
              uint64_t first_suspect);

  const NpumelXrtApi* const scripted_;
  StatsRecorder& stats_;
  const std::shared_ptr<StreamSignal> signal_;
  BackendConfig config_;
  std::optional<Absence> absence_;
  std::shared_ptr<NpuDevice> device_;  ///< kept open between look() and configure()
  std::unique_ptr<EngineOpener> opener_;
  std::unique_ptr<NpuEngine> engine_;
  std::vector<Batch*> gathered_;  ///< loaded, not started, in order
  RetryPolicy retry_;
  std::optional<BackendError> refused_;  ///< why it did not open, for BackendChoice::npu
  std::optional<BackendError> lost_;     ///< why, for BackendChoice::npu
  NpuEngine::Times reported_;
  uint64_t computed_ = 0;       ///< batches since the last full check
  uint64_t first_suspect_ = 0;  ///< first batch that no full check vouches for
};

}  // namespace npumel
