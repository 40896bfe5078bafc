// SPDX-License-Identifier: LGPL-2.1-or-later
// Batches of a backlog as one run of a kernel for 1000 frames: the dispatch is paid once in ten
// seconds of audio.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "gst/backend/device/npu_context.h"
#include "gst/backend/device/npu_run.h"

namespace npumel {

/// A run of the long kernel in place of the runs of consecutive batches, to which it reports.
class LongRun : public NpuJob {
 public:
  /// `batches`: the runs of the slots that it stands for, in order. Takes memory on the device.
  /// Throws BackendError.
  LongRun(NpuContext& context, const KernelManifest& manifest,
          const std::shared_ptr<StreamSignal>& signal,
          std::vector<std::shared_ptr<NpuRun>> batches);

  /// The device's buffers, of all batches.
  NpuRun& run() noexcept { return *run_; }
  const NpuRun& run() const noexcept { return *run_; }
  /// Where the rows of the batch with this run begin.
  const void* rows(const NpuRun& batch) const noexcept;
  /// Whether the rows have been fetched since the last start: the streaming thread's.
  bool fetched = false;

  std::size_t runs() const noexcept override { return 1; }
  bool contains(const NpuRun& run) const noexcept override;
  void set_pending() override;
  NpumelXrtStatus start(NpumelXrtError& error) override { return run_->start(error); }
  NpumelXrtStatus wait(unsigned timeout_ms, std::size_t& completed,
                       NpumelXrtError& error) override {
    return run_->wait(timeout_ms, completed, error);
  }
  void complete(std::size_t count, uint64_t run_ns) override;
  void finish(RunOutcome outcome, const std::string& reason) override;
  bool ended() const override { return run_->ended(); }

 private:
  std::size_t place(const NpuRun& batch) const noexcept;

  std::shared_ptr<NpuRun> run_;
  std::vector<std::shared_ptr<NpuRun>> batches_;
  std::size_t batch_bytes_;  ///< of the rows of one
};

/// When several batches are worth a long run: by the time that a frame takes in either. Not
/// thread-safe.
class LongChoice {
 public:
  /// The first long runs are tried: the known-answer test alone may have met a device at rest.
  static constexpr int kTryFirst = 2;
  /// The way that is not taken is tried once in so many times, since devices change.
  static constexpr int kTryOther = 32;

  /// `short_ns`, `long_ns`: of a frame, 0 = not known. `allowed`: a long run holds nobody else up.
  bool pays(uint64_t short_ns, uint64_t long_ns, bool allowed) noexcept {
    const bool better = allowed && (short_ns == 0 || long_ns <= short_ns);
    asked_++;
    if (asked_ <= kTryFirst) return true;
    return asked_ % kTryOther == 0 ? !better : better;
  }

 private:
  int asked_ = 0;
};

}  // namespace npumel
