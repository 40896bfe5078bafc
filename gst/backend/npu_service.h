// SPDX-License-Identifier: LGPL-2.1-or-later
// The NPU half of the supervisor: finds it, trusts it as long as its rows are right, lets it go on
// the first failure and tries it again later. Says "none" wherever software has to do the batch.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gst/backend/batch_ring.h"
#include "gst/backend/engine_opener.h"
#include "gst/backend/journal.h"
#include "gst/backend/npu_engine.h"
#include "gst/backend/npu_probe.h"
#include "gst/backend/retry_policy.h"
#include "gst/backend/supervisor.h"

namespace npumel {

/// Slots that a stream's ring needs.
int batch_slots(const SupervisorConfig& config);

class NpuService {
 public:
  /// `scripted`: see Supervisor's constructor; nullptr for the real module.
  NpuService(const NpumelXrtApi* scripted, Journal& journal);
  ~NpuService();
  NpuService(const NpuService&) = delete;
  NpuService& operator=(const NpuService&) = delete;

  /// Is there a device? If not, that is the first notice. Throws BackendError only with
  /// BackendChoice::npu.
  void look(BackendChoice choice, const std::string& device);
  /// Opens it for the recipe. True when batches may go to the NPU now or later. Leaves the first
  /// notice unless look() has. Throws BackendError only with BackendChoice::npu.
  bool configure(const SupervisorConfig& config);
  void report_sizes();
  void close() noexcept;

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

  StreamSignal& signal() const noexcept { return *signal_; }

 private:
  EngineRequest request() const;
  void not_used(const BackendError& error);
  bool serves(const Batch& batch) const noexcept;
  void launch() noexcept;
  /// Lets the engine go.
  Result failed(RunOutcome outcome, bool wrong_numbers, const std::string& reason,
                uint64_t first_suspect);

  const NpumelXrtApi* const scripted_;
  Journal& journal_;
  const std::shared_ptr<StreamSignal> signal_ = std::make_shared<StreamSignal>();
  SupervisorConfig config_;
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
