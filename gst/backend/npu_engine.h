// SPDX-License-Identifier: LGPL-2.1-or-later
// The NPU as one stream sees it: buffers of its own on a shared context, samples in, checked rows
// out. Knows nothing of falling back; see supervisor.h.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gst/backend/batch_ring.h"
#include "gst/backend/npu_context.h"
#include "gst/backend/npu_run.h"
#include "gst/backend/row_check.h"
#include "gst/backend/run_lists.h"

namespace npumel {

struct EngineRequest {
  Recipe recipe;
  std::string device;
  std::string kernel_path;
  bool allow_v1 = false;
  int slots = 2;       ///< buffers to make, one for each slot of the ring
  bool lists = false;  ///< also make lists of runs, for streams that bring several batches at once
  unsigned timeout_ms = 2000;
  const NpumelXrtApi* api = nullptr;
};

class NpuEngine {
 public:
  /// Opens everything and passes the known-answer test. Takes milliseconds, or the whole timeout:
  /// not for a streaming thread. Throws BackendError.
  NpuEngine(const EngineRequest& request, const std::shared_ptr<StreamSignal>& signal);

  const KernelManifest& manifest() const noexcept { return manifest_; }
  /// That it is good, and which better packages are damaged.
  std::string introduction() const;
  std::size_t instruction_bytes() const noexcept { return instruction_bytes_; }
  const NpuDevice& device() const noexcept { return *context_->core()->device; }
  const std::shared_ptr<NpuRun>& run(std::size_t slot) const { return runs_.at(slot); }
  bool broken() const { return context_->broken(); }
  /// True when 16-bit samples may be written straight into the run's input buffer.
  bool maps_samples() const noexcept { return manifest_.abi == 2; }

  enum class Load { loaded, out_of_range, failed };
  /// Moves the batch's samples to its run's buffers. out_of_range: float samples beyond full scale,
  /// the batch is not for the NPU. failed: `reason()`.
  Load load(const Batch& batch);
  /// Batches to hand over together, from what one takes: 1 where there are no lists.
  int list_depth(unsigned timeout_ms) const noexcept;
  /// Starts the first of these loaded batches, together with as many of the others as a list of at
  /// most `depth` runs takes. How many; 0: none, `reason()`.
  std::size_t start(std::span<Batch* const> loaded, int depth, NpuRun::Clock::time_point deadline,
                    unsigned timeout_ms);

  struct Finish {
    bool good = false;
    bool wrong_numbers = false;  ///< the run completed and the rows are wrong: reason()
    double maximum = 0;
  };
  /// Fetches, writes and checks the rows of a batch whose run has completed.
  Finish finish(const Batch& batch, bool full_check, LogType log, const RowSink& out);

  /// All streams that use the context hear of it.
  void give_up(RunOutcome outcome, const std::string& reason);

  const std::string& reason() const noexcept { return reason_; }

  /// Monotonic, ns.
  struct Times {
    uint64_t transfer = 0;
    uint64_t convert = 0;
  };
  const Times& times() const noexcept { return times_; }

 private:
  bool sync(NpumelXrtStatus (*action)(NpumelXrtRun*, NpumelXrtError*), const NpuRun& run);
  const int16_t* contiguous(const Batch& batch);

  KernelManifest manifest_;
  std::vector<std::string> refused_;
  std::size_t instruction_bytes_ = 0;
  std::shared_ptr<NpuContext> context_;
  std::vector<std::shared_ptr<NpuRun>> runs_;
  RunLists lists_;
  std::unique_ptr<RowCheck> check_;
  std::vector<int16_t> quantized_;  ///< a float batch as the device saw it
  std::string reason_;
  Times times_;
};

}  // namespace npumel
