// SPDX-License-Identifier: LGPL-2.1-or-later
// The NPU as one stream uses it: opened on a thread of its own, verified by a known-answer test,
// then samples in and checked rows out.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "gst/backend/batch_ring.h"
#include "gst/backend/device/context_returns.h"
#include "gst/backend/device/device_outputs.h"
#include "gst/backend/device/long_run.h"
#include "gst/backend/device/npu_context.h"
#include "gst/backend/device/npu_run.h"
#include "gst/backend/device/row_check.h"
#include "gst/backend/device/stop_patience.h"

namespace npumel {

/// Failures of kernel packages that the streams of a process know of, so that one does not repeat
/// what another has just found out. Any thread.
class FailureMemory {
 public:
  /// Throws the failure of this package if it happened less than its retry interval ago.
  void check(const std::string& package, uint64_t now) const;
  void add(const std::string& package, const BackendError& error, uint64_t until);

 private:
  struct Failure {
    BackendError error;
    uint64_t until;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Failure> failures_;
};

/// Devices, contexts and failures of the process, so that all elements share them. Any thread.
class NpuRegistry {
 public:
  /// Wrong numbers after which a package is not used on a device again in this process.
  static constexpr int kMostWrong = 3;

  /// The one of this process.
  static NpuRegistry& process();

  /// Throws BackendError. `device` as in NpuDevice.
  std::shared_ptr<NpuDevice> device(const NpumelXrtApi& api, const std::string& device);

  /// A context that has passed the known-answer test: one per device and package as long as anyone
  /// holds it and it is not broken. One caller at a time opens. When none is free, those that this
  /// process is about to close are waited for: not for a streaming thread. Throws BackendError that
  /// names the package.
  std::shared_ptr<NpuContext> context(const std::shared_ptr<NpuDevice>& device,
                                      const KernelPackage& package, unsigned timeout_ms,
                                      FailureMemory& memory, uint64_t retry_interval);

  /// Kept as long as a stream holds it: who starts anew once all have stopped tests anew.
  std::shared_ptr<FailureMemory> memory();

  const std::shared_ptr<ContextReturns>& returns() const noexcept { return returns_; }
  StopPatience& patience() noexcept { return patience_; }

  /// Counts wrong numbers of a package on a device. How many there have been.
  int count_wrong(const NpuDevice& device, const KernelManifest& manifest);
  int wrong(const NpuDevice& device, const KernelManifest& manifest) const;

 private:
  std::shared_ptr<NpuContext> open_context(const std::shared_ptr<NpuDevice>& device,
                                           const KernelPackage& package, unsigned timeout_ms,
                                           FailureMemory& memory, uint64_t retry_interval);

  const std::shared_ptr<ContextReturns> returns_ = std::make_shared<ContextReturns>();
  StopPatience patience_;
  std::mutex device_mutex_;
  std::map<std::string, std::weak_ptr<NpuDevice>> devices_;
  std::mutex context_mutex_;
  std::map<std::string, std::weak_ptr<NpuContext>> contexts_;
  mutable std::mutex memory_mutex_;
  std::weak_ptr<FailureMemory> memory_;
  std::map<std::string, int> wrong_;
};

/// "kernel package NAME: ", which begins every message about one.
std::string about_package(const KernelManifest& manifest);
/// What is said of a package that is not used again in this process.
std::string retired_text(const KernelManifest& manifest);

/// Lets go of something whose destruction calls the driver: on a thread of its own, which is waited
/// for within StopPatience, or not at all.
void release(std::shared_ptr<void> held, const NpumelXrtApi& api, bool wait = true) noexcept;

/// (frames - 1) * 160 + 400 samples.
std::vector<int16_t> known_answer_samples(int frames);

/// Runs that batch on the device, with buffers of the production sizes and poisoned output, and
/// compares every value. Throws BackendError(failed), permanent when the numbers are wrong. Waits
/// up to `timeout_ms`: not for a streaming thread.
void run_known_answer_test(NpuContext& context, const KernelManifest& manifest,
                           unsigned timeout_ms);

struct EngineRequest {
  Recipe recipe;
  std::string device;
  std::string kernel_path;
  bool allow_v1 = false;
  int slots = 2;        ///< buffers to make, one for each slot of the ring
  int list_slots = 4;   ///< the same where lists are made
  int long_slots = 20;  ///< the same where there are runs of 1000 frames, too
  /// Also make lists of runs, and runs of 1000 frames where there is a package for that: for
  /// streams that bring several batches at once.
  bool lists = false;
  unsigned timeout_ms = 2000;
  uint64_t retry_interval = 5000000000;  ///< ns
  std::shared_ptr<FailureMemory> memory;
  const NpumelXrtApi* api = nullptr;
};

class NpuEngine {
 public:
  /// Opens everything and passes the known-answer test. Takes milliseconds, or the whole timeout:
  /// not for a streaming thread. Throws BackendError.
  NpuEngine(const EngineRequest& request, const std::shared_ptr<StreamSignal>& signal);
  ~NpuEngine();
  NpuEngine(const NpuEngine&) = delete;
  NpuEngine& operator=(const NpuEngine&) = delete;

  const KernelManifest& manifest() const noexcept { return manifest_; }
  /// Self-test status, and which better packages do not serve.
  std::string introduction() const;
  /// Whether there are runs of 1000 frames; why not, if there is a package for them.
  bool has_long_runs() const noexcept { return long_ != nullptr; }
  const std::string& long_refusal() const noexcept { return long_refusal_; }
  std::size_t instruction_bytes() const noexcept { return instruction_bytes_; }
  const NpuDevice& device() const noexcept { return *context_->core()->device; }
  int slots() const noexcept { return static_cast<int>(runs_.size()); }
  const std::shared_ptr<NpuRun>& run(std::size_t slot) const { return runs_.at(slot); }
  /// True when 16-bit samples may be written straight into the run's input buffer.
  bool maps_samples() const noexcept { return manifest_.abi != 1; }

  /// Moves the batch's samples to its run's input. False: float samples beyond full scale, the
  /// batch is not for the NPU.
  bool load(const Batch& batch);
  /// Batches to hand over together, from what one takes: 1 where there are no lists, 10 where runs
  /// of 1000 frames are faster. Asked once before each hand-over.
  int together(unsigned timeout_ms) noexcept;
  /// Starts the first of these loaded batches, together with as many of the others as a list of at
  /// most `depth` runs, or one long run, takes. How many; 0: none, `reason()`. `terms`: a
  /// submission without a job.
  std::size_t start(std::span<Batch* const> loaded, int depth, NpuSubmission terms);
  NpuContext& context() noexcept { return *context_; }
  /// Where this batch is computed.
  NpuContext& context(const Batch& batch) noexcept;
  const KernelManifest& manifest(const Batch& batch) const noexcept;
  /// What a frame takes on the device in runs of 100 and of 1000 frames, ns; 0 = not known.
  uint64_t frame_ns() const noexcept;
  uint64_t long_frame_ns() const noexcept;

  struct Finish {
    bool good = false;
    bool wrong_numbers = false;  ///< the run completed and the rows are wrong: reason()
    double maximum = 0;
  };
  /// Fetches, checks and writes the rows of a batch whose run has completed. Where the batch is
  /// full and its rows are as `log` asks they are not written but handed out in `sent`, unless that
  /// is null or there are lists.
  Finish finish(const Batch& batch, bool full_check, LogType log, const RowSink& out,
                DeviceRows* sent);
  /// Checks the rows of a run that has completed after its batch was given up. False: reason().
  bool check_late(const NpuRun& run, int frames);

  /// All streams that use the batch's context hear of it.
  void fail(const Batch& batch, RunOutcome outcome, const std::string& reason);

  const std::string& reason() const noexcept { return reason_; }

  /// Monotonic, ns.
  struct Times {
    uint64_t transfer = 0;
    uint64_t convert = 0;
  };
  const Times& times() const noexcept { return times_; }

 private:
  /// A kernel for 1000 frames.
  struct Long {
    KernelManifest manifest;
    std::shared_ptr<NpuContext> context;
    std::unique_ptr<RowCheck> check;
    std::vector<std::shared_ptr<LongRun>> runs;  ///< each for ten slots
  };

  void make_runs(int slots, const std::shared_ptr<StreamSignal>& signal);
  void open_long(const EngineRequest& request, const std::shared_ptr<NpuDevice>& device,
                 FailureMemory& memory, const std::shared_ptr<StreamSignal>& signal);
  bool prepare(const NpuRun& run, const KernelManifest& manifest);
  bool fill_long(std::span<Batch* const> batches);
  bool sync(NpumelXrtStatus (*action)(NpumelXrtRun*, NpumelXrtError*), const NpuRun& run);
  const int16_t* contiguous(const Batch& batch);
  bool hand_out(NpuRun& run, DeviceRows& sent) noexcept;

  KernelManifest manifest_;
  std::vector<std::string> refused_;
  std::size_t instruction_bytes_ = 0;
  std::shared_ptr<NpuContext> context_;
  std::vector<std::shared_ptr<NpuRun>> runs_;
  std::shared_ptr<DeviceOutputs> outputs_;  ///< of rows that can be sent as they are
  RunLists lists_;
  std::unique_ptr<Long> long_;
  std::string long_refusal_;
  LongChoice choice_;
  std::unique_ptr<RowCheck> check_;
  std::vector<int16_t> quantized_;  ///< a float batch as the device saw it
  std::vector<float> late_rows_;
  std::string reason_;
  Times times_;
};

/// Opens a device on a thread of its own, since the driver may take its time. Null when that takes
/// longer than `limit`: it then goes on, unused. `scripted` null: the XRT module's table. Throws
/// BackendError.
std::shared_ptr<NpuDevice> open_device(const NpumelXrtApi* scripted, const std::string& device,
                                       std::chrono::milliseconds limit);

/// Opens an engine on a thread of its own.
class EngineOpener {
 public:
  /// Begins at once; `signal` is notified at the end. `request.api` null: the XRT module's.
  EngineOpener(const EngineRequest& request, const std::shared_ptr<StreamSignal>& signal);
  /// Never waits for the device: an opening that is under way ends by itself, unused.
  ~EngineOpener();
  EngineOpener(const EngineOpener&) = delete;
  EngineOpener& operator=(const EngineOpener&) = delete;

  bool done() const;
  /// Waits until it is done, `deadline`, or an interrupt. False: it goes on by itself.
  bool wait(NpuRun::Clock::time_point deadline) const;
  /// Once done. Throws BackendError when opening failed.
  std::unique_ptr<NpuEngine> take();

 private:
  void guard_exit() const;

  struct Shared {
    // Guarded by the signal's mutex.
    bool done = false;
    const NpumelXrtApi* api = nullptr;  ///< once XRT is loaded
    std::unique_ptr<NpuEngine> engine;
    std::optional<BackendError> error;
  };

  std::shared_ptr<StreamSignal> signal_;
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace npumel
